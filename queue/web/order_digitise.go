package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

// digitiseOrder hands the order to those who scan.
func digitiseOrder(v *visit) error {
	return v.decideOrder(orderDecision{did: "digitised", act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		return fragments.Digitise(ctx, tx, v.lib, o.ID, v.actor(), v.at)
	}})
}

// giveBackOrder gives what cannot be scanned back to the department that has the book.
func giveBackOrder(v *visit) error {
	words := v.form("words")
	if problem := v.wordsProblem(words, true); problem != "" {
		return v.orderAgain(problem)
	}
	return v.decideOrder(orderDecision{did: "given-back", act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		return fragments.GiveBack(ctx, tx, v.lib, o.ID, v.actor(), words, v.at)
	}})
}
