package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

// undoOrder takes the visitor's own last step back.
func undoOrder(v *visit) error {
	return v.decideOrder(orderDecision{did: "undone", stay: true, act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		return fragments.Undo(ctx, tx, v.lib, o.ID, v.actor(), v.at)
	}})
}
