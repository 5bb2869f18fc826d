package webchat

import (
	"errors"
	"net/http"

	"librarian/bots"
)

// messagePost takes one message of a reader. It is answered only once the message is kept; until then the page repeats it under the same id.
func (c *Chat) messagePost(w http.ResponseWriter, r *http.Request) {
	if err := c.origins.Check(r); err != nil {
		refuse(w, http.StatusForbidden, codeOrigin)
		return
	}
	t, ok := c.tenant(w, r)
	if !ok || !c.admit(w, r) {
		return
	}
	external := c.session(w, r, t)
	if !c.allow(w, r, t, external) {
		return
	}
	up := &upload{
		store: c.Store,
		body:  &arriving{ReadCloser: http.MaxBytesReader(w, r.Body, c.Limits.Body), conn: http.NewResponseController(w), now: c.Now},
		in:    bots.Inbound{Library: t.ID, Channel: t.channel, Sender: external, At: c.Now(), Locale: preferred(r, t.Library)},
	}
	if err := up.read(r.Context(), r); err != nil {
		c.refuseUpload(w, r, err)
		return
	}
	if err := c.Receive.Try(r.Context(), up.in); err != nil {
		c.failed(r, "receive message", err)
		unavailable(w)
		return
	}
	answer(w, http.StatusOK, receipt{Stored: true, Cut: up.cut, Refused: up.in.Refused})
}

// admit counts the request of its network, or answers 429 and gives false.
func (c *Chat) admit(w http.ResponseWriter, r *http.Request) bool {
	wait := c.gate.request(c.Limits.Proxies.Client(r))
	if wait > 0 {
		tooFast(w, wait)
	}
	return wait <= 0
}

// allow refuses a message by its length and by what its session has sent before.
func (c *Chat) allow(w http.ResponseWriter, r *http.Request, t tenant, external string) bool {
	if r.ContentLength < 0 {
		refuse(w, http.StatusLengthRequired, codeBad)
		return false
	}
	if r.ContentLength > c.Limits.Body {
		refuse(w, http.StatusRequestEntityTooLarge, codeLarge)
		return false
	}
	wait, err := c.gate.message(c.Limits.Proxies.Client(r), external, r.ContentLength, func() (bool, error) {
		_, found, err := c.Conversation(r.Context(), t.ID, t.channel, external)
		return found, err
	})
	if err != nil {
		c.failed(r, "find conversation", err)
		unavailable(w)
		return false
	}
	if wait > 0 {
		tooFast(w, wait)
		return false
	}
	return true
}

func (c *Chat) refuseUpload(w http.ResponseWriter, r *http.Request, err error) {
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		refuse(w, http.StatusRequestEntityTooLarge, codeLarge)
	case errors.Is(err, errEmpty):
		refuse(w, http.StatusBadRequest, codeEmpty)
	case errors.Is(err, errBad):
		refuse(w, http.StatusBadRequest, codeBad)
	default:
		c.failed(r, "store upload", err)
		unavailable(w)
	}
}
