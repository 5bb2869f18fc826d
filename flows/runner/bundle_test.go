package runner_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"librarian/bots"
	"librarian/templates"
)

// photo is a message with one file that the channel still has.
func (w *world) photo(sender, id, album string) bots.Inbound {
	in := w.message(sender, id, "")
	in.Album = album
	in.Files = []bots.InboundFile{{Ref: id, Name: id + ".txt"}}
	return in
}

// inputs are the numbers of the events that each turn of the sender took, in the order of the answers.
func (w *world) inputs(sender string) (out [][]string) {
	w.Helper()
	taken := w.strings(`select string_agg(substr(external_id, 3), ' ' order by seq) from events
where conversation_id = $1 and state = 'done' group by done_at, turn::text order by done_at, min(seq)`, w.conv(sender))
	for _, t := range taken {
		out = append(out, []string{t})
	}
	return out
}

// inspected waits until so many files of the sender are here and looked at.
func (w *world) inspected(sender string, n int) {
	w.Helper()
	w.await(fmt.Sprintf("%d files are looked at", n), func() bool {
		return w.count(`select count(*) from events where conversation_id = $1 and json_array_length(body -> 'files') > 0 and state <> 'waiting'`, w.conv(sender)) == n
	})
}

func (w *world) unanswered(sender string) int {
	w.Helper()
	return w.count(`select count(*) from events where conversation_id = $1 and state in ('waiting', 'ready')`, w.conv(sender))
}

// still checks that the worker, having looked, has left the events alone.
func (w *world) still(sender string, n int) {
	w.Helper()
	w.await("the worker has looked", func() bool {
		return w.count(`select count(*) from conversations where id = $1 and (ready_at is null or ready_at > $2)`, w.conv(sender), w.Now()) == 1
	})
	if got := w.unanswered(sender); got != n {
		w.Fatalf("%d messages wait, want %d; answered: %v", got, n, w.inputs(sender))
	}
}

func TestAlbumIsOneInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	for n := range 10 {
		w.receive(i, w.photo("anna", fmt.Sprintf("p%d", n), "album"))
	}
	w.inspected("anna", 10)
	w.pass(2900 * time.Millisecond)
	w.still("anna", 10)
	turn := w.turn("anna")
	w.pass(100 * time.Millisecond)
	w.settle("anna")
	if got := w.turn("anna"); got != turn+1 {
		t.Errorf("an album was answered %d times", got-turn)
	}
	if got := w.step("anna"); got != "menu/confirm" {
		t.Errorf("at %s", got)
	}
	if n := w.count(`select count(*) from files`); n != 10 {
		t.Errorf("%d files kept", n)
	}
}

func TestBurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	turn := w.turn("anna")
	// Each comes within 1.5 s of the one before, for longer than the 10 s that a bundle may last.
	for n := range 9 {
		w.receive(i, w.photo("anna", fmt.Sprintf("p%d", n), ""))
		w.inspected("anna", n+1)
		if n < 8 {
			w.still("anna", n+1)
			w.pass(1250 * time.Millisecond)
		}
	}
	w.await("ten seconds are the end", func() bool { return w.turn("anna") == turn+1 })
	w.pass(1500 * time.Millisecond)
	w.settle("anna")
	if got := w.turn("anna"); got > turn+2 {
		t.Errorf("a burst was answered %d times", got-turn)
	}
	w.contiguous()
}

func TestTextClosesABundle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.receive(i, w.photo("anna", "p1", ""))
	w.receive(i, w.photo("anna", "p2", ""))
	w.inspected("anna", 2)
	w.receive(i, w.message("anna", "t", "вот они"))
	w.settle("anna") // no time has passed
	got := w.inputs("anna")
	if !slices.EqualFunc(got[len(got)-2:], [][]string{{"p1 p2"}, {"t"}}, slices.Equal[[]string]) {
		t.Errorf("taken as %v", got)
	}
}

func TestMissingFileHoldsBackForThirtySeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.web.fetch = func(bots.InboundFile, int) (bots.Download, error) { return bots.Download{}, errors.New("503") }
	w.receive(i, w.photo("anna", "p1", ""))
	w.receive(i, w.message("anna", "t", "что это за книга?"))
	w.await("the first try is noted", func() bool {
		return w.count(`select count(*) from events where state = 'waiting' and fetches = 1 and fetch_at < $1`, w.Now().Add(time.Minute)) == 1
	})
	w.pass(29 * time.Second)
	w.still("anna", 2)
	w.pass(time.Second)
	w.await("the text is answered", func() bool { return w.unanswered("anna") == 1 })
	if got := w.step("anna"); got != "menu/confirm" {
		t.Errorf("at %s", got)
	}
	w.web.mu.Lock()
	w.web.fetch = nil
	w.web.mu.Unlock()
	w.pass(time.Minute)
	w.settle("anna")
	got := w.inputs("anna")
	if !slices.EqualFunc(got[len(got)-2:], [][]string{{"t"}, {"p1"}}, slices.Equal[[]string]) {
		t.Errorf("taken as %v", got)
	}
}

func TestLaterFileHoldsTheEarlierForTenSecondsAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.web.fetch = func(f bots.InboundFile, _ int) (bots.Download, error) {
		if f.Ref == "p2" {
			return bots.Download{}, errors.New("503")
		}
		return text("слова"), nil
	}
	w.receive(i, w.photo("anna", "p1", ""))
	w.receive(i, w.photo("anna", "p2", ""))
	w.inspected("anna", 1)
	w.await("the second is tried", func() bool { return w.web.tried("p2") > 0 })
	w.pass(9 * time.Second)
	w.still("anna", 2)
	w.pass(time.Second)
	w.await("the first is taken", func() bool { return w.unanswered("anna") == 1 })
}

func TestCancelWaitsForNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "question")
	w.web.fetch = func(bots.InboundFile, int) (bots.Download, error) { return bots.Download{}, errors.New("503") }
	w.receive(i, w.photo("anna", "p1", ""))
	w.receive(i, w.message("anna", "yes", "да")) // a word too, but the answer to what is asked after the file
	w.receive(i, w.message("anna", "cancel", "Отмена"))
	w.await("the word is heard", func() bool { return w.step("anna") == "menu/start" })
	if n := w.unanswered("anna"); n != 2 {
		t.Errorf("%d messages wait", n)
	}
}

func TestFetchLadder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	cases := []struct {
		sender  string
		answers []error // the last for ever
		tries   int
		problem string
	}{
		{"503 then here", []error{errors.New("503"), errors.New("503"), nil}, 3, ""},
		{"404", []error{bots.ErrGone}, 1, "lost"},
		{"410 after 503", []error{errors.New("503"), bots.ErrGone}, 2, "lost"},
		{"too large", []error{bots.ErrTooLarge}, 1, "too_large"},
		{"never", []error{errors.New("503")}, 12, "lost"},
	}
	answers := map[string][]error{}
	for _, c := range cases {
		answers[c.sender] = c.answers
	}
	w.web.fetch = func(f bots.InboundFile, try int) (bots.Download, error) {
		all := answers[f.Ref]
		if err := all[min(try, len(all))-1]; err != nil {
			return bots.Download{}, err
		}
		return text("слова"), nil
	}
	for _, c := range cases {
		w.say(i, c.sender, "меню")
		w.receive(i, w.photo(c.sender, c.sender, ""))
	}
	const (
		pause = 5 * time.Minute // the longest between two tries
		lease = 2 * time.Minute // while it is tried
	)
	for n := 1; n <= 12; n++ {
		for _, c := range cases {
			if n <= c.tries {
				w.await(c.sender+" is tried", func() bool { return w.web.tried(c.sender) >= n })
			}
		}
		w.await("what was tried is noted", func() bool {
			return w.count(`select count(*) from events where state = 'waiting' and (fetch_at <= $1 or fetch_at = $2)`, w.Now(), w.Now().Add(lease)) == 0
		})
		w.pass(pause)
	}
	for _, c := range cases {
		w.settle(c.sender)
		if got := w.web.tried(c.sender); got != c.tries {
			t.Errorf("%s: tried %d times, want %d", c.sender, got, c.tries)
		}
		var problem string
		w.scan(&problem, `select coalesce(body -> 'files' -> 0 ->> 'problem', '') from events where external_id = $1`, "m:"+c.sender)
		if problem != c.problem {
			t.Errorf("%s: problem %q, want %q", c.sender, problem, c.problem)
		}
		if c.problem == "lost" {
			lost := w.words("files.lost", templates.Fields{"name": c.sender + ".txt"})
			if got := w.answers(c.sender, 0); !slices.ContainsFunc(got, func(text string) bool { return strings.HasPrefix(text, lost) }) {
				t.Errorf("%s: not asked for: %q", c.sender, got)
			}
		}
	}
	if n := w.count(`select count(*) from files`); n != 1 {
		t.Errorf("%d files kept", n)
	}
}

// A file at which the process died each time is given up like one that cannot be had.
func TestDeadlyFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.web.fetch = func(bots.InboundFile, int) (bots.Download, error) { return bots.Download{}, errors.New("503") }
	w.receive(i, w.photo("anna", "p1", ""))
	w.await("the file is tried", func() bool { return w.web.tried("p1") == 1 })
	w.await("that is noted", func() bool {
		return w.count(`select count(*) from events where fetch_at < $1`, w.Now().Add(time.Minute)) == 1
	})
	w.exec(`update events set fetches = 100 where state = 'waiting'`)
	w.pass(time.Minute)
	w.settle("anna")
	if got := w.web.tried("p1"); got != 1 {
		t.Errorf("tried %d times", got)
	}
}

// A process that died while it fetched has not tried: what failed once after many deaths is tried again, and is not asked for.
func TestDeathsAreNoTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.web.fetch = func(_ bots.InboundFile, try int) (bots.Download, error) {
		if try < 3 {
			return bots.Download{}, errors.New("503")
		}
		return text("слова"), nil
	}
	w.receive(i, w.photo("anna", "p1", ""))
	for try := 1; try < 3; try++ {
		w.await("the file is tried", func() bool { return w.web.tried("p1") == try })
		w.await("that is noted", func() bool {
			return w.count(`select count(*) from events where fetch_at < $1`, w.Now().Add(time.Minute)) == 1
		})
		w.exec(`update events set fetches = 40 where state = 'waiting'`)
		w.pass(time.Minute)
	}
	w.inspected("anna", 1)
	if n := w.count(`select count(*) from events, json_array_elements(body -> 'files') f where f ->> 'problem' is not null`); n != 0 {
		t.Error("the file is lost")
	}
}
