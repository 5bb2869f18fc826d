package web

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
)

// refuseOrder tells the reader why there will be nothing, and what can be done instead.
func refuseOrder(v *visit) error {
	reason, words := v.form("reason"), v.form("words")
	if problem := v.wordsProblem(words, reason == fragments.Other); problem != "" {
		return v.orderAgain(problem)
	}
	return v.decideOrder(orderDecision{
		did: "refused-order",
		act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
			return fragments.Refuse(ctx, tx, v.lib, o.ID, v.actor(), reason, words, v.at)
		},
		news: func(o fragments.Order) *queue.News {
			news := orderNews(queue.NewsOrderRefused, o)
			news.Fields["reason"], news.Fields["words"] = o.Reason, o.Words
			return news
		},
	})
}

// mostWords bounds what staff write about an order, in characters.
const mostWords = 1000

// wordsProblem is what is wrong with words about an order.
func (v *visit) wordsProblem(words string, needed bool) string {
	if words = strings.TrimSpace(words); needed && words == "" || len([]rune(words)) > mostWords {
		return v.t("desk_order.problem_words")
	}
	return ""
}
