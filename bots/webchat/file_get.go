package webchat

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"librarian/bots/files"
)

// fileGet gives a file to the session in whose conversation it stands. To everybody else it does not exist.
func (c *Chat) fileGet(w http.ResponseWriter, r *http.Request) {
	t, ok := c.tenant(w, r)
	if !ok || !c.admit(w, r) {
		return
	}
	conv, ok := c.conversation(w, r, t)
	if !ok {
		return
	}
	id := files.ID(r.PathValue("id"))
	owns, err := c.Owns(r.Context(), t.ID, conv, id)
	if err != nil {
		c.failed(r, "find owner of file", err)
		unavailable(w)
		return
	}
	if !owns {
		http.NotFound(w, r)
		return
	}
	body, f, err := c.Store.Open(r.Context(), t.ID, id)
	if errors.Is(err, files.ErrNotFound) || errors.Is(err, files.ErrPurged) || errors.Is(err, files.ErrInfected) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		c.failed(r, "open file", err)
		unavailable(w)
		return
	}
	c.send(w, r, body, f)
}

func (c *Chat) send(w http.ResponseWriter, r *http.Request, body io.ReadCloser, f files.File) {
	fileHeaders(w.Header(), f)
	_, err := io.Copy(w, body)
	if err = errors.Join(err, body.Close()); err != nil {
		c.failed(r, "send file", err)
		panic(http.ErrAbortHandler) // the browser must not take half a file for a whole one
	}
}

// fileHeaders let a browser show pictures and save all else. Nothing is left behind on a computer that people share.
func fileHeaders(h http.Header, f files.File) {
	shown := "attachment"
	h.Set("Content-Type", "application/octet-stream")
	switch f.MediaType {
	case "image/jpeg", "image/png", "image/webp":
		shown = "inline"
		h.Set("Content-Type", f.MediaType)
	case "application/pdf":
		h.Set("Content-Type", f.MediaType)
	}
	if f.Name == "" {
		h.Set("Content-Disposition", shown)
	} else {
		h.Set("Content-Disposition", mime.FormatMediaType(shown, map[string]string{"filename": f.Name}))
	}
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
}
