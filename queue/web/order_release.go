package web

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

const releasedOrder = "order.released"

// errWays means that nothing was ticked of where the order can go, or what is the reader's no more.
var errWays = errors.New("nowhere to send the order")

// releaseOrder lets the pages go out to the reader, by the ways that were ticked.
func releaseOrder(v *visit) error {
	return v.decideOrder(orderDecision{did: "released-order", act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		ways, err := v.chosenWays(ctx, tx, o)
		if err != nil {
			return o, err
		}
		out, err := fragments.Release(ctx, tx, v.lib, o.ID, v.actor(), v.form("permit") != "", v.at)
		if err != nil || len(ways) == 0 {
			return out, err
		}
		return out, fragments.SendTo(ctx, tx, out, ways, v.at)
	}})
}
