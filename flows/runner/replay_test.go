package runner_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/flows"
	"librarian/flows/runner"
	"librarian/queue"
)

// send empties the outbox through the channels until the test ends.
func (w *world) send(i *instance) {
	w.Helper()
	signals := bots.NewSignals(w.pool)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- signals.Run(ctx) }()
	sender := bots.NewSender(w.pool, w.registry, w.secrets, signals, i.HandOn, w.Now, w.logger())
	go func() { done <- sender.Run(ctx) }()
	w.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				w.Error(err)
			}
		}
	})
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// register goes through the whole registration with an e-mail address that is proven by a code, and gives the code.
func (w *world) register(i *instance, sender string) (code string) {
	w.Helper()
	w.say(i, sender, "меню")
	w.press(i, sender, "lang:ru")
	w.press(i, sender, "register")
	w.say(i, sender, "1")
	w.press(i, sender, "yes")
	w.say(i, sender, "Иванова Анна Петровна")
	w.say(i, sender, "31 февраля 1987")
	w.say(i, sender, "5 марта 1987")
	w.say(i, sender, sender+"@example.org")
	w.await("the code is sent", func() bool { return len(w.post.delivered()) > 0 })
	letter := w.post.delivered()[0]
	if code = sixDigits.FindString(letter.Text); code == "" || letter.Address != sender+"@example.org" {
		w.Fatal("no code in the letter, or sent to somebody else")
	}
	w.notStored(code)
	w.say(i, sender, code)
	if got := w.step(sender); got != "register/review" {
		w.Fatalf("at %s", got)
	}
	w.press(i, sender, "yes")
	return code
}

// notStored checks that no text, and no document, of any table holds the words, nor the log.
func (w *world) notStored(secret string) {
	w.Helper()
	columns := w.strings(`select format('select %L where exists (select from %I where strpos(%I::text, $1) > 0)', c.table_name || '.' || c.column_name, c.table_name, c.column_name)
from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.data_type in ('text', 'jsonb', 'json', 'ARRAY', 'character varying')`)
	if len(columns) < 50 {
		w.Fatalf("only %d columns are looked at", len(columns))
	}
	for _, sql := range columns {
		for _, place := range w.strings(sql, secret) {
			w.Errorf("the secret lies in %s", place)
		}
	}
	if strings.Contains(w.log.String(), secret) {
		w.Error("the secret is in the log")
	}
}

func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.send(i)
	w.register(i, "anna")
	if n := w.count(`select count(*) from registrations where state = 'sent'`); n != 1 {
		t.Fatalf("%d registrations", n)
	}
	if n := w.count(`select count(*) from readers where email_proven`); n != 1 {
		t.Errorf("%d proven addresses", n)
	}
	const password = "Заветное-Слово-739241"
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		id, err := w.secrets.Put(ctx, tx, w.lib, bots.PurposePassword, password)
		if err != nil {
			return err
		}
		return i.Tell(ctx, tx, w.lib, w.conv("anna"), queue.News{Kind: queue.NewsCard, Fields: map[string]string{"number": "123456"}, Secret: id})
	})
	w.await("the password is sent", func() bool {
		for _, m := range w.web.delivered() {
			if strings.Contains(m.Text, password) {
				return true
			}
		}
		return false
	})
	w.await("its ciphertext is destroyed", func() bool {
		return w.count(`select count(*) from secrets where ciphertext is not null and purpose = 'password'`) == 0
	})
	w.notStored(password)
}

func TestStoredTurnsReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.send(i)
	w.register(i, "anna")
	w.press(i, "anna", "question")
	w.say(i, "anna", "Когда вы открыты?")
	w.receive(i, w.photo("anna", "p1", "album"))
	w.receive(i, w.photo("anna", "p2", "album"))
	w.receive(i, w.message("anna", "after", "и ещё"))
	w.settle("anna")
	w.press(i, "anna", "register")
	w.pass(24 * time.Hour)
	w.await("the reader is reminded", func() bool { return w.reminders("anna") > 0 })
	set, err := flows.New(w.texts, w.flows)
	if err != nil {
		t.Fatal(err)
	}
	lib, err := w.libraries.ByID(t.Context(), w.lib)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.pool.Query(t.Context(), `select array_agg(body::text order by seq), min(kind), done_at, turn::text from events
where conversation_id = $1 group by done_at, turn::text order by min(seq)`, w.conv("anna"))
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	var kind, record string
	var at time.Time
	turns := 0
	_, err = pgx.ForEachRow(rows, []any{&bodies, &kind, &at, &record}, func() error {
		turns++
		s := runner.Stored{Kind: kind, At: at, Record: []byte(record)}
		for _, b := range bodies {
			s.Bodies = append(s.Bodies, []byte(b))
		}
		got, want, err := runner.Replay(set, lib, s)
		if err != nil {
			return err
		}
		if a, b := asJSON(t, got), asJSON(t, want); a != b {
			t.Errorf("turn %d comes to %s, stored %s", turns, a, b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if turns < 15 {
		t.Errorf("only %d turns", turns)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
