package webchat

import (
	"context"
	"net/http"
	"time"

	"librarian/bots"
)

// eventsGet is the stream by which the page learns what is said: all after the place it names, then whatever comes.
func (c *Chat) eventsGet(w http.ResponseWriter, r *http.Request) {
	t, ok := c.tenant(w, r)
	if !ok || !c.admit(w, r) {
		return
	}
	external := c.session(w, r, t)
	leave, ok := c.gate.stream(c.Limits.Proxies.Client(r), external)
	if !ok {
		tooFast(w, 10*time.Second)
		return
	}
	defer leave()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() { // ends with the handler
		select {
		case <-c.Done:
			cancel()
		case <-ctx.Done():
		}
	}()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no") // nginx would keep the events to itself
	s := &stream{chat: c, tenant: t, external: external, after: after(r), w: w, conn: http.NewResponseController(w)}
	if err := s.run(ctx); err != nil && ctx.Err() == nil {
		c.failed(r, "stream", err)
	}
}

// after is the place up to which the page has everything.
func after(r *http.Request) bots.Cursor {
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		return bots.ParseCursor(last)
	}
	return bots.ParseCursor(r.URL.Query().Get("after"))
}
