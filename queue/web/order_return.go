package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
)

// returnOrder asks the department once more, and says for what.
func returnOrder(v *visit) error {
	words := v.form("words")
	if problem := v.wordsProblem(words, true); problem != "" {
		return v.orderAgain(problem)
	}
	return v.decideOrder(orderDecision{
		did: "asked-again",
		act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
			return fragments.Return(ctx, tx, v.lib, o.ID, v.actor(), words, v.at)
		},
		news: func(o fragments.Order) *queue.News {
			if o.Sent == nil {
				return nil
			}
			return orderNews(queue.NewsOrderAgain, o)
		},
	})
}
