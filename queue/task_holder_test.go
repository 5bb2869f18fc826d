package queue_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

func TestHoldingWhileActing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	id := h.open(h.lib, queue.RoleLibrarian, 1)[0]
	holding := func(by queue.StaffID, work func(ctx context.Context, tx pgx.Tx) error) error {
		return pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
			if err := h.Holding(t.Context(), tx, h.lib, id, by); err != nil {
				return err
			}
			return work(t.Context(), tx)
		})
	}
	nothing := func(context.Context, pgx.Tx) error { return nil }

	want(t, "held by nobody", holding(anna.ID, nothing), queue.ErrNotHolder)
	_, err := h.Take(t.Context(), h.lib, id, anna.ID)
	want(t, "take", err, nil)
	want(t, "held by another", holding(boris.ID, nothing), queue.ErrNotHolder)
	want(t, "another library's", pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		return h.Holding(t.Context(), tx, h.lib+1000, id, anna.ID)
	}), queue.ErrNotFound)
	want(t, "held", holding(anna.ID, func(ctx context.Context, _ pgx.Tx) error {
		if err := pgx.BeginFunc(ctx, h.pool, func(other pgx.Tx) error {
			if _, err := other.Exec(ctx, `set local lock_timeout = '100ms'`); err != nil {
				return err
			}
			return h.Finish(ctx, other, h.lib, id, anna.ID, "done")
		}); err == nil {
			t.Error("the task is finished in the middle of an act")
		}
		return nil
	}), nil)
	want(t, "finish", pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		return h.Finish(t.Context(), tx, h.lib, id, anna.ID, "done")
	}), nil)
	want(t, "done", holding(anna.ID, nothing), queue.ErrDone)
}
