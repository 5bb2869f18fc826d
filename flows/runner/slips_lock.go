package runner

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/flows"
	"librarian/queue/fragments"
)

// holdReaders locks the conversations in which the orders were placed, before any of the orders: others lock them so too. A turn does not wait for them.
func (r *Runner) holdReaders(ctx context.Context, tx pgx.Tx, a asked[flows.ReturnPages], own fragments.ID, codes ...string) error {
	var ids []contacts.AddressID
	add := func(o fragments.Order, err error) error {
		if err == nil {
			ids = append(ids, contacts.AddressID(o.Conversation))
		}
		if errors.Is(err, fragments.ErrNotFound) {
			return nil
		}
		return err
	}
	if own != 0 {
		if err := add(fragments.ByID(ctx, tx, a.libID, own)); err != nil {
			return err
		}
	}
	for _, code := range codes {
		if err := add(fragments.BySlip(ctx, tx, a.libID, code)); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := r.lockFree(ctx, tx, a.turn, ids...)
	return err
}

// inOrder puts the lots as their orders are locked: by number.
func inOrder(lots []fragments.Lot) []fragments.Lot {
	slices.SortStableFunc(lots, func(x, y fragments.Lot) int { return cmp.Compare(x.Order, y.Order) })
	return lots
}
