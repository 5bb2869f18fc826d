package contacts_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
)

func (w *world) double(reg contacts.Registration, of contacts.ReaderID) error {
	return w.do(func(ctx context.Context, tx pgx.Tx) error { return contacts.Double(ctx, tx, w.lib, reg.ID, of, noon) })
}

// TestDoubleOfAReaderOnly: who was refused before is nobody's earlier self; and what a double has agreed to is withdrawn, for they could not do it any more.
func TestDoubleOfAReaderOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.sureApply(w.application(w.address("one"), "self", "Иванова Анна"))
	later := w.sureApply(w.application(w.address("two"), "self", "Иванова Анна"))
	if err := w.decide(first.ID, "sent", "refused"); err != nil {
		t.Fatal(err)
	}
	if err := w.double(later, first.ReaderID); !errors.Is(err, contacts.ErrState) {
		t.Errorf("a double of who was refused: %v", err)
	}
	standing := func() int {
		return w.count(`select count(*) from consents where reader_id = $1 and withdrawn_at is null`, later.ReaderID)
	}
	if standing() != 1 {
		t.Fatal("the consent does not stand")
	}
	third := w.sureApply(w.application(w.address("three"), "self", "Иванова Анна"))
	if err := w.double(later, third.ReaderID); err != nil {
		t.Fatal(err)
	}
	if n := standing(); n != 0 {
		t.Errorf("%d consents of a double stand", n)
	}
}

// TestUndoAfterADouble: who was joined, found to be a double and parted again is nobody by themself, and may register.
func TestUndoAfterADouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat, letters := w.address("chat"), w.address("letters")
	first := w.sureApply(w.application(w.address("one"), "self", "Иванова Анна"))
	later := w.sureApply(w.application(letters, "self", "Иванова Анна"))
	joined := w.sureMerge(chat.Contact, letters.Contact)
	if err := w.double(later, first.ReaderID); err != nil {
		t.Fatal(err)
	}
	w.sureUndo(joined)
	if n := w.count(`select count(*) from contact_readers where reader_id = $1 and relation = 'self'`, later.ReaderID); n != 0 {
		t.Errorf("%d contacts are a double", n)
	}
	if _, err := w.apply(w.application(w.of(letters), "self", "Иванова Анна")); err != nil {
		t.Errorf("registers again: %v", err)
	}
}
