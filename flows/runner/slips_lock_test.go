package runner_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

// TestRefusalInAChatLocksTheReaderFirst: while somebody holds the reader's conversation, a department's word in its chat leaves the order free: the desk
// locks both in that order, and neither waits for the other.
func TestRefusalInAChatLocksTheReaderFirst(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.chatting()
	s.await("no slip is owed", func() bool { return s.count(`select count(*) from orders where slip_at is not null`) == 0 })
	s.tx(func(ctx context.Context, tx pgx.Tx) error {
		if err := s.Hold(ctx, tx, s.lib, o.Conversation); err != nil {
			return err
		}
		s.receive(s.instance, s.message("keeper", s.newID(), "утеряна"))
		for range 1500 {
			if _, err := tx.Exec(ctx, `savepoint before`); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `select from orders where id = $1 for update nowait`, o.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `rollback to before`); err != nil {
				return err
			}
		}
		return nil
	})
	s.await("it is refused", func() bool { return s.last().State == fragments.Refused })
}
