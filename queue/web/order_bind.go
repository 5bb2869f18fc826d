package web

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

// bookView is which book of the catalogue an order is for.
type bookView struct {
	Order fragments.ID
	Title string     // in the reader's words
	Is    string     // as the catalogue describes it; empty: it is not known which
	Words string     // what was looked for
	Found []choiceOf // editions to choose from
}

// booksAtOnce is how many editions are shown to choose from.
const booksAtOnce = 10

// fillBook adds which book it is, and what was found by the words in the address.
func (v *visit) fillBook(out *orderView, o fragments.Order) error {
	if !o.Open() || !v.may(queue.PermOrders) {
		return nil
	}
	out.Book = &bookView{Order: o.ID, Title: o.Title, Words: strings.TrimSpace(v.query("book"))}
	if out.Book.Words != "" {
		out.Self += "?book=" + url.QueryEscape(out.Book.Words)
	}
	return v.write(func(ctx context.Context, tx pgx.Tx) error {
		if o.Edition != 0 {
			is, err := stock.GetIn(ctx, tx, v.lib.ID, o.Edition)
			if err != nil && !errors.Is(err, stock.ErrNotFound) { // taken out of the catalogue meanwhile
				return err
			}
			out.Book.Is = is.Description
		}
		if out.Book.Words == "" {
			return nil
		}
		found, err := stock.SearchIn(ctx, tx, v.lib.ID, out.Book.Words, booksAtOnce)
		for _, e := range found {
			out.Book.Found = append(out.Book.Found, choiceOf{Value: strconv.FormatInt(int64(e.ID), 10), Label: e.Description})
		}
		return err
	})
}

// bindOrder says which book of the catalogue the order is for.
func bindOrder(v *visit) error {
	edition, err := strconv.ParseInt(v.form("edition"), 10, 64)
	if err != nil {
		return v.orderAgain(v.t("desk_order.problem_book"))
	}
	return v.decideOrder(orderDecision{did: "bound", stay: true, act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		return fragments.Bind(ctx, tx, v.lib, o.ID, v.actor(), stock.EditionID(edition), v.form("permit") != "", v.at)
	}})
}
