package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
)

// cancelOrder ends an order that is wanted no more, as the reader said elsewhere.
func cancelOrder(v *visit) error {
	return v.decideOrder(orderDecision{
		did: "cancelled-order",
		act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
			return fragments.Cancel(ctx, tx, v.lib, o.ID, v.actor(), v.at)
		},
		news: func(o fragments.Order) *queue.News { return orderNews(queue.NewsOrderCancelled, o) },
	})
}
