package runner_test

import (
	"context"
	"testing"
	"time"

	"librarian/bots"
)

// TestBeginningIsSignalled: a page that was open before the first message learns of its conversation at once, not at the next heartbeat.
func TestBeginningIsSignalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	signals := bots.NewSignals(w.pool)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- signals.Run(ctx) }()
	wake, stop := signals.Subscribe(bots.Signal{Topic: bots.TopicEvents, Library: w.lib})
	w.say(i, "anna", "меню") // the listener is at work once this has come
	w.await("a first sign", func() bool {
		select {
		case <-wake:
			return true
		default:
			if err := i.Receive(t.Context(), w.message("warm-"+time.Now().String(), "1", "меню")); err != nil {
				t.Error(err)
			}
			return false
		}
	})
	for len(wake) > 0 {
		<-wake
	}
	w.say(i, "pyotr", "меню")
	select {
	case <-wake:
	case <-time.After(5 * time.Second):
		t.Error("nobody was told that a conversation began")
	}
	stop()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
