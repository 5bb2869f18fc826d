package runner_test

import (
	"errors"
	"testing"

	"librarian/contacts"
	"librarian/queue"
)

// TestWhoIsAlikeMayBeJoinedByStaff: a name with a mistake and the day of birth are enough for a proposal; two readers stay two until one is found to be the
// other.
func TestWhoIsAlikeMayBeJoinedByStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga := w.staff("olga")
	for _, sender := range []string{"chat", "home", "phone"} {
		w.say(i, sender, "меню")
	}
	w.named("chat", "self", "Иванова Анна")
	w.named("home", "other", "Ивонова Ана")
	w.named("phone", "self", "Захаров Пётр")
	if _, err := w.join(i.Runner, "chat", "phone", olga); !errors.Is(err, contacts.ErrTwoPeople) {
		t.Errorf("joined with another reader: %v", err)
	}
	w.exec(`update contact_readers set relation = 'other'`)
	if _, err := w.join(i.Runner, "chat", "phone", olga); !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("joined with somebody who is not alike: %v", err)
	}
	if _, err := w.join(i.Runner, "chat", "home", olga); err != nil {
		t.Fatal(err)
	}
	if got := w.contact("home"); got != w.contact("chat") {
		t.Errorf("two contacts still: %d", got)
	}
}

// named makes a reader without addresses for whom the sender acts.
func (w *world) named(sender, relation, name string) {
	w.Helper()
	w.exec(`with r as (insert into readers (library_id, name, born) values ($1, $4, '1990-05-17') returning id)
insert into contact_readers (library_id, contact_id, reader_id, relation)
select $1, a.contact_id, r.id, $3 from r, addresses a where a.library_id = $1 and a.external = $2`, w.lib, sender, relation, name)
}
