package web

import (
	"net/http"

	"librarian/queue"
	"librarian/queue/fragments"
)

type ordersPage struct {
	frame
	List ordersView
}

// ordersView is a stretch of the list of open orders.
type ordersView struct {
	Rows []orderRow
	Next string // address of the next stretch; empty: this is the last
}

type orderRow struct {
	Href, Number, Title, Pages, State, Kind string
	Due                                     *moment
}

// ordersAtOnce is how many orders one stretch of the list has.
const ordersAtOnce = 50

// listOrders shows the orders that are not over, those due first at the top.
func listOrders(v *visit) error {
	after := queue.ParseCursor(v.query("after"))
	open, err := fragments.Open(v.ctx(), v.Pool, v.lib.ID, v.ordersOf(), after, ordersAtOnce)
	if err != nil {
		return err
	}
	var list ordersView
	for _, o := range open {
		list.Rows = append(list.Rows, orderRow{
			Href: orderAddress(o.ID), Number: v.t("desk_order.number", "number", int64(o.ID)), Title: o.Title, Pages: o.Pages, State: v.orderState(o), Kind: v.orderKind(o.Kind),
			Due: v.due(o.Due),
		})
	}
	if len(open) == ordersAtOnce {
		last := open[len(open)-1]
		list.Next = "/desk/orders?after=" + queue.Cursor{At: last.Due, ID: queue.TaskID(last.ID)}.String()
	}
	if v.fragment() {
		return v.part("orders", list)
	}
	page := ordersPage{List: list}
	if page.frame, err = v.frame(v.ctx(), v.t("desk_order.list_title")); err != nil {
		return err
	}
	return v.show("orders", http.StatusOK, page)
}

// ordersOf is the department whose orders the visitor sees; 0: all.
func (v *visit) ordersOf() int64 {
	if v.may(queue.PermOrders) {
		return 0
	}
	return v.session.Staff.Department
}
