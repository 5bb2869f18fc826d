package runner_test

import (
	"errors"
	"testing"
	"time"

	"librarian/bots"
)

// By what a file was fetched may be its key: it is kept as long as it is needed, and no longer.
func TestReferenceIsDroppedWithTheFetching(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	left := func() int { return w.count(`select count(*) from events where body::text ~ '"ref": ?"planted'`) }
	w.web.fetch = func(f bots.InboundFile, try int) (bots.Download, error) {
		switch {
		case f.Ref == "planted-gone":
			return bots.Download{}, bots.ErrGone
		case try == 1:
			return bots.Download{}, errors.New("503")
		}
		return text("слова"), nil
	}
	w.receive(i, w.photo("anna", "planted-here", ""))
	w.await("the first try", func() bool {
		return w.count(`select count(*) from events where state = 'waiting' and fetches = 1 and fetch_at < $1`, w.Now().Add(time.Minute)) == 1
	})
	if left() != 1 {
		t.Error("what is still to be fetched has lost its reference")
	}
	w.receive(i, w.photo("anna", "planted-gone", ""))
	w.pass(time.Minute)
	w.inspected("anna", 2)
	w.await("no reference", func() bool { return left() == 0 })
}
