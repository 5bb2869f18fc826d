package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

const selectHeld = `select id from tasks where library_id = $1 and id = $2 and state = 'taken' and holder = $3 for share`

const selectOthers = `select exists (select from tasks where library_id = $1 and conversation_id = $2 and holder = $3 and state = 'taken' and id <> $4)`

// HoldsMore reports whether by holds another task of the conversation than this one.
func HoldsMore(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by StaffID, than TaskID) (more bool, err error) {
	if err := tx.QueryRow(ctx, selectOthers, lib, conv, by, than).Scan(&more); err != nil {
		return false, fmt.Errorf("tasks of %d in conversation %d: %w", by, conv, err)
	}
	return more, nil
}

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
