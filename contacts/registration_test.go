package contacts_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

func (w *world) consent(k contacts.Known) int64 {
	w.Helper()
	var ids []int64
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		ids, err = contacts.Agree(ctx, tx, []contacts.Agreement{{Library: w.lib, Contact: k.Contact, Address: k.ID, Version: "1", Lang: library.Russian, Text: "text", At: noon}})
		return err
	})
	return ids[0]
}

func (w *world) application(k contacts.Known, relation, name string) contacts.Application {
	w.Helper()
	return contacts.Application{
		Library: w.lib, Contact: k.Contact, Address: k.ID, Relation: relation, Name: name, Born: library.Date{Year: 2015, Month: 2, Day: 28},
		Consent: w.consent(k), At: noon,
	}
}

func (w *world) apply(a contacts.Application) (reg contacts.Registration, err error) {
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		reg, err = contacts.Apply(ctx, tx, a)
		return err
	})
	return reg, err
}

func (w *world) sureApply(a contacts.Application) contacts.Registration {
	w.Helper()
	reg, err := w.apply(a)
	if err != nil {
		w.Fatal(err)
	}
	return reg
}

func (w *world) decide(id int64, from, to string) error {
	return w.do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := contacts.Decide(ctx, tx, w.lib, id, from, to, "reason", 7, noon)
		return err
	})
}

func TestApplyTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for round := range pgtest.Rounds(t, 10) {
		k := w.address(person(round))
		for _, relation := range []string{"self", "child"} {
			applications := make([]contacts.Application, 4)
			for i := range applications {
				applications[i] = w.application(k, relation, "Иванова Мария")
			}
			taken := 0
			for _, err := range together(len(applications), func(i int) error {
				_, err := w.apply(applications[i])
				return err
			}) {
				switch {
				case err == nil:
					taken++
				case !errors.Is(err, contacts.ErrRegistered):
					t.Fatal(err)
				}
			}
			if taken != 1 {
				t.Fatalf("round %d: %d registrations as %s at one instant", round, taken, relation)
			}
		}
	}
	if r, g := w.count(`select count(*) from readers`), w.count(`select count(*) from registrations`); r != g {
		t.Errorf("%d readers, %d registrations", r, g)
	}
}

func TestApplyAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mother := w.address("mother")
	mine := w.sureApply(w.application(mother, "self", "Иванова Мария"))
	if _, err := w.apply(w.application(mother, "self", "Petrova Anna")); !errors.Is(err, contacts.ErrRegistered) {
		t.Errorf("itself under another name: %v", err)
	}
	first := w.sureApply(w.application(mother, "child", "Иванов Пётр"))
	second := w.sureApply(w.application(mother, "child", "Иванов Павел"))
	if first.ReaderID == second.ReaderID || first.ReaderID == mine.ReaderID {
		t.Errorf("two children are one reader: %v, %v", first, second)
	}
	if _, err := w.apply(w.application(mother, "child", "иванов пётр")); !errors.Is(err, contacts.ErrRegistered) {
		t.Errorf("the same child: %v", err)
	}
	born := w.application(mother, "child", "Иванов Пётр")
	born.Born.Year++
	w.sureApply(born) // a namesake, born on another day
	if err := w.decide(first.ID, "sent", "done"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.apply(w.application(mother, "child", "Иванов Пётр")); !errors.Is(err, contacts.ErrRegistered) {
		t.Errorf("a child who has a card: %v", err)
	}
	// The same person from another address is another contact: staff may join them, nothing else does.
	w.sureApply(w.application(w.address("work"), "self", "Иванова Мария"))
}

func TestApplyAfterRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.address("one")
	first := w.sureApply(w.application(k, "self", "Ivanva Mria"))
	if err := w.decide(first.ID, "sent", "refused"); err != nil {
		t.Fatal(err)
	}
	corrected := w.application(k, "self", "Ivanova Maria")
	corrected.Email, corrected.EmailProven, corrected.Photos = "maria@example.org", true, []string{"a", "b"}
	second := w.sureApply(corrected)
	if second.ReaderID != first.ReaderID || second.ID == first.ID {
		t.Errorf("first %v, second %v", first, second)
	}
	r, err := contacts.ReaderByID(t.Context(), w.pool, w.lib, second.ReaderID)
	if err != nil || r.Name != "Ivanova Maria" || r.Email != "maria@example.org" || !r.EmailProven || r.Phone != "" {
		t.Errorf("reader %+v, %v", r, err)
	}
	got, err := contacts.RegistrationByID(t.Context(), w.pool, w.lib, second.ID)
	if err != nil || got.State != "sent" || got.Relation != "self" || !slices.Equal(got.Photos, []string{"a", "b"}) || got.ConsentID != corrected.Consent {
		t.Errorf("registration %+v, %v", got, err)
	}
	if _, err := w.apply(w.application(k, "self", "Ivanova Maria")); !errors.Is(err, contacts.ErrRegistered) {
		t.Errorf("a third while the second waits: %v", err)
	}
}

func TestApplyNeedsAConsentOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.address("one"), w.address("two")
	a := w.application(one, "self", "Ivanova Maria")
	a.Consent = w.consent(two)
	if _, err := w.apply(a); !errors.Is(err, contacts.ErrNoConsent) {
		t.Errorf("with the consent of another: %v", err)
	}
	a.Consent = w.consent(one)
	if _, err := w.pool.Exec(t.Context(), `update consents set withdrawn_at = given_at where id = $1`, a.Consent); err != nil {
		t.Fatal(err)
	}
	if _, err := w.apply(a); !errors.Is(err, contacts.ErrNoConsent) {
		t.Errorf("with a consent that was withdrawn: %v", err)
	}
	if n := w.count(`select count(*) from readers`); n != 0 {
		t.Errorf("%d readers without consent", n)
	}
}

func TestDecideOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, _ := w.library("second")
	reg := w.sureApply(w.application(w.address("one"), "self", "Ivanova Maria"))
	won := 0
	for _, err := range together(4, func(i int) error {
		return w.decide(reg.ID, "sent", []string{"accepted", "refused"}[i%2])
	}) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, contacts.ErrState):
			t.Fatal(err)
		}
	}
	if won != 1 {
		t.Errorf("decided %d times", won)
	}
	err := w.do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := contacts.Decide(ctx, tx, other, reg.ID, "accepted", "done", "", 7, noon)
		return err
	})
	if !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("decided by another library: %v", err)
	}
}

func TestPhotosPast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := func(external string, photos ...string) contacts.Registration {
		a := w.application(w.address(external), "self", external)
		a.Photos = photos
		return w.sureApply(a)
	}
	old, undecided := with("old", "a", "b"), with("undecided", "c")
	if err := w.decide(old.ID, "sent", "refused"); err != nil {
		t.Fatal(err)
	}
	past := func(before time.Time) (files []string) {
		w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
			files, err = contacts.PhotosPast(ctx, tx, w.lib, before, 10)
			return err
		})
		slices.Sort(files)
		return files
	}
	if got := past(noon); len(got) != 0 {
		t.Errorf("before the term is over: %v", got)
	}
	if got := past(noon.Add(time.Second)); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("past the term: %v", got)
	}
	if got := past(noon.Add(time.Second)); len(got) != 0 {
		t.Errorf("given again: %v", got)
	}
	if r, err := contacts.RegistrationByID(t.Context(), w.pool, w.lib, undecided.ID); err != nil || len(r.Photos) != 1 {
		t.Errorf("undecided: %+v, %v", r, err)
	}
}
