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
	Self string // where it is fetched again
	Rows []orderRow
	Next string // address of the next stretch; empty: this is the last
}

type orderRow struct {
	Href, Number, Title, Pages, State, Kind string
	Due                                     *moment // nil: it waits for its reader
	Late                                    bool
}

// ordersAtOnce is how many orders one stretch of the list has.
const ordersAtOnce = 50

// listOrders shows the orders that are not over, those due first at the top.
func listOrders(v *visit) error {
	after := queue.ParseCursor(v.query("after"))
	open, err := v.openOrders(after)
	if err != nil {
		return err
	}
	list := ordersView{Self: v.r.URL.RequestURI()}
	for _, o := range open {
		row := orderRow{
			Href: orderAddress(o.ID), Number: v.t("desk_order.number", "number", int64(o.ID)), Title: o.Title, Pages: o.Pages, State: v.orderState(o), Kind: v.orderKind(o.Kind),
			Due: v.orderDue(o),
		}
		row.Late = row.Due != nil && row.Due.Late
		list.Rows = append(list.Rows, row)
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

// openOrders are those that the visitor sees: all, their department's, or of none none.
func (v *visit) openOrders(after queue.Cursor) ([]fragments.Order, error) {
	department := v.session.Staff.Department
	switch {
	case v.may(queue.PermOrders):
		department = 0
	case department == 0:
		return nil, nil
	}
	return fragments.Open(v.ctx(), v.Pool, v.lib.ID, department, after, ordersAtOnce)
}
