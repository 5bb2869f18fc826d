package fragments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

const (
	askedSince = `select at from order_steps where library_id = $1 and order_id = $2 and became = 'asked' and act <> 'undo' and not undone order by id desc limit 1`
	slipsTo    = `select conversation_id as conversation, seq from order_slips where library_id = $1 and order_id = $2 and department_id = $3`
)

// owesSlip reports whether the order's department, to which it comes back, has still to be asked: not when a slip has gone there since it was given or
// returned to it last.
func (o Order) owesSlip(ctx context.Context, tx pgx.Tx) (bool, error) {
	if o.State != Asked {
		return false, nil
	}
	var since time.Time
	err := tx.QueryRow(ctx, askedSince, o.Library, o.ID).Scan(&since)
	if errors.Is(err, pgx.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("since when order %d is asked for: %w", o.ID, err)
	}
	rows, err := tx.Query(ctx, slipsTo, o.Library, o.ID, o.Department)
	if err != nil {
		return false, fmt.Errorf("slips of order %d: %w", o.ID, err)
	}
	slips, err := pgx.CollectRows(rows, pgx.RowToStructByName[bots.Place])
	if err != nil {
		return false, fmt.Errorf("slips of order %d: %w", o.ID, err)
	}
	asked, err := bots.WrittenSince(ctx, tx, o.Library, since, slips)
	return !asked, err
}
