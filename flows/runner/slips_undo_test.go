package runner_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// TestUndoneHandOverAsksNobodyTwice: who takes the hand-over back gets no second slip; a slip that had not gone when it was handed over goes now.
func TestUndoneHandOverAsksNobodyTwice(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.chatting()
	by := fragments.Actor{Role: queue.RoleDepartment, Department: s.department}
	s.scan(&by.Staff, `select id from staff where login = 'keeper'`)
	slips := func() int { return s.count(`select count(*) from order_slips where order_id = $1`, o.ID) }
	sent := func() {
		s.Helper()
		s.await("no slip is owed", func() bool { return s.count(`select count(*) from orders where slip_at is not null`) == 0 })
	}
	sent()
	undone := func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		if _, err := fragments.HandOver(ctx, tx, lib, o.ID, by, s.Now()); err != nil {
			return err
		}
		_, err := fragments.Undo(ctx, tx, lib, o.ID, by, s.Now())
		return err
	}
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		if _, err := fragments.Bring(ctx, tx, lib.ID, o.ID, s.page("1.jpg", 90)); err != nil {
			return err
		}
		return undone(ctx, tx, lib)
	})
	sent()
	if n := slips(); n != 1 || s.last().State != fragments.Asked {
		t.Errorf("%d slips of an order that is %s", n, s.last().State)
	}
	s.pass(time.Second)
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		if _, err := fragments.HandOver(ctx, tx, lib, o.ID, by, s.Now()); err != nil {
			return err
		}
		if _, err := fragments.Return(ctx, tx, lib, o.ID, s.librarian, "ещё раз", s.Now()); err != nil {
			return err
		}
		return undone(ctx, tx, lib)
	})
	sent()
	if n := slips(); n != 2 {
		t.Errorf("%d slips after it was returned", n)
	}
}
