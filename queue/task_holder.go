package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

const selectHeld = `select id from tasks where library_id = $1 and id = $2 and state = 'taken' and holder = $3 for share`

// Holding keeps the task in the hands of by until the transaction ends, for an act that leaves it open. ErrNotHolder, ErrDone or ErrNotFound.
func (d *Desk) Holding(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID) error {
	type held struct{ ID TaskID }
	_, err := one[held](ctx, tx, selectHeld, lib, id, by)
	if errors.Is(err, ErrNotFound) {
		err = refusal(ctx, tx, lib, id)
	}
	if err != nil {
		return fmt.Errorf("hold task %d: %w", id, err)
	}
	return nil
}
