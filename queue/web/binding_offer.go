package web

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"
)

// offerBinding shows the word that, written to the library's bot, makes that conversation the one in which one is told of tasks.
func offerBinding(v *visit) error {
	var word string
	err := v.write(func(ctx context.Context, tx pgx.Tx) (err error) {
		word, err = v.Desk.OfferBinding(ctx, tx, v.session.Staff)
		return err
	})
	if err != nil {
		return err
	}
	return v.showAccount(word, http.StatusOK)
}
