package fragments

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

const (
	lateOrders = `select ` + orderColumns + ` from orders o where o.library_id = any($1) and o.due_at < $2 and o.state in ('new', 'asked', 'came') and o.question = ''
and o.late_told_at is null order by o.due_at limit $3`
	tellLate = `update orders set late_told_at = $3, hoped_at = $4 where library_id = $1 and id = $2 and due_at < $3 and state in ('new', 'asked', 'came')
and question = '' and late_told_at is null`
)

// Late gives orders of the libraries whose promise is past and whose readers do not know of it, at most limit. One that waits for its reader is not late.
func Late(ctx context.Context, db contacts.DB, libs []library.ID, now time.Time, limit int) ([]Order, error) {
	return list(ctx, db, "late orders", lateOrders, libs, now, limit)
}

// ToldLate notes that the reader is told, once for each promise, and gives by when the order is hoped for: in as much working time of who has it as was
// promised in the first place. ErrState when it is not late any more, or another process was faster. The caller holds the conversation.
func ToldLate(ctx context.Context, tx pgx.Tx, lib library.Library, o Order, now time.Time) (time.Time, error) {
	hours, err := hoursOf(ctx, tx, lib, o.Department)
	if err != nil {
		return time.Time{}, err
	}
	hoped := lib.DueBy(hours, now, lib.Settings.Work(o.Kind))
	tag, err := tx.Exec(ctx, tellLate, lib.ID, o.ID, now, hoped)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrState
	}
	if err != nil {
		return hoped, fmt.Errorf("order %d is late: %w", o.ID, err)
	}
	return hoped, nil
}
