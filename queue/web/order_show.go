package web

import (
	"net/http"

	"librarian/queue/fragments"
)

type orderPage struct {
	frame
	Order *orderView
}

// showOrder is the page of one order.
func showOrder(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	return v.showOrder(o, http.StatusOK)
}

func (v *visit) showOrder(o fragments.Order, status int, notes ...orderNote) error {
	view, err := v.orderView(o)
	if err != nil {
		return err
	}
	view.Notes = notes
	if v.changes() {
		view.Typed = typedOrder{Act: v.route.act, Words: v.form("words"), Reason: v.form("reason")}
	}
	page := orderPage{Order: view}
	if page.frame, err = v.frame(v.ctx(), view.Kind); err != nil {
		return err
	}
	return v.show("order", status, page)
}

// showOrderPart gives what is shown of an order again.
func showOrderPart(v *visit) error { return v.orderPart("") }

func (v *visit) orderPart(problem string, notes ...orderNote) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	view, err := v.orderView(o)
	if err != nil {
		return err
	}
	view.Problem, view.Notes = problem, notes
	return v.part("order", view)
}
