package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

// handOverOrder says that the department has brought all.
func handOverOrder(v *visit) error {
	return v.decideOrder(orderDecision{did: "handed-over", act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, v.lib, o.ID, v.actor(), v.at)
	}})
}
