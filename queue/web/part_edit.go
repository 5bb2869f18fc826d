package web

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
	"librarian/queue/fragments"
)

// editPart changes one page of an order and shows them all again.
func (v *visit) editPart(change func(ctx context.Context, tx pgx.Tx, order fragments.ID, part int64) error) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	part, err := v.partID()
	if err != nil {
		return err
	}
	err = v.insist(func(ctx context.Context, tx pgx.Tx) error {
		if err := queue.FreeOfOrder(ctx, tx, v.lib.ID, int64(o.ID), v.me()); err != nil {
			return err
		}
		if err := change(ctx, tx, o.ID, part); err != nil {
			return err
		}
		if v.may(queue.PermOrders) { // who begins to arrange has the task: the department takes nothing back from now on
			if err := v.Desk.BeginCheck(ctx, tx, v.lib.ID, int64(o.ID), v.me()); err != nil {
				return err
			}
		}
		return v.partChanged(ctx, tx, o)
	})
	if problem := v.orderProblem(err); problem != "" {
		return v.orderAgain(problem)
	}
	if err != nil {
		return err
	}
	if v.fragment() {
		return v.orderPart("")
	}
	return v.to(orderAddress(o.ID) + "#part-" + strconv.FormatInt(part, 10))
}

func (v *visit) partID() (int64, error) {
	part, err := strconv.ParseInt(v.r.PathValue("part"), 10, 64)
	if err != nil || part <= 0 {
		return 0, errMissing
	}
	return part, nil
}

// turnPart turns a page a quarter clockwise.
func turnPart(v *visit) error {
	return v.editPart(func(ctx context.Context, tx pgx.Tx, order fragments.ID, part int64) error {
		return fragments.Turn(ctx, tx, v.lib.ID, order, v.actor(), part)
	})
}

// dropPart leaves a page out, or takes it in again.
func dropPart(v *visit) error {
	return v.editPart(func(ctx context.Context, tx pgx.Tx, order fragments.ID, part int64) error {
		return fragments.Drop(ctx, tx, v.lib.ID, order, v.actor(), part, v.form("out") != "")
	})
}

// movePart puts a page at another place.
func movePart(v *visit) error {
	place, err := strconv.Atoi(v.form("place"))
	if err != nil {
		return errForm
	}
	return v.editPart(func(ctx context.Context, tx pgx.Tx, order fragments.ID, part int64) error {
		return fragments.Move(ctx, tx, v.lib.ID, order, v.actor(), part, place)
	})
}
