package pickup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"librarian/queue/fragments"
)

const (
	patience   = time.Minute      // for a reader's side that takes nothing
	settleTime = 10 * time.Second // to note what came of a download
	chunk      = 256 << 10        // bytes written at a time
)

// filePost downloads. A view is taken before the first byte, so that of many at once no more begin than are left; what breaks off gives it back, so that a bad
// line costs the reader nothing. A program that dies meanwhile does not: then one view is lost, and a new link is a tap away.
func (c *Counter) filePost(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	p, err := c.find(r.Context(), token)
	switch {
	case errors.Is(err, fragments.ErrNotFound):
		c.showUnknown(w, r)
		return
	case err != nil:
		c.failed(r, "find link", err)
		c.showFailure(w, r)
		return
	case p.File == "":
		c.showOver(w, r, p)
		return
	}
	err = fragments.TakeView(r.Context(), c.Pool, token, c.Now())
	if errors.Is(err, fragments.ErrNoView) {
		p.Used = p.Views // another was quicker, if it was not over before
		c.showOver(w, r, p)
		return
	}
	if err != nil {
		c.failed(r, "take a view", err)
		c.showFailure(w, r)
		return
	}
	begun, err := c.send(w, r, p)
	c.settle(r, token, p, err)
	switch {
	case err == nil:
	case begun:
		c.failed(r, "send file", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	default:
		c.failed(r, "open file", err)
		c.showFailure(w, r)
	}
}

// settle notes a whole download, or gives the view of a broken one back; also when the reader has gone.
func (c *Counter) settle(r *http.Request, token string, p parcel, broken error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), settleTime)
	defer cancel()
	var err error
	if broken != nil {
		err = fragments.ReturnView(ctx, c.Pool, token)
	} else {
		err = fragments.Fetched(ctx, c.Pool, p.Link, c.Now())
	}
	if err != nil {
		c.Log.ErrorContext(ctx, "pick-up: what came of a download is not noted", "order", p.Order, "error", err)
	}
}

// send writes the file whole; begun reports whether an answer is under way.
func (c *Counter) send(w http.ResponseWriter, r *http.Request, p parcel) (begun bool, err error) {
	body, f, err := c.Open(r.Context(), p.Library, p.File)
	if err != nil {
		return false, err
	}
	defer func() { _ = body.Close() }() // only read
	h := w.Header()
	c.guard(h)
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Accel-Buffering", "no") // what a proxy holds for the reader would look as if they had it
	conn := http.NewResponseController(w)
	for {
		_ = conn.SetWriteDeadline(c.Now().Add(patience)) // not every server can: then its own timeouts hold
		_, err := io.CopyN(w, body, chunk)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return true, fmt.Errorf("file %s: %w", p.File, err)
		}
	}
	if err := conn.Flush(); err != nil {
		return true, fmt.Errorf("file %s: %w", p.File, err)
	}
	return true, nil
}
