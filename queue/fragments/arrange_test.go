package fragments_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue/fragments"
)

// TestPagesComeInAnyOrder: names that count put the pages in order until a person does (issue 4: parts of a scan in any order).
func TestPagesComeInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ came, want string }{
		{"10.jpg 9.jpg 11.jpg", "9.jpg 10.jpg 11.jpg"},
		{"IMG_20260302_120059.jpg IMG_20260302_120007.jpg", "IMG_20260302_120007.jpg IMG_20260302_120059.jpg"},
		{"page-012.jpg page-3.jpg", "page-3.jpg page-012.jpg"},
		{"photo.jpg scan.jpg", "photo.jpg scan.jpg"},
		{"3.jpg slip.pdf 1.jpg 2.jpg", "1.jpg slip.pdf 2.jpg 3.jpg"},
		{"b2.jpg a1.jpg", "b2.jpg a1.jpg"},
	} {
		h := newHouse(t)
		o, err := h.place(h.wish(h.book, "5", 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(c.came) {
			h.brought(o, name)
		}
		if got := h.names(o); got != c.want {
			t.Errorf("%s came and stand as %s", c.came, got)
		}
	}
}

func TestWhatAPersonArrangedStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	h.brought(o, "2.jpg")
	h.brought(o, "3.jpg")
	parts, err := fragments.Parts(t.Context(), h.pool, h.lib.ID, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.try(func(ctx context.Context, tx pgx.Tx) error {
		return fragments.Move(ctx, tx, h.lib.ID, o.ID, h.librarian, parts[1].ID, 1)
	}); err != nil {
		t.Fatal(err)
	}
	h.brought(o, "1.jpg")
	if got := h.names(o); got != "3.jpg 2.jpg 1.jpg" {
		t.Errorf("they stand as %s", got)
	}
}

func (h *house) brought(o fragments.Order, name string) {
	h.Helper()
	f, found := h.file(name, files.Image, 0)
	err := h.try(func(ctx context.Context, tx pgx.Tx) error {
		_, err := fragments.Bring(ctx, tx, h.lib.ID, o.ID, fragments.Brought{File: f, Finding: found, Source: fragments.FromDesk, At: noon})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) names(o fragments.Order) (names string) {
	h.Helper()
	h.scan(&names, `select string_agg(name, ' ' order by place) from order_parts where order_id = $1`, o.ID)
	return names
}

// TestTrustedDepartment: what it says is all goes out at once, but no more than the rules allow, or than was ordered.
func TestTrustedDepartment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.exec(`update departments set trusted = true where id = $1`, h.storage)
	for _, c := range []struct {
		pages string
		count int
		came  int
		want  fragments.State
	}{{"5", 1, 1, fragments.Making}, {"глава 1", 0, 40, fragments.Came}, {"7", 1, 2, fragments.Came}} {
		o, err := h.place(h.wish(h.book, c.pages, c.count))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.bring(o, "scan.pdf", files.PDF, c.came); err != nil {
			t.Fatal(err)
		}
		o = h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
			return fragments.HandOver(ctx, tx, h.lib, o.ID, h.keeper, noon)
		})
		if o.State != c.want {
			t.Errorf("%s: %s, want %s", c.pages, o.State, c.want)
		}
	}
}
