package contacts_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
)

func (w *world) correct(id int64, all ...contacts.Correction) (made []contacts.Correction, err error) {
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		made, err = contacts.Correct(ctx, tx, w.lib, contacts.Corrections{Registration: id, All: all, Reason: "as in the passport", By: 7, At: noon})
		return err
	})
	return made, err
}

// applied is a registration with an address that was proven and two answers.
func (w *world) applied(external, name string) contacts.Registration {
	w.Helper()
	a := w.application(w.address(external), "self", name)
	a.Email, a.EmailProven = "anna@example.org", true
	a.Answers = []contacts.Answer{{Key: "education", Value: "secondary"}, {Key: "title", Value: ""}}
	return w.sureApply(a)
}

func TestCorrectIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reg := w.applied("one", "Ivanova Ana")
	before, err := contacts.Given(t.Context(), w.pool, w.lib, reg.ID)
	if err != nil {
		t.Fatal(err)
	}
	wanted := []contacts.Correction{
		{contacts.KeyName, "Ivanova Ana", "Ivanova Anna"},
		{contacts.KeyPhone, "", "+79141234567"},
		{contacts.AnswerKey("education"), "secondary", "higher"},
		{contacts.AnswerKey("address"), "", "Lenin st. 1"},
		{contacts.KeyBorn, "2015-02-28", "2015-02-27"},
	}
	made, err := w.correct(reg.ID, append(wanted, contacts.Correction{Key: contacts.KeyEmail, Old: "what", New: "anna@example.org"})...)
	if err != nil || !slices.Equal(made, wanted) {
		t.Fatalf("made %v, %v", made, err)
	}
	after, err := contacts.Given(t.Context(), w.pool, w.lib, reg.ID)
	want := []contacts.Value{
		{contacts.KeyName, "Ivanova Anna"},
		{contacts.KeyBorn, "2015-02-27"},
		{contacts.KeyEmail, "anna@example.org"},
		{contacts.KeyPhone, "+79141234567"},
		{contacts.AnswerKey("education"), "higher"},
		{contacts.AnswerKey("title"), ""},
		{contacts.AnswerKey("address"), "Lenin st. 1"},
	}
	if err != nil || !slices.Equal(after, want) {
		t.Errorf("given %v before, %v afterwards, %v", before, after, err)
	}
	if n := w.count(`select count(*) from readers where email_proven and not phone_proven`); n != 1 {
		t.Error("the e-mail, which nobody has touched, is not proven any more")
	}
	if _, err := w.correct(reg.ID, contacts.Correction{Key: contacts.KeyEmail, Old: "anna@example.org", New: "other@example.org"}); err != nil {
		t.Fatal(err)
	}
	if n := w.count(`select count(*) from readers where email_proven or email <> 'other@example.org'`); n != 0 {
		t.Error("the corrected e-mail counts as proven")
	}
	changes, err := contacts.ChangesOf(t.Context(), w.pool, w.lib, reg.ID)
	if err != nil || len(changes) != 6 || changes[0].Old != "Ivanova Ana" || changes[5].New != "other@example.org" || changes[2].Reason != "as in the passport" || changes[2].By != 7 || !changes[2].At.Equal(noon) {
		t.Errorf("journal %+v, %v", changes, err)
	}
}

func TestCorrectRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reg := w.applied("one", "Ivanova Anna")
	name := contacts.Correction{Key: contacts.KeyName, Old: "Ivanova Ann", New: "Petrova Anna"}
	var changed *contacts.ChangedError
	if _, err := w.correct(reg.ID, contacts.Correction{Key: contacts.KeyPhone, New: "+79141234567"}, name); !errors.As(err, &changed) || changed.Now != "Ivanova Anna" || !errors.Is(err, contacts.ErrChanged) {
		t.Errorf("over another value: %v", err)
	}
	if _, err := w.correct(reg.ID, contacts.Correction{Key: contacts.KeyEmail, Old: "anna@example.org"}); !errors.Is(err, contacts.ErrNoAddress) {
		t.Errorf("the only address taken out: %v", err)
	}
	if n := w.count(`select count(*) from field_changes`) + w.count(`select count(*) from readers where phone is not null`); n != 0 {
		t.Errorf("%d traces of what was refused", n)
	}
	name.Old = "Ivanova Anna"
	other, _ := w.library("second")
	if err := w.do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := contacts.Correct(ctx, tx, other, contacts.Corrections{Registration: reg.ID, All: []contacts.Correction{name}, At: noon})
		return err
	}); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("by another library: %v", err)
	}
	if err := w.decide(reg.ID, "sent", "refused"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.correct(reg.ID, name); !errors.Is(err, contacts.ErrState) {
		t.Errorf("when it is over: %v", err)
	}
}

func TestCorrectTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pool = wide(t, w.pool, 8)
	reg := w.applied("one", "Ivanova Ana")
	errs := together(6, func(i int) error {
		_, err := w.correct(reg.ID, contacts.Correction{Key: contacts.KeyName, Old: "Ivanova Ana", New: person(i)})
		return err
	})
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, contacts.ErrChanged):
			t.Error(err)
		}
	}
	if n := w.count(`select count(*) from field_changes`); won != 1 || n != 1 {
		t.Errorf("%d of 6 corrected one name, %d rows in the journal", won, n)
	}
}
