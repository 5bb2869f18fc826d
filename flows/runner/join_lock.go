package runner

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
)

// lockFree locks the conversations, or is errInHand when somebody else holds one: a turn holds its own already, and may not wait for others out of order.
func (r *Runner) lockFree(ctx context.Context, tx pgx.Tx, t *turn, ids ...contacts.AddressID) ([]locked, error) {
	rows, err := tx.Query(ctx, lockSome+` skip locked`, t.libID, ids)
	if err != nil {
		return nil, fmt.Errorf("lock %d conversations: %w", len(ids), err)
	}
	all, err := pgx.CollectRows(rows, scanLocked)
	if err != nil {
		return nil, fmt.Errorf("lock %d conversations: %w", len(ids), err)
	}
	var exist int
	if err := tx.QueryRow(ctx, `select count(*) from conversations where library_id = $1 and id = any($2)`, t.libID, ids).Scan(&exist); err != nil {
		return nil, fmt.Errorf("count %d conversations: %w", len(ids), err)
	}
	if len(all) == 0 || len(all) < exist {
		return nil, errInHand
	}
	return all, nil
}

// lockFreeOf locks all conversations of the contacts, unless somebody else holds one.
func (r *Runner) lockFreeOf(ctx context.Context, tx pgx.Tx, t *turn, ids ...contacts.ID) ([]locked, error) {
	before, err := contacts.AddressesOf(ctx, tx, t.libID, ids...)
	if err != nil {
		return nil, err
	}
	all, err := r.lockFree(ctx, tx, t, before...)
	if err != nil {
		return nil, err
	}
	after, err := contacts.AddressesOf(ctx, tx, t.libID, ids...)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(before, after) { // a merge came between
		return nil, errInHand
	}
	return all, nil
}
