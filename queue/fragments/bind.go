package fragments

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/stock"
)

const bindOrder = `update orders set edition_id = $3, permit = permit or $4 where library_id = $1 and id = $2`

// Bind says which edition the order is for that its reader described in words, or found wrongly: its copies stand on the slip, and all that the reader orders
// of it counts together. A *LimitError where that is more than the rules allow, unless it is permitted; ErrState when the order is over; the errors of
// stock.GetIn.
func Bind(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, edition stock.EditionID, permit bool, now time.Time) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	switch {
	case !o.Open():
		err = ErrState
	case by.Who != byStaff || !by.Role.May(queue.PermOrders):
		err = queue.ErrNotAllowed
	}
	if err != nil {
		return o, fmt.Errorf("bind order %d: %w", id, err)
	}
	if err := holdReader(ctx, tx, lib.ID, o.Reader); err != nil {
		return o, err
	}
	book, err := stock.GetIn(ctx, tx, lib.ID, edition)
	if err != nil {
		return o, err
	}
	o.Edition, o.Permit = edition, o.Permit || permit
	if err := meter(ctx, tx, lib, o, book, o.Count, o.Permit); err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, bindOrder, lib.ID, id, edition, permit); err != nil {
		return o, fmt.Errorf("bind order %d to edition %d: %w", id, edition, err)
	}
	if _, err := tx.Exec(ctx, insertStep, lib.ID, id, now, by.Staff, ActBind, o.State, o.State, o.Department); err != nil {
		return o, fmt.Errorf("note that order %d was bound: %w", id, err)
	}
	return o, queue.OrderChanged(ctx, tx, lib.ID, int64(id))
}

// Holders proposes the departments that have copies of the order's edition, the likeliest first; none for an order in words.
func Holders(ctx context.Context, tx pgx.Tx, o Order) ([]queue.Proposal, error) {
	if o.Edition == 0 {
		return nil, nil
	}
	book, err := stock.GetIn(ctx, tx, o.Library, o.Edition)
	if err != nil {
		return nil, err
	}
	return queue.Route(ctx, tx, o.Library, shelved(book))
}

// shelved are siglum and fund of the book's copies that are in.
func shelved(book stock.Edition) (copies [][2]string) {
	for _, c := range book.Copies {
		if c.State == stock.In {
			copies = append(copies, [2]string{c.Siglum, c.Fund})
		}
	}
	return copies
}
