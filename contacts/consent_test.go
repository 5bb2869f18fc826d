package contacts_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

func (w *world) agree(given ...contacts.Agreement) (ids []int64, err error) {
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		ids, err = contacts.Agree(ctx, tx, given)
		return err
	})
	return ids, err
}

func TestAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.address("one").Contact, w.address("two").Contact
	given := []contacts.Agreement{
		{w.lib, two, 0, 0, "2", library.English, "words", noon},
		{w.lib, one, 0, 0, "1", library.Russian, "слова", noon},
		{w.lib, one, 0, 0, "3", library.Sakha, "words", noon}, // the same words under another version and language
		{w.lib, two, 0, 0, "2", library.English, "words", noon},
	}
	ids, err := w.agree(given...)
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) != 4 || !slices.IsSorted(ids) {
		t.Fatalf("ids %v", ids)
	}
	for i, id := range ids {
		c, err := contacts.ConsentByID(t.Context(), w.pool, w.lib, id)
		if err != nil || c.Text != given[i].Text || c.Version != given[i].Version || c.Lang != given[i].Lang || !c.At.Equal(noon) || len(c.Hash) != 64 {
			t.Errorf("agreement %d: %+v, %v", i, c, err)
		}
	}
	if n := w.count(`select count(*) from consent_texts`); n != 2 {
		t.Errorf("%d texts", n)
	}
	if n := w.count(`select count(*) from consents where contact_id = $1`, one); n != 2 {
		t.Errorf("%d consents of one", n)
	}
	other, _ := w.library("second")
	if _, err := contacts.ConsentByID(t.Context(), w.pool, other, ids[0]); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("consent of another library: %v", err)
	}
	if none, err := w.agree(); err != nil || len(none) != 0 {
		t.Errorf("nobody agreed: %v, %v", none, err)
	}
}

func TestAgreeTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contact := w.address("one").Contact
	rounds := pgtest.Rounds(t, 10)
	for round := range rounds {
		text := person(round)
		errs := together(8, func(i int) error {
			given := []contacts.Agreement{{w.lib, contact, 0, 0, "1", library.English, text, noon}, {w.lib, contact, 0, 0, "1", library.Russian, text + " more", noon}}
			if i%2 == 1 {
				slices.Reverse(given)
			}
			_, err := w.agree(given...)
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	if texts, all := w.count(`select count(*) from consent_texts`), w.count(`select count(*) from consents`); texts != 2*rounds || all != 16*rounds {
		t.Errorf("%d texts, %d consents", texts, all)
	}
}
