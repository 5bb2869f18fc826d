package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

// releaseOrder lets the pages go out to the reader.
func releaseOrder(v *visit) error {
	return v.decideOrder(orderDecision{did: "released-order", act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		return fragments.Release(ctx, tx, v.lib, o.ID, v.actor(), v.form("permit") != "", v.at)
	}})
}
