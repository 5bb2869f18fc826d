package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// TestNeedsAreNoted: two people say the same in different ways, one of them registered, whose category is kept; when she takes her consent back, the count
// stays and she goes.
func TestNeedsAreNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.joins(i, "anna", "self")
	w.exec(`update registrations set answers = '[{"key": "residence", "value": "city"}, {"key": "category", "value": "student"}]'`)
	s := settings()
	s.Registration.Fields = library.ExampleFields()
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.ChangeSettings(ctx, tx, w.lib, s) })
	w.move(3 * time.Second) // settings are read again after two

	miss := func(sender, words string) string {
		t.Helper()
		w.press(i, sender, "needs")
		w.press(i, sender, "need:section")
		return strings.Join(w.say(i, sender, words), "\n")
	}
	for _, said := range []string{miss("anna", "Ещё о пчёлах"), miss("boris", "О ПЧЕЛАХ, еще"), miss("anna", "о пчёлах ещё")} {
		if !strings.Contains(said, "Спасибо, записали") || !strings.Contains(said, "чёлах") && !strings.Contains(said, "ПЧЕЛАХ") {
			t.Errorf("answered: %q", said)
		}
	}
	rows := func() []string {
		return w.strings(`select t.kind || ' ' || n.words || ' ' || n.category || ' ' || (n.reader_id is not null)::text || ' ' || (n.conversation_id is not null)::text || ' ' || n.channel
from needs n join need_topics t on t.id = n.topic_id order by n.id`)
	}
	if got := rows(); !slices.Equal(got, []string{"section о пчёлах ещё student true true webchat", "section О ПЧЕЛАХ, еще  false true webchat"}) {
		t.Fatalf("noted: %q", got)
	}
	if n := w.count(`select count(*) from need_topics`); n != 1 {
		t.Errorf("%d groups", n)
	}
	w.press(i, "anna", "withdraw")
	w.press(i, "anna", "withdraw:yes")
	if got := rows(); !slices.Equal(got, []string{"section о пчёлах ещё student false false webchat", "section О ПЧЕЛАХ, еще  false true webchat"}) {
		t.Errorf("after the consent was taken back: %q", got)
	}
}
