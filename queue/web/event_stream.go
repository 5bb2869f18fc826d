package web

import (
	"net/http"
	"time"

	"librarian/bots"
	"librarian/queue"
)

// heartbeat keeps proxies from closing a quiet stream, and finds out whether the session still stands.
const heartbeat = 20 * time.Second

// followQueue streams "queue" whenever a task of the library has changed.
func followQueue(v *visit) error {
	if v.lib.ID == 0 {
		return errMissing
	}
	return v.stream(nil)
}

// stream sends the names of what has changed and nothing else; the page fetches what it shows. chat is ready when a conversation has changed.
func (v *visit) stream(chat <-chan struct{}) error {
	tasks, end := v.Signals.Subscribe(bots.Signal{Topic: bots.TopicQueue, Library: v.lib.ID})
	defer end()
	var channels <-chan struct{}
	if v.may(queue.PermChannels) {
		changed, endOfChannels := v.Signals.Subscribe(bots.Signal{Topic: bots.TopicChannels, Library: v.lib.ID})
		defer endOfChannels()
		channels = changed
	}
	out := http.NewResponseController(v.w)
	if err := out.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no") // nginx would hold it back
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for line := "retry: 2000\n\n"; ; {
		if _, err := v.w.Write([]byte(line)); err != nil {
			return nil // the browser has gone
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		select {
		case <-v.ctx().Done():
			return nil
		case <-tasks:
			line = "event: queue\ndata: changed\n\n"
		case <-channels:
			line = "event: channels\ndata: changed\n\n"
		case <-chat:
			line = "event: chat\ndata: changed\n\n"
		case <-beat.C:
			if !v.stillIn() {
				return nil
			}
			line = ": still here\n\n"
		}
	}
}

// stillIn is false when the session has ended, so that a stream does not outlive it.
func (v *visit) stillIn() bool {
	cookie, err := v.r.Cookie(cookieSession)
	if err != nil {
		return false
	}
	session, err := v.Desk.PeekSession(v.ctx(), cookie.Value)
	return err == nil && session.State == queue.SessionFull
}
