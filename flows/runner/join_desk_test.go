package runner_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/flows/runner"
	"librarian/queue"
)

func (w *world) contact(sender string) (id contacts.ID) {
	w.Helper()
	w.scan(&id, `select contact_id from addresses where external = $1`, sender)
	return id
}

// proven makes a reader with a proven e-mail for whom the sender acts.
func (w *world) proven(sender, relation, email string) {
	w.Helper()
	w.exec(`with r as (insert into readers (library_id, name, born, email, email_proven) values ($1, $2, '1990-05-17', $4, true) returning id)
insert into contact_readers (library_id, contact_id, reader_id, relation)
select $1, a.contact_id, r.id, $3 from r, addresses a where a.library_id = $1 and a.external = $2`, w.lib, sender, relation, email)
}

func (w *world) join(r *runner.Runner, sender, with string, by queue.StaffID) (id contacts.MergeID, err error) {
	conv, other := w.conv(sender), w.contact(with)
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		id, err = r.Join(ctx, tx, w.lib, conv, other, by)
		return err
	})
	return id, err
}

func (w *world) part(r *runner.Runner, sender string, id contacts.MergeID, by queue.StaffID) error {
	conv := w.conv(sender)
	return w.do(func(ctx context.Context, tx pgx.Tx) error { return r.Part(ctx, tx, w.lib, conv, id, by) })
}

func TestJoinedContactsHaveOneSpeaker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga, pavel := w.staff("olga"), w.staff("pavel")
	for _, sender := range []string{"chat", "home", "stranger"} {
		w.say(i, sender, "меню")
	}
	w.proven("chat", "self", "anna@example.org")
	w.proven("home", "child", "Anna@example.org")
	if _, err := w.join(i.Runner, "chat", "stranger", olga); !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("joined with somebody nobody proposed: %v", err)
	}
	w.takeOver(i, "chat", olga)
	for _, sender := range []string{"chat", "home"} {
		with := map[string]string{"chat": "home", "home": "chat"}[sender]
		if _, err := w.join(i.Runner, sender, with, pavel); !errors.Is(err, queue.ErrOtherSpeaks) {
			t.Errorf("joined from %s while another speaks: %v", sender, err)
		}
	}
	epochs := map[string]int{"chat": w.epoch("chat"), "home": w.epoch("home")}
	id, err := w.join(i.Runner, "home", "chat", olga)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.say(i, "home", "меню"); len(got) != 0 {
		t.Errorf("the bot says %q where a person speaks now", got)
	}
	if w.epoch("chat") != epochs["chat"] || w.epoch("home") != epochs["home"]+1 {
		t.Errorf("epochs %d and %d after %v", w.epoch("chat"), w.epoch("home"), epochs)
	}
	if err := w.part(i.Runner, "chat", id, olga); !errors.Is(err, queue.ErrSpoken) {
		t.Errorf("parted while somebody speaks: %v", err)
	}
	w.handBack(i, "chat", olga)
	for _, sender := range []string{"chat", "home"} {
		w.settle(sender)
		if got := w.say(i, sender, "меню"); len(got) == 0 {
			t.Errorf("%s: the bot is silent after the hand-back", sender)
		}
	}
	if err := w.part(i.Runner, "stranger", id, olga); !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("parted from another's page: %v", err)
	}
	if err := w.part(i.Runner, "chat", id, olga); err != nil {
		t.Fatal(err)
	}
	w.takeOver(i, "chat", olga)
	if got := w.say(i, "home", "меню"); len(got) == 0 {
		t.Error("parted, but one taking over silences both")
	}
}

// TestJoinAndTakeOverTogether lets both begin at one instant: whatever comes first, those who are one contact have one speaker.
func TestJoinAndTakeOverTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	r := i.Runner
	olga, pavel := w.staff("olga"), w.staff("pavel")
	joined := 0
	for round := range pgtest.Rounds(t, 10) {
		one, two := fmt.Sprint("one ", round), fmt.Sprint("two ", round)
		for _, sender := range []string{one, two} {
			w.say(i, sender, "меню")
			w.proven(sender, "child", fmt.Sprintf("%d@example.org", round))
		}
		conv := w.conv(one)
		acts := []func() error{
			func() error {
				return w.do(func(ctx context.Context, tx pgx.Tx) error { return r.TakeOver(ctx, tx, w.lib, conv, olga, 0) })
			},
			func() error { _, err := w.join(r, one, two, pavel); return err },
			func() error { _, err := w.join(r, two, one, pavel); return err },
		}
		start, errs := make(chan struct{}), make([]error, len(acts))
		var all sync.WaitGroup
		for n, act := range acts {
			all.Go(func() {
				<-start
				errs[n] = act()
			})
		}
		close(start)
		all.Wait()
		if errs[0] != nil {
			t.Fatalf("taking over: %v", errs[0])
		}
		for _, err := range errs[1:] {
			if err != nil && !errors.Is(err, queue.ErrOtherSpeaks) && !errors.Is(err, contacts.ErrMerged) && !errors.Is(err, contacts.ErrItself) {
				t.Fatal(err)
			}
		}
		same := w.contact(one) == w.contact(two)
		speakers := w.count(`select count(*) from conversations c join addresses a on a.id = c.id where a.external in ($1, $2) and c.speaker = $3`, one, two, olga)
		if want := map[bool]int{true: 2, false: 1}[same]; speakers != want {
			t.Fatalf("round %d: joined %v, and olga speaks in %d", round, same, speakers)
		}
		if same {
			joined++
		}
	}
	t.Logf("%d joined before they were taken over", joined)
}
