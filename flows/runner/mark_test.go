package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"librarian/bots"
)

// deletion is what a channel says when the sender takes the message back.
func (w *world) deletion(sender, of string) bots.Inbound {
	in := w.message(sender, w.newID(), "")
	in.Deletes = of
	return in
}

// reaction is the sender's sign to a message of ours.
func (w *world) reaction(sender, to, sign string) bots.Inbound {
	in := w.message(sender, w.newID(), "")
	in.React = &bots.Reaction{To: to, Sign: sign}
	return in
}

// history is the conversation as the desk reads it.
func (w *world) history(i *instance, sender string) []bots.Entry {
	w.Helper()
	all, err := i.History(context.Background(), w.lib, w.conv(sender), bots.Cursor{}, 100)
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// deleted are the ids of the messages that the desk shows as taken back.
func (w *world) deleted(i *instance, sender string) (ids []string) {
	w.Helper()
	for _, e := range w.history(i, sender) {
		if e.Deleted {
			ids = append(ids, e.External)
		}
	}
	return ids
}

func TestDeletedMessageIsMarkedForStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.give(i, w.message("anna", "1", "меню"))
	w.give(i, w.message("anna", "2", "Кто написал «Капитанскую дочку»?"))
	w.give(i, w.message("anna", "2@1772452800000", "Кто написал «Капитанскую дочку»? Пушкин?")) // the same, edited
	w.give(i, w.message("anna", "22", "или Лермонтов?"))
	w.give(i, w.message("boris", "2", "меню"))
	turn, said, dialogues := w.turn("anna"), w.said("anna"), w.count(`select sum(dialogue) from conversations`)
	w.move(13 * time.Hour) // a message would begin a new dialogue
	for range 2 {
		w.receive(i, w.deletion("anna", "2"))
	}
	w.receive(i, w.deletion("anna", "no such"))
	w.receive(i, w.deletion("stranger", "2"))
	w.settle("anna")
	if got := w.deleted(i, "anna"); !slices.Equal(got, []string{"2", "2@1772452800000"}) {
		t.Errorf("deleted are %v", got)
	}
	if got := w.deleted(i, "boris"); got != nil {
		t.Errorf("of another conversation: %v", got)
	}
	if all := w.history(i, "anna"); !slices.ContainsFunc(all, func(e bots.Entry) bool {
		return e.Deleted && e.Text == "Кто написал «Капитанскую дочку»?"
	}) {
		t.Error("staff do not see the words any more")
	}
	if w.turn("anna") != turn || w.said("anna") != said || w.count(`select sum(dialogue) from conversations`) != dialogues {
		t.Error("a deletion was answered, or began a dialogue")
	}
	if w.known("stranger") || w.count(`select count(*) from conversations`) != 2 {
		t.Error("a deletion made an address")
	}
	w.contiguous()
}

func TestDeletedBeforeItsTurnIsGivenToNoFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.web.fetch = func(bots.InboundFile, int) (bots.Download, error) { return bots.Download{}, errors.New("503") }
	photo := w.photo("anna", "p1", "")
	photo.Text = "вот согласие"
	w.receive(i, photo)
	w.receive(i, w.message("anna", "t", "что это за книга?"))
	w.await("the first try is noted", func() bool {
		return w.count(`select count(*) from events where state = 'waiting' and fetches = 1 and fetch_at < $1`, w.Now().Add(time.Minute)) == 1
	})
	w.still("anna", 2)
	w.receive(i, w.deletion("anna", "p1"))
	w.settle("anna") // what stood behind it is answered at once
	if got := w.step("anna"); got != "menu/confirm" {
		t.Errorf("at %s", got)
	}
	if n := w.count(`select count(*) from events where external_id = 'm:p1' and state = 'done' and turn is null and fetch_at is null`); n != 1 {
		t.Error("the flow was given what had been taken back")
	}
	if got := w.deleted(i, "anna"); !slices.Equal(got, []string{"p1"}) {
		t.Errorf("deleted are %v", got)
	}
	w.pass(time.Hour)
	w.settle("anna")
	if n := w.web.tried("p1"); n != 1 {
		t.Errorf("fetched %d times", n)
	}
}

func TestFetchedFileOfADeletedMessageIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	fetched := make(chan struct{})
	w.web.fetch = func(f bots.InboundFile, _ int) (bots.Download, error) {
		if f.Ref == "second" {
			<-fetched
			return bots.Download{}, errors.New("503")
		}
		return text("Слова"), nil
	}
	both := w.photo("anna", "p1", "")
	both.Files = append(both.Files, bots.InboundFile{Ref: "second", Name: "второй.txt"})
	w.receive(i, both)
	w.await("the first is in the store", func() bool {
		return w.count(`select count(*) from events where state = 'waiting' and body -> 'files' -> 0 ->> 'file' <> ''`) == 1
	})
	w.receive(i, w.deletion("anna", "p1"))
	close(fetched)
	w.settle("anna")
	if n := w.count(`select count(*) from files f join events e on f.id = e.body -> 'files' -> 0 ->> 'file' where e.deleted_at is not null and f.linked`); n != 1 {
		t.Error("the file that staff are shown will be swept")
	}
}

func TestDeletionsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, j := w.start(), w.start()
	const senders, each = 8, 6
	var all sync.WaitGroup
	for n := range senders {
		sender := fmt.Sprintf("reader %d", n)
		w.receive(i, w.message(sender, "first", "меню"))
		all.Go(func() {
			for m := range each {
				id := fmt.Sprint(m)
				if err := i.Receive(t.Context(), w.message(sender, id, "вопрос")); err != nil {
					t.Error(err)
				}
				for _, p := range []*instance{j, i} { // another process hears of it too
					if err := p.Receive(t.Context(), bots.Inbound{Library: w.lib, Channel: w.chat, Sender: sender, ID: "d" + id, Deletes: id, At: noon}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	for n := range senders {
		sender := fmt.Sprintf("reader %d", n)
		w.settle(sender)
		if got := w.deleted(i, sender); len(got) != each {
			t.Errorf("%s: deleted are %v", sender, got)
		}
	}
	if n := w.count(`select count(*) from events where state = 'dead' or attempts > 0`); n != 0 {
		t.Errorf("%d events have failed", n)
	}
	w.contiguous()
}

func TestReactionStandsAtItsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.say(i, "boris", "меню")
	turn := w.turn("anna")
	const own = "3EB0AAAAAAAAAAAAAAAAAA"
	w.exec(`update outbox set provider_id = $1 where seq = 1`, own) // the same in both conversations
	signs := func(sender string) (out []string) {
		for _, e := range w.history(i, sender) {
			if e.Reaction != "" {
				out = append(out, e.Reaction)
			}
		}
		return out
	}
	for _, step := range []struct {
		to, sign string
		want     []string
	}{
		{own, "👍", []string{"👍"}},
		{own, "❤️", []string{"❤️"}},
		{"3EB0BBBBBBBBBBBBBBBBBB", "👎", []string{"❤️"}},
		{own, string(make([]byte, 100)) + "x", []string{"x"}},
		{own, fmt.Sprintf("%0200d", 1), []string{"x"}},
		{own, "", nil},
	} {
		w.receive(i, w.reaction("anna", step.to, step.sign))
		if got := signs("anna"); !slices.Equal(got, step.want) {
			t.Errorf("after %q: %q, want %q", step.sign, got, step.want)
		}
	}
	w.receive(i, w.reaction("stranger", own, "👍"))
	w.settle("anna")
	if got := signs("boris"); got != nil {
		t.Errorf("at another's message: %q", got)
	}
	if w.known("stranger") || w.turn("anna") != turn {
		t.Error("a reaction made an address, or was answered")
	}
}
