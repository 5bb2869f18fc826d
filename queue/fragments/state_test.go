package fragments_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue/fragments"
)

// TestWhatWasHandedOverIsTheLibrarians: its department only adds to it, until it takes it back.
func TestWhatWasHandedOverIsTheLibrarians(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1.jpg", "2.jpg"} {
		if _, err := h.bring(o, name, files.Image, 0); err != nil {
			t.Fatal(err)
		}
	}
	parts, err := fragments.Parts(t.Context(), h.pool, h.lib.ID, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	deeds := func(by fragments.Actor) map[string]func(ctx context.Context, tx pgx.Tx) error {
		return map[string]func(ctx context.Context, tx pgx.Tx) error{
			"turn": func(ctx context.Context, tx pgx.Tx) error {
				return fragments.Turn(ctx, tx, h.lib.ID, o.ID, by, parts[0].ID)
			},
			"drop": func(ctx context.Context, tx pgx.Tx) error {
				return fragments.Drop(ctx, tx, h.lib.ID, o.ID, by, parts[0].ID, false)
			},
			"move": func(ctx context.Context, tx pgx.Tx) error {
				return fragments.Move(ctx, tx, h.lib.ID, o.ID, by, parts[0].ID, 2)
			},
		}
	}
	refuse := func(by fragments.Actor) error {
		return h.try(func(ctx context.Context, tx pgx.Tx) error {
			_, err := fragments.Refuse(ctx, tx, h.lib, o.ID, by, fragments.Lost, "", noon)
			return err
		})
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, h.lib, o.ID, h.keeper, noon)
	})
	for _, by := range []fragments.Actor{h.keeper, fragments.ByDepartment(h.storage)} {
		for what, do := range deeds(by) {
			if err := h.try(do); !errors.Is(err, fragments.ErrHandedOver) {
				t.Errorf("%s by the department: %v", what, err)
			}
		}
		if err := refuse(by); !errors.Is(err, fragments.ErrHandedOver) {
			t.Errorf("refused by the department: %v", err)
		}
	}
	if _, err := h.bring(o, "late.jpg", files.Image, 0); err != nil {
		t.Errorf("a page more: %v", err)
	}
	for what, do := range deeds(h.librarian) {
		if err := h.try(do); err != nil {
			t.Errorf("%s by the librarian: %v", what, err)
		}
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Undo(ctx, tx, h.lib, o.ID, h.keeper, noon)
	})
	for what, do := range deeds(h.keeper) {
		if err := h.try(do); err != nil {
			t.Errorf("%s, taken back: %v", what, err)
		}
	}
	if err := refuse(h.keeper); err != nil {
		t.Errorf("refused, taken back: %v", err)
	}
}

// TestStepThatWentOutStays: what a department was sent a slip of is not undone, and may be routed on.
func TestStepThatWentOutStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.wish(0, "глава 2", 0)
	w.Title = "Зелёная книга о реках"
	o, err := h.place(w)
	if err != nil {
		t.Fatal(err)
	}
	route := func(to int64) {
		o = h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
			return fragments.Route(ctx, tx, h.lib, o.ID, h.librarian, to, noon)
		})
	}
	seq := 0
	told := func(byLetter bool) {
		t.Helper()
		until := noon.Add(time.Minute)
		claimed, found, err := fragments.ClaimSlip(t.Context(), h.pool, noon, until)
		if err != nil || !found {
			t.Fatalf("claimed %v, %v", found, err)
		}
		var slips []fragments.Slip
		if seq++; byLetter {
			slips = []fragments.Slip{{Conversation: h.conv, Seq: seq, Order: o.ID, Department: o.Department}}
		}
		if err := h.try(func(ctx context.Context, tx pgx.Tx) error {
			return fragments.SlipSent(ctx, tx, claimed, until, nil, slips...)
		}); err != nil {
			t.Fatal(err)
		}
	}
	undo := func() error {
		_, offered := fragments.Undoable(t.Context(), h.pool, h.lib.ID, o.ID, h.librarian.Staff)
		err := h.try(func(ctx context.Context, tx pgx.Tx) (err error) {
			_, err = fragments.Undo(ctx, tx, h.lib, o.ID, h.librarian, noon)
			return err
		})
		if (err == nil) != (offered == nil) {
			t.Errorf("offered %v, undone %v", offered, err)
		}
		return err
	}
	route(h.other)
	told(false) // it works at the desk
	if err := undo(); err != nil {
		t.Errorf("before anything went out: %v", err)
	}
	route(h.other)
	told(true)
	if err := undo(); !errors.Is(err, fragments.ErrWentOut) {
		t.Errorf("after the letter: %v", err)
	}
	route(h.storage)
	if err := undo(); err != nil {
		t.Errorf("the next step: %v", err)
	}
	if err := undo(); !errors.Is(err, fragments.ErrWentOut) {
		t.Errorf("the one before it: %v", err)
	}
}
