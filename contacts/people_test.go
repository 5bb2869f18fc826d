package contacts_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
)

func TestParties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mother, stranger := w.address("mother"), w.address("stranger")
	mine := w.sureApply(w.application(mother, "self", "Ivanova Maria"))
	child := w.sureApply(w.application(mother, "child", "Ivanov Petr"))
	if err := w.decide(mine.ID, "sent", "done"); err != nil {
		t.Fatal(err)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.SetCard(ctx, tx, w.lib, mine.ReaderID, "000017", "picture")
	})
	gone := w.sureApply(w.application(mother, "child", "Erased"))
	if _, err := w.pool.Exec(t.Context(), `update readers set erased_at = created_at where id = $1`, gone.ReaderID); err != nil {
		t.Fatal(err)
	}
	other, _ := w.library("second")
	keys := []contacts.PartyKey{{Library: w.lib, Address: mother.ID}, {Library: w.lib, Address: stranger.ID}, {Library: other, Address: mother.ID}}
	got := map[contacts.PartyKey]contacts.Party{}
	batch := &pgx.Batch{}
	contacts.QueueParties(batch, keys, got)
	if err := w.pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("%d parties", len(got))
	}
	want := []contacts.Person{
		{ID: mine.ReaderID, Name: "Ivanova Maria", Relation: "self", State: "done", Registration: mine.ID, Card: "000017", Picture: "picture", Consent: "1"},
		{ID: child.ReaderID, Name: "Ivanov Petr", Relation: "child", State: "sent", Registration: child.ID, Consent: "1"},
	}
	if p := got[keys[0]]; p.Contact != mother.Contact || p.Channel != w.channel || p.Name != "name of mother" || !slices.Equal(p.People, want) {
		t.Errorf("mother: %+v", p)
	}
	if p := got[keys[1]]; p.Contact != stranger.Contact || len(p.People) != 0 {
		t.Errorf("stranger: %+v", p)
	}
}

func TestProvenEmail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.address("one")
	add := func(relation, name, mail string, proven bool) contacts.ReaderID {
		a := w.application(k, relation, name)
		a.Email, a.EmailProven = mail, proven
		return w.sureApply(a).ReaderID
	}
	expect := func(when, mail string) {
		t.Helper()
		reach, ok, err := contacts.ProvenEmail(t.Context(), w.pool, w.lib, k.ID)
		if err != nil || ok != (mail != "") || reach.Email != mail {
			t.Errorf("%s: %v, %v, %v", when, reach, ok, err)
		}
	}
	expect("nobody", "")
	add("self", "Mother", "mother@example.org", false)
	expect("unproven", "")
	first := add("child", "First", "family@example.org", true)
	expect("one", "family@example.org")
	add("child", "Second", "Family@example.org", true)
	reach, ok, err := contacts.ProvenEmail(t.Context(), w.pool, w.lib, k.ID)
	if err != nil || !ok {
		t.Errorf("the same address twice: %v, %v, %v", reach, ok, err)
	}
	add("other", "Neighbour", "neighbour@example.org", true)
	expect("two people", "")
	if _, err := w.pool.Exec(t.Context(), `update readers set erased_at = created_at where id <> $1`, first); err != nil {
		t.Fatal(err)
	}
	expect("the others erased", "family@example.org")
}

func TestReadersOfAnotherLibrary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.address("one")
	reg := w.sureApply(w.application(k, "self", "Ivanova Maria"))
	other, _ := w.library("second")
	if _, err := contacts.ReaderByID(t.Context(), w.pool, other, reg.ReaderID); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("reader: %v", err)
	}
	if _, err := contacts.RegistrationByID(t.Context(), w.pool, other, reg.ID); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("registration: %v", err)
	}
	err := w.do(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.SetCard(ctx, tx, other, reg.ReaderID, "1", "")
	})
	if !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("card: %v", err)
	}
	if found, err := contacts.Alike(t.Context(), w.pool, other, reg.ReaderID); !errors.Is(err, contacts.ErrNotFound) || len(found) != 0 {
		t.Errorf("alike: %v, %v", found, err)
	}
	if found, err := contacts.AddressesOfSame(t.Context(), w.pool, other, k.ID); err != nil || len(found) != 0 {
		t.Errorf("addresses: %v, %v", found, err)
	}
	if found, err := contacts.AddressesOfSame(t.Context(), w.pool, w.lib, k.ID); err != nil || !slices.Equal(found, []contacts.AddressID{k.ID}) {
		t.Errorf("addresses: %v, %v", found, err)
	}
}
