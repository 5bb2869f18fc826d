package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
)

// askAboutOrder puts a question to the reader; the promise waits for the answer.
func askAboutOrder(v *visit) error {
	words := v.form("words")
	if problem := v.wordsProblem(words, true); problem != "" {
		return v.orderAgain(problem)
	}
	return v.decideOrder(orderDecision{
		did: "asked-reader", stay: true,
		act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
			return fragments.Ask(ctx, tx, v.lib, o.ID, words, v.at)
		},
		news: func(o fragments.Order) *queue.News {
			news := orderNews(queue.NewsOrderQuestion, o)
			news.Fields["words"] = o.Question
			return news
		},
	})
}
