package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

// orderDecision is an act on an order: what it changes, and what the reader is told.
type orderDecision struct {
	act  func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error)
	news func(o fragments.Order) *queue.News // nil, or gives nil: nothing
	did  string
	stay bool // on the page of the order
}

// decideOrder carries the act out in one transaction. The conversation is locked first, as turns do. What a colleague works on stays theirs.
func (v *visit) decideOrder(d orderDecision) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	was := o
	err = v.insist(func(ctx context.Context, tx pgx.Tx) error {
		o = was
		if err := v.Hold(ctx, tx, v.lib.ID, o.Conversation); err != nil {
			return err
		}
		if err := queue.FreeOfOrder(ctx, tx, v.lib.ID, int64(o.ID), v.me()); err != nil {
			return err
		}
		var err error
		if o, err = d.act(ctx, tx, o); err != nil {
			return err
		}
		if err := v.tellOrder(ctx, tx, d, o); err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("order", int64(o.ID)), nil)
	})
	if problem := v.orderProblem(err); problem != "" {
		return v.orderAgain(problem)
	}
	if err != nil {
		return err
	}
	if d.stay {
		return v.to(orderAddress(o.ID) + "?did=" + d.did)
	}
	return v.to("/desk?did=" + d.did)
}

// tellOrder tells the reader what was done, where they are told.
func (v *visit) tellOrder(ctx context.Context, tx pgx.Tx, d orderDecision, o fragments.Order) error {
	if d.news == nil {
		return nil
	}
	news := d.news(o)
	if news == nil {
		return nil
	}
	news.Reader = int64(o.Reader)
	return v.Conversations.Tell(ctx, tx, v.lib.ID, o.Conversation, *news)
}

// orderProblem says why an act on an order could not be done; empty when it is something else.
func (v *visit) orderProblem(err error) string {
	var limit *fragments.LimitError
	switch {
	case errors.As(err, &limit):
		return v.t("desk_order.problem_limit", "upto", limit.UpTo)
	case errors.Is(err, fragments.ErrState), errors.Is(err, fragments.ErrElsewhere):
		return v.t("desk_order.problem_state")
	case errors.Is(err, fragments.ErrHandedOver):
		return v.t("desk_order.problem_handed_over")
	case errors.Is(err, fragments.ErrWentOut):
		return v.t("desk_order.problem_went_out")
	case errors.Is(err, fragments.ErrNoPages):
		return v.t("desk_order.problem_pages")
	case errors.Is(err, stock.ErrNotFound):
		return v.t("desk_order.problem_book")
	case errors.Is(err, fragments.ErrDepartment):
		return v.t("desk_order.problem_department")
	case errors.Is(err, errWays):
		return v.t("desk_send.problem_ways")
	case errors.Is(err, queue.ErrInvalid):
		return v.t("desk_order.problem_invalid")
	}
	return v.taskProblem(err)
}

// orderAgain shows the order as it is by now, with what was in the way.
func (v *visit) orderAgain(problem string) error {
	if v.fragment() {
		return v.orderPart(problem)
	}
	o, err := v.order()
	if err != nil {
		return err
	}
	v.problem = problem
	return v.showOrder(o, http.StatusConflict)
}

// orderNews are the fields by which a reader knows their order.
func orderNews(kind string, o fragments.Order) *queue.News {
	return &queue.News{Kind: kind, Fields: map[string]string{"order": o.Code(), "kind": o.Kind, "code": o.Code(), "title": o.Title, "pages": o.Pages}}
}
