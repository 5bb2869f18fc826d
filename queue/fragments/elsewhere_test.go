package fragments_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue/fragments"
)

// TestDepartmentThatHasItNoMore moves nothing of the order, though it was theirs when they looked at it.
func TestDepartmentThatHasItNoMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.bring(o, "1.jpg", files.Image, 0); err != nil {
		t.Fatal(err)
	}
	o = h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Route(ctx, tx, h.lib, o.ID, h.librarian, h.other, noon)
	})
	h.exec(`insert into departments (library_id, name, purposes) values ($1, '{"ru": "Лаборатория"}', '{digitisation}')`, h.lib.ID)
	parts, err := fragments.Parts(t.Context(), h.pool, h.lib.ID, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	before := h.keeper
	before.Department = h.storage
	for name, act := range map[string]func(ctx context.Context, tx pgx.Tx) error{
		"hand over": func(ctx context.Context, tx pgx.Tx) error {
			_, err := fragments.HandOver(ctx, tx, h.lib, o.ID, before, noon)
			return err
		},
		"digitise": func(ctx context.Context, tx pgx.Tx) error {
			_, err := fragments.Digitise(ctx, tx, h.lib, o.ID, before, noon)
			return err
		},
		"refuse": func(ctx context.Context, tx pgx.Tx) error {
			_, err := fragments.Refuse(ctx, tx, h.lib, o.ID, before, fragments.Lost, "", noon)
			return err
		},
		"turn": func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Turn(ctx, tx, h.lib.ID, o.ID, before, parts[0].ID)
		},
		"drop": func(ctx context.Context, tx pgx.Tx) error {
			return fragments.Drop(ctx, tx, h.lib.ID, o.ID, before, parts[0].ID, true)
		},
	} {
		if err := h.try(act); !errors.Is(err, fragments.ErrElsewhere) {
			t.Errorf("%s: %v", name, err)
		}
	}
	now := h.keeper
	now.Department = h.other
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, h.lib, o.ID, now, noon)
	})
}
