package webchat

import (
	"encoding/json"
	"net/http"
)

// seenPost takes note that the reader has been shown the outgoing messages up to a number.
func (c *Chat) seenPost(w http.ResponseWriter, r *http.Request) {
	if err := c.origins.Check(r); err != nil {
		refuse(w, http.StatusForbidden, codeOrigin)
		return
	}
	t, ok := c.tenant(w, r)
	if !ok || !c.admit(w, r) {
		return
	}
	var seen struct {
		Out int `json:"out"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&seen); err != nil || seen.Out < 1 {
		refuse(w, http.StatusBadRequest, codeBad)
		return
	}
	conv, ok := c.conversation(w, r, t)
	if !ok {
		return
	}
	if err := c.Confirm(r.Context(), t.ID, conv, seen.Out); err != nil {
		c.failed(r, "confirm messages", err)
		unavailable(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
