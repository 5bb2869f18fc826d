package fragments_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue/fragments"
)

// TestPagesAreNotKeptForEver: what went out before the term is forgotten, with the pages it was made of; what is open stays, and so does each step.
func TestPagesAreNotKeptForEver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	sent, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	open, err := h.place(h.wish(h.book, "6", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []fragments.Order{sent, open} {
		if _, err := h.bring(o, "1.jpg", files.Image, 0); err != nil {
			t.Fatal(err)
		}
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, h.lib, sent.ID, h.keeper, noon)
	})
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Release(ctx, tx, h.lib, sent.ID, h.librarian, false, noon)
	})
	h.made(sent)
	// A letter brought one file for both: it goes with the last of them.
	shared, _ := h.file("for both", files.PDF, 2)
	for _, o := range []fragments.Order{sent, open} {
		h.exec(`insert into order_parts (library_id, order_id, file_id, sheet, sha256, name, place, source, came_at) values ($1, $2, $3, 9, 'both', 'both', 9, 'email', $4)`,
			h.lib.ID, o.ID, shared.ID, noon)
	}
	past := func(before time.Time) (n int) {
		err := h.try(func(ctx context.Context, tx pgx.Tx) error {
			gone, err := fragments.Past(ctx, tx, h.lib.ID, before, 10)
			n = len(gone)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := past(noon); n != 0 {
		t.Errorf("%d files are past a term that is not over", n)
	}
	if n := past(noon.Add(time.Hour)); n != 2 {
		t.Errorf("%d files are past their term, want the PDF and its page", n)
	}
	if n := past(noon.Add(time.Hour)); n != 0 {
		t.Errorf("%d files are past their term twice", n)
	}
	o, err := fragments.ByID(t.Context(), h.pool, h.lib.ID, sent.ID)
	if err != nil || o.State != fragments.Sent || len(o.Files) != 0 {
		t.Errorf("the order is %+v, %v", o, err)
	}
	parts, err := fragments.Parts(t.Context(), h.pool, h.lib.ID, open.ID)
	if err != nil || len(parts) != 2 {
		t.Errorf("an open order has %d pages, %v", len(parts), err)
	}
}
