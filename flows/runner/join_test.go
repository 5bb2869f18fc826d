package runner_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// wrote makes a contact who has written a letter, and a conversation for it.
func (w *world) wrote(i *instance, sender string) {
	w.Helper()
	w.receive(i, bots.Inbound{Library: w.lib, Channel: w.mail, Sender: sender, ID: w.newID(), Text: "меню", At: w.Now()})
	w.settle(sender)
}

// asksToJoin leads a sender to the step of the code, and gives the newest code sent to the address.
func (w *world) asksToJoin(i *instance, sender, address string, from *channel) string {
	w.Helper()
	before := len(from.delivered())
	w.press(i, sender, "info")
	w.press(i, sender, "join")
	w.say(i, sender, address)
	if got := w.step(sender); got != "join/code" {
		w.Fatalf("at %s", got)
	}
	var code string
	w.await("the code is sent", func() bool {
		for _, m := range from.delivered()[before:] {
			if m.Address != sender && sixDigits.MatchString(m.Text) {
				code = sixDigits.FindString(m.Text)
			}
		}
		return code != ""
	})
	return code
}

func (w *world) outcome(sender, key string) func(got []string) {
	return func(got []string) {
		w.Helper()
		if len(got) != 1 || got[0] != w.ru(key) {
			w.Errorf("%s hears %q, want %s", sender, got, key)
		}
	}
}

func TestJoinByLetter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(w *world, i *instance)
		key    string
		joined []string // are one contact with the newcomer
	}{
		"nobody wrote": {func(*world, *instance) {}, "join.new", []string{"anna@example.org"}},
		"has written":  {func(w *world, i *instance) { w.wrote(i, "anna@example.org") }, "join.done", []string{"anna@example.org"}},
		"has proven": {func(w *world, i *instance) {
			w.say(i, "home", "меню")
			w.proven("home", "self", "Anna@example.org")
		}, "join.done", []string{"anna@example.org", "home"}},
		"two have proven": {func(w *world, i *instance) {
			for _, sender := range []string{"home", "work"} {
				w.say(i, sender, "меню")
				w.proven(sender, "child", "anna@example.org")
			}
		}, "join.several", nil},
		"another reader": {func(w *world, i *instance) {
			w.say(i, "home", "меню")
			w.proven("home", "self", "anna@example.org")
			w.proven("new", "self", "new@example.org")
		}, "join.two_readers", nil},
		"a person speaks": {func(w *world, i *instance) {
			w.say(i, "home", "меню")
			w.proven("home", "self", "anna@example.org")
			w.takeOver(i, "home", w.staff("olga"))
		}, "join.spoken", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i := w.start()
			w.send(i)
			w.say(i, "new", "меню")
			w.press(i, "new", "lang:ru")
			c.before(w, i)
			code := w.asksToJoin(i, "new", "anna@example.org", w.post)
			w.notStored(code)
			w.outcome("new", c.key)(w.say(i, "new", code))
			for _, sender := range []string{"anna@example.org", "home"} {
				want := slices.Contains(c.joined, sender)
				if w.known(sender) && (w.contact(sender) == w.contact("new")) != want {
					t.Errorf("%s is one contact: %v", sender, !want)
				}
			}
			if n := w.count(`select count(*) from merges where how = 'code' and merged_by is null`); n != len(c.joined) {
				t.Errorf("%d merges", n)
			}
		})
	}
}

func TestJoinByTheChatOfAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	messenger := newChannel(bots.Telegram)
	messenger.limit(func(l *bots.Limits) { l.Phone = true })
	var telegram bots.ChannelID
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		telegram, err = bots.AddChannel(ctx, tx, w.secrets, bots.Account{Library: w.lib, Kind: bots.Telegram, Name: "bot"}, "")
		return err
	})
	w.registry.Set(telegram, messenger)
	i := w.start()
	w.send(i)
	w.say(i, "new", "меню")
	w.press(i, "new", "lang:ru")
	w.give(i, bots.Inbound{Library: w.lib, Channel: telegram, Sender: "4711", ID: "hello", Text: "меню", At: w.Now()})
	w.proven("4711", "self", "anna@example.org")
	w.exec(`update readers set phone = '+79141234567', phone_proven = true`)
	code := w.asksToJoin(i, "new", "8 914 123-45-67", messenger)
	w.notStored(code)
	w.outcome("new", "join.done")(w.say(i, "new", code))
	if w.contact("new") != w.contact("4711") {
		t.Error("they are not one contact")
	}
	w.press(i, "new", "info")
	w.press(i, "new", "join")
	w.say(i, "new", "+79140000000") // nobody's: it looks the same
	if got := w.step("new"); got != "join/code" {
		t.Errorf("at %s", got)
	}
	if n := w.count(`select count(*) from outbox where kind = 'code'`); n != 1 {
		t.Errorf("%d codes were sent", n)
	}
}

// TestTwoJoinOneAnotherTogether gives both codes at one instant: one group of turns, or two workers.
func TestTwoJoinOneAnotherTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.workers = 2
	i := w.start()
	w.send(i)
	codes := map[string]string{}
	senders := []string{"one", "two", "three", "four"}
	w.wrote(i, "anna@example.org")
	for n, sender := range senders {
		w.say(i, sender, "меню")
		w.press(i, sender, "lang:ru")
		w.proven(sender, "child", fmt.Sprintf("box-%d@example.org", n))
	}
	for n, sender := range senders { // each proves the mailbox of the next
		codes[sender] = w.asksToJoin(i, sender, fmt.Sprintf("box-%d@example.org", (n+1)%len(senders)), w.post)
	}
	start, done := make(chan struct{}), make(chan error, len(senders))
	for _, sender := range senders {
		in := w.message(sender, w.newID(), codes[sender])
		go func() {
			<-start
			done <- i.Receive(context.Background(), in)
		}()
	}
	close(start)
	for range senders {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for _, sender := range senders {
		w.settle(sender)
		if w.contact(sender) != w.contact("one") {
			t.Errorf("%s is somebody else: %s", sender, w.log)
		}
	}
	if n := w.count(`select count(*) from addresses a join contacts c on c.id = a.contact_id where c.merged_into is not null`); n != 0 {
		t.Errorf("%d addresses belong to a contact that is part of another", n)
	}
	if n := w.count(`select count(*) from events where attempts > 0 or state = 'dead'`); n != 0 {
		t.Errorf("%d events count as failed", n)
	}
}

// TestJoinFromTheVeryMailbox asks in a letter for a code to the address from which the letter came.
func TestJoinFromTheVeryMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	const anna = "anna@example.org"
	w.wrote(i, anna)
	for _, in := range []bots.Inbound{{Choice: "info"}, {Choice: "join"}, {Text: anna}} {
		in.Library, in.Channel, in.Sender, in.ID, in.At = w.lib, w.mail, anna, w.newID(), w.Now()
		if in.Choice != "" {
			in.Turn = w.turn(anna)
		}
		w.receive(i, in)
		w.settle(anna)
	}
	if got := w.step(anna); got != "join/where" {
		t.Errorf("at %s", got)
	}
	if n := w.count(`select count(*) from outbox where kind = 'code'`); n != 0 {
		t.Errorf("%d codes are sent", n)
	}
	if n := w.count(`select count(*) from events where attempts > 0`); n != 0 {
		t.Errorf("%d events count as failed", n)
	}
}
