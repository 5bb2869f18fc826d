package web

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

// routeOrder gives the order to a department.
func routeOrder(v *visit) error {
	department, err := strconv.ParseInt(v.form("department"), 10, 64)
	if err != nil {
		return v.orderAgain(v.t("desk_order.problem_department"))
	}
	return v.decideOrder(orderDecision{did: "routed", act: func(ctx context.Context, tx pgx.Tx, o fragments.Order) (fragments.Order, error) {
		return fragments.Route(ctx, tx, v.lib, o.ID, v.actor(), department, v.at)
	}})
}
