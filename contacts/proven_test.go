package contacts_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

func TestWhoHasProvenAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const phone, mail = "+380500000001", "maria@example.org"
	reader := func(external string, proven bool) contacts.Known {
		k := w.address(external)
		a := w.application(k, "child", "Ivanova Maria")
		a.Email, a.EmailProven, a.Phone, a.PhoneProven = "Maria@example.org", proven, phone, proven
		w.sureApply(a)
		return k
	}
	one, two, blocked := reader("one", true), reader("two", true), reader("blocked", true)
	reader("claims", false)
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.Block(ctx, tx, w.lib, blocked.ID, 7, true, noon)
	})
	other, _ := w.library("second")
	for lib, want := range map[library.ID][]contacts.Chat{w.lib: {{two.ID, w.channel}, {one.ID, w.channel}}, other: nil} {
		if got, err := contacts.ChatsByPhone(t.Context(), w.pool, lib, phone); err != nil || !slices.Equal(got, want) {
			t.Errorf("library %d: chats %v, %v", lib, got, err)
		}
	}
	for lib, want := range map[library.ID][]contacts.ID{w.lib: {one.Contact, two.Contact, blocked.Contact}, other: nil} {
		if got, err := contacts.ByProvenEmail(t.Context(), w.pool, lib, mail); err != nil || !slices.Equal(got, want) {
			t.Errorf("library %d: contacts %v, %v", lib, got, err)
		}
	}
}
