package runner_test

import (
	"testing"
	"time"

	"librarian/bots"
)

func TestFileIsFetchedByWhoeverHoldsItsChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere, holder := newChannel(bots.WebChat), newChannel(bots.WebChat)
	elsewhere.fetch = func(bots.InboundFile, int) (bots.Download, error) { return bots.Download{}, bots.ErrElsewhere }
	process := func(c *channel) *instance {
		w.registry = bots.NewRegistry()
		w.registry.Set(w.chat, c)
		w.registry.Set(w.mail, w.post)
		return w.start()
	}
	a := process(elsewhere)
	w.say(a, "anna", "меню")
	w.receive(a, w.photo("anna", "p1", ""))
	given := func(since time.Time) bool {
		return w.count(`select count(*) from events where state = 'waiting' and fetches = 0 and fetch_at = $1`, since.Add(2*time.Second)) == 1
	}
	w.await("it is given back", func() bool { return given(noon) })
	// However often it is looked at here, it is no try.
	for n := range 20 {
		w.pass(2 * time.Second)
		now := w.Now()
		w.await("it is given back again", func() bool { return given(now) })
		if tried := elsewhere.tried("p1"); tried != n+2 {
			t.Fatalf("looked at %d times, want %d", tried, n+2)
		}
	}
	b := process(holder)
	w.await("the holder has it", func() bool {
		w.pass(2 * time.Second) // the other may be quicker once more
		return holder.tried("p1") == 1
	})
	w.inspected("anna", 1)
	w.pass(time.Minute)
	w.settle("anna")
	if n := w.count(`select fetches from events where json_array_length(body -> 'files') > 0`); n != 1 {
		t.Errorf("counted as %d tries", n)
	}
	a.stop()
	b.stop()
}
