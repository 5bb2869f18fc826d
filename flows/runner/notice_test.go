package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

// account is a member of staff as the desk knows them.
func (w *world) account(desk *queue.Desk, login string, email string) (s queue.Staff) {
	w.Helper()
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		s, _, err = desk.AddStaff(ctx, tx, queue.Console(), queue.NewStaff{
			Library: &w.lib, Login: login, Name: login, Email: email, Role: queue.RoleLibrarian, Lang: library.English, NotifyEmail: email != "",
		})
		return err
	})
	return s
}

// notices are what is to be sent to the sender about tasks.
func (w *world) notices(sender string) []string {
	w.Helper()
	return w.strings(`select body ->> 'text' from outbox o join addresses a on a.id = o.conversation_id where a.external = $1 and kind = 'desk' order by seq`, sender)
}

func TestStaffAreToldWhereTheyBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	desk := queue.NewDesk(w.pool, newGCM(t), "Librarian", w.Now)
	olga := w.account(desk, "olga", "olga@example.org")
	var word string
	offer := func() {
		w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
			word, err = desk.OfferBinding(ctx, tx, olga)
			return err
		})
	}
	offer()
	w.press(i, "olga's phone", "lang:ru")
	w.press(i, "olga's phone", "register")
	said := w.say(i, "olga's phone", " "+strings.ToUpper(word)+" ")
	if len(said) != 1 || !strings.HasPrefix(said[0], w.ru("desk_notice.joined")) || w.step("olga's phone") != "register/who" {
		t.Fatalf("to the word: %q at %s", said, w.step("olga's phone"))
	}
	if again := w.say(i, "olga's phone", word); len(again) != 1 || !strings.HasPrefix(again[0], w.ru("desk_notice.join_failed")) {
		t.Errorf("to the word once more: %q", again)
	}

	w.say(i, "anna", "меню")
	w.say(i, "anna", "Когда вы работаете?")
	w.press(i, "anna", "yes")
	deliver := func(ctx context.Context, tx pgx.Tx, to queue.Staff, n queue.Notice) error {
		lib, err := w.libraries.ByID(ctx, n.Library)
		if err != nil {
			return err
		}
		return i.TellStaff(ctx, tx, lib, to, n, "https://desk.example")
	}
	tell := func() {
		t.Helper()
		if err := desk.TellStaff(t.Context(), deliver); err != nil {
			t.Fatal(err)
		}
	}
	tell()
	for _, sender := range []string{"olga's phone", "olga@example.org"} {
		if got := w.notices(sender); len(got) != 1 || !strings.HasPrefix(got[0], "New task: Question\n") || !strings.Contains(got[0], "https://desk.example") {
			t.Errorf("%s is told %q", sender, got)
		}
	}
	w.openQuestions(6)
	tell()
	if got := w.notices("olga's phone"); len(got) != 2 || !strings.HasPrefix(got[1], "New tasks: 6.\n") {
		t.Errorf("told of six: %q", got)
	}
	if got := w.strings(`select distinct body ->> 'subject' from outbox where kind = 'desk' and body ->> 'subject' <> '' order by 1`); !slices.Equal(got, []string{"New task: Question", "New tasks: 6"}) {
		t.Errorf("the letters are called %q", got)
	}

	// Who shuts the bot out is told there no more; no task comes of it, of which they would be told again.
	tasks := w.count(`select count(*) from tasks`)
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return i.HandOn(ctx, tx, []bots.Failure{
			{Library: w.lib, Conversation: w.conv("olga's phone"), Kind: bots.OutDesk, Body: bots.Body{Text: "New tasks: 6."}, Blocked: true, Problem: "blocked"},
			{Library: w.lib, Conversation: w.conv("olga@example.org"), Kind: bots.OutDesk, Body: bots.Body{Text: "New tasks: 6."}, Problem: "refused"},
		})
	})
	w.pass(48 * time.Hour)
	tell()
	if got := w.notices("olga's phone"); len(got) != 2 {
		t.Errorf("told where it is shut out: %q", got)
	}
	if got := w.notices("olga@example.org"); len(got) != 3 || !strings.HasPrefix(got[2], "Overdue tasks: 7.\n") {
		t.Errorf("the letters stopped: %q", got)
	}
	if got := w.count(`select count(*) from tasks`); got != tasks {
		t.Errorf("%d tasks came of it", got-tasks)
	}
	if got := w.count(`select count(*) from addresses where gone_at is not null and external = 'olga''s phone'`); got != 1 {
		t.Error("that the address is gone is not noted")
	}
}

// openQuestions puts so many into the queue.
func (w *world) openQuestions(count int) {
	w.Helper()
	tasks := make([]queue.NewTask, count)
	for n := range tasks {
		tasks[n] = queue.NewTask{Library: w.lib, Kind: queue.KindQuestion, Role: queue.RoleLibrarian, Created: w.Now(), Due: w.Now().Add(time.Hour)}
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		_, err := queue.Open(ctx, tx, tasks)
		return err
	})
}

// TestLetterAboutAChannel says in words what does not work, why, and what is to be done; where, for each problem that a channel of its kind may have.
func TestLetterAboutAChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga := w.account(queue.NewDesk(w.pool, newGCM(t), "Librarian", w.Now), "olga", "olga@example.org")
	for n, c := range []struct {
		kind    bots.Kind
		problem string
		want    []string
	}{
		{bots.WhatsApp, bots.ProblemLoggedOut, []string{"WhatsApp (Reading room) does not work", "link the phone again"}},
		{bots.WhatsApp, bots.ProblemUnreached, []string{"WhatsApp (Reading room) does not work", "the server can reach the internet"}},
		{bots.Telegram, "token", []string{"Telegram (Reading room) does not work", "BotFather"}},
	} {
		w.tx(func(ctx context.Context, tx pgx.Tx) error {
			lib, err := w.libraries.ByID(ctx, w.lib)
			if err != nil {
				return err
			}
			return i.TellStaff(ctx, tx, lib, olga, queue.Notice{
				Library: w.lib, Kind: queue.KindChannel, Account: 5, Channel: c.kind, Name: "Reading room", Problem: c.problem, Count: 1,
			}, "https://desk.example/desk/channels/5")
		})
		got := w.notices("olga@example.org")
		if len(got) != n+1 {
			t.Fatalf("%d letters about %s", len(got)-n, c.problem)
		}
		for _, want := range append(c.want, "https://desk.example/desk/channels/5") {
			if !strings.Contains(got[n], want) {
				t.Errorf("the letter about %s does not say %q: %q", c.problem, want, got[n])
			}
		}
	}
}
