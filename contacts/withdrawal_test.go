package contacts_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
)

func (w *world) withdraw(contact contacts.ID, at time.Time) (out contacts.Withdrawn) {
	w.Helper()
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		out, err = contacts.WithdrawConsent(ctx, tx, w.lib, contact, 0, at)
		return err
	})
	return out
}

// TestWithdrawConsent: it ends what is under way, leaves alone what is decided and whoever is not the contact's, and once is enough.
func TestWithdrawConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.address("one"), w.address("two")
	mine := w.sureApply(w.application(one, "self", "Ivanova Maria"))
	refused := w.sureApply(w.application(one, "child", "Ivanov Petr"))
	other := w.sureApply(w.application(two, "self", "Petrova Olga"))
	if err := w.decide(refused.ID, "sent", "refused"); err != nil {
		t.Fatal(err)
	}
	later := noon.Add(time.Hour)
	got := w.withdraw(one.Contact, later)
	if got.Consents != 2 || !slices.Equal(got.Stopped, []contacts.Stopped{{mine.ID, mine.ReaderID, one.ID}}) || len(got.Cards) != 0 {
		t.Errorf("withdrawn: %+v", got)
	}
	if n := w.count(`select count(*) from registrations where id = $1 and state = 'withdrawn' and decided_at = $2`, mine.ID, later); n != 1 {
		t.Error("the registration goes on, or its term does not")
	}
	if n := w.count(`select count(*) from registrations where id = $1 and state = 'refused' or id = $2 and state = 'sent'`, refused.ID, other.ID); n != 2 {
		t.Error("others were changed")
	}
	if n := w.count(`select count(*) from consents where withdrawn_at is null and contact_id = $1`, two.Contact); n != 1 {
		t.Error("the consent of another was withdrawn")
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.SetCard(ctx, tx, w.lib, other.ReaderID, "000017", "")
	})
	if got := w.withdraw(two.Contact, later); !slices.Equal(got.Cards, []contacts.CardHolder{{other.ReaderID, "Petrova Olga"}}) {
		t.Errorf("with a card: %+v", got)
	}
	if got := w.withdraw(two.Contact, later); got.Consents+len(got.Stopped)+len(got.Cards) != 0 {
		t.Errorf("withdrawn twice: %+v", got)
	}
	if err := w.decide(mine.ID, "sent", "accepted"); !errors.Is(err, contacts.ErrState) {
		t.Errorf("decided after it was withdrawn: %v", err)
	}
}

// TestWithdrawRacesWithApply: at the same moment either the registration is withdrawn too, or it is refused; never does one go on without a consent.
func TestWithdrawRacesWithApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for round := range 20 {
		a := w.application(w.address(person(round)), "self", "Ivanova Maria")
		errs := together(2, func(i int) error {
			if i == 0 {
				_, err := w.apply(a)
				return err
			}
			return w.do(func(ctx context.Context, tx pgx.Tx) error {
				_, err := contacts.WithdrawConsent(ctx, tx, w.lib, a.Contact, 0, noon)
				return err
			})
		})
		if errs[1] != nil || errs[0] != nil && !errors.Is(errs[0], contacts.ErrNoConsent) {
			t.Fatal(errs)
		}
	}
	if n := w.count(`select count(*) from registrations g join consents c on c.library_id = g.library_id and c.id = g.consent_id
where g.state <> 'withdrawn' or c.withdrawn_at is null`); n != 0 {
		t.Errorf("%d go on", n)
	}
	if readers, all := w.count(`select count(*) from readers`), w.count(`select count(*) from registrations`); readers != all {
		t.Errorf("%d readers of %d registrations", readers, all)
	}
}

// TestWithdrawForOneChild: the other child's consent and registration stand, and so does a consent that is for nobody yet.
func TestWithdrawForOneChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parent, other := w.address("parent"), w.address("other")
	first := w.sureApply(w.application(parent, "child", "Ivanov Petr"))
	second := w.sureApply(w.application(parent, "child", "Ivanova Anna"))
	strange := w.sureApply(w.application(other, "child", "Petrov Ivan"))
	draft := w.consent(parent)
	gone := func(reader contacts.ReaderID) (out contacts.Withdrawn) {
		w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
			out, err = contacts.WithdrawConsent(ctx, tx, w.lib, parent.Contact, reader, noon)
			return err
		})
		return out
	}
	if got := gone(first.ReaderID); got.Consents != 1 || !slices.Equal(got.Stopped, []contacts.Stopped{{first.ID, first.ReaderID, parent.ID}}) || len(got.Cards) != 0 {
		t.Errorf("withdrawn: %+v", got)
	}
	if n := w.count(`select count(*) from consents where withdrawn_at is null and (id = $1 or id = $2)`, second.ConsentID, draft); n != 2 {
		t.Error("what is not the first child's was withdrawn")
	}
	if n := w.count(`select count(*) from registrations where state = 'sent' and id in ($1, $2)`, second.ID, strange.ID); n != 2 {
		t.Error("the registration of another was stopped")
	}
	for _, reader := range []contacts.ReaderID{first.ReaderID, strange.ReaderID} {
		if got := gone(reader); got.Consents+len(got.Stopped)+len(got.Cards) != 0 {
			t.Errorf("withdrawn twice, or for another's child: %+v", got)
		}
	}
	if got := gone(0); got.Consents != 2 || len(got.Stopped) != 1 {
		t.Errorf("the rest: %+v", got)
	}
}
