package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/bots/email"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// returned is a department's letter while it is divided among orders.
type returned struct {
	*Runner
	lib     library.Library
	letter  email.Stored
	own     fragments.Slip // that the letter answers, or whose code its words name; zero: none
	brought []fragments.Brought
	read    bool // see taken
}

// taken is what came of a letter.
type taken struct {
	some bool // an order got something of it
	left bool // some of it is nobody's
	over bool // it answers the slip of an order that is over
	read bool // it says something that a person has to read
}

// answered is the slip that the letter answers; zero where it answers none.
func (r *Runner) answered(ctx context.Context, lib library.ID, l email.Stored) (fragments.Slip, error) {
	if l.Sent != nil {
		slip, err := fragments.SlipOf(ctx, r.Pool, lib, l.Sent.Conversation, l.Sent.Seq)
		if !errors.Is(err, fragments.ErrNotFound) {
			return slip, err
		}
	}
	o, err := fragments.BySlip(ctx, r.Pool, lib, fragments.SlipNamed(l.Letter.Subject+"\n"+l.Letter.Text))
	if errors.Is(err, fragments.ErrNotFound) {
		return fragments.Slip{}, nil
	}
	return fragments.Slip{Order: o.ID, Department: o.Department}, err
}

// hold locks the conversations of all orders that the letter may bring something for, in the order in which everybody locks them.
func (b *returned) hold(ctx context.Context, tx pgx.Tx) error {
	var orders []fragments.Order
	if b.own.Order != 0 {
		o, err := fragments.ByID(ctx, tx, b.lib.ID, b.own.Order)
		if err != nil {
			return err
		}
		orders = append(orders, o)
	}
	for _, code := range fragments.Slips(b.brought) {
		o, err := fragments.BySlip(ctx, tx, b.lib.ID, code)
		if errors.Is(err, fragments.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		orders = append(orders, o)
	}
	slices.SortFunc(orders, func(x, y fragments.Order) int { return int(x.Conversation - y.Conversation) })
	for _, o := range orders {
		if err := b.Hold(ctx, tx, b.lib.ID, o.Conversation); err != nil {
			return err
		}
	}
	return nil
}

// take gives each order what is its own.
func (b *returned) take(ctx context.Context, tx pgx.Tx) (out taken, err error) {
	if err := b.hold(ctx, tx); err != nil {
		return out, err
	}
	if b.own.Order != 0 {
		may, err := b.writes(ctx, tx, b.own.Department)
		if err != nil {
			return out, err
		}
		if !may {
			b.own = fragments.Slip{}
		}
	}
	lots, err := fragments.Deal(b.brought, b.own.Order, func(code string) (fragments.ID, error) { return b.whose(ctx, tx, code) })
	if err != nil {
		return out, err
	}
	for _, lot := range inOrder(lots) {
		took := false
		if lot.Order != 0 {
			if took, err = b.takeLot(ctx, tx, lot); err != nil {
				return out, err
			}
		}
		out.some, out.left = out.some || took, out.left || !took
	}
	if len(lots) == 0 && b.own.Order != 0 {
		out.some, err = b.takeWords(ctx, tx)
	}
	out.read = b.read
	if err != nil || out.some || b.own.Order == 0 {
		return out, err
	}
	o, err := fragments.ByID(ctx, tx, b.lib.ID, b.own.Order)
	out.over = !o.Open()
	return out, err
}

// writes reports whether the letter's sender writes for the department.
func (b *returned) writes(ctx context.Context, tx pgx.Tx, department int64) (bool, error) {
	if department == 0 {
		return false, nil
	}
	dep, err := queue.DepartmentByID(ctx, tx, b.lib.ID, department)
	return err == nil && dep.Writes(b.letter.Letter.From), err
}

// whose is the order of a slip in a picture, if it is with the department that wrote; the one that the letter answers in any case.
func (b *returned) whose(ctx context.Context, tx pgx.Tx, code string) (fragments.ID, error) {
	o, err := fragments.BySlip(ctx, tx, b.lib.ID, code)
	switch {
	case errors.Is(err, fragments.ErrNotFound):
		return 0, nil
	case err != nil || o.ID == b.own.Order:
		return o.ID, err
	}
	if may, err := b.writes(ctx, tx, o.Department); err != nil || !may {
		return 0, err
	}
	return o.ID, nil
}

// takeLot adds pages to their order. One that is over takes nothing; what it has already was taken before a crash.
func (b *returned) takeLot(ctx context.Context, tx pgx.Tx, lot fragments.Lot) (bool, error) {
	known := false
	for _, one := range lot.Brought {
		_, err := fragments.Bring(ctx, tx, b.lib.ID, lot.Order, one)
		if errors.Is(err, fragments.ErrState) {
			if known, err = fragments.Has(ctx, tx, b.lib.ID, lot.Order, one.File); err == nil && !known {
				return false, nil
			}
		}
		if err != nil {
			return false, err
		}
	}
	if known {
		return true, nil
	}
	if lot.Pages == 0 { // the slip alone
		if lot.Order == b.own.Order {
			_, err := b.takeWords(ctx, tx)
			return true, err
		}
		return true, b.keepWords(ctx, tx, lot.Order)
	}
	return b.handOver(ctx, tx, lot.Order)
}

// handOver ends the department's work on an order to which it has sent pages: each letter may be its last.
func (b *returned) handOver(ctx context.Context, tx pgx.Tx, id fragments.ID) (bool, error) {
	o, err := fragments.ByID(ctx, tx, b.lib.ID, id)
	if err != nil {
		return false, err
	}
	if err := b.note(ctx, tx, o, b.letter.Letter.Text); err != nil {
		return false, err
	}
	by := fragments.ByDepartment(o.Department)
	if o.ID == b.own.Order {
		by = fragments.ByDepartment(b.own.Department)
	}
	_, err = fragments.HandOver(ctx, tx, b.lib, o.ID, by, b.Now())
	switch {
	case errors.Is(err, fragments.ErrNoPages): // the same again, which a librarian has left out
		b.read = true
		return true, nil
	case errors.Is(err, fragments.ErrState), errors.Is(err, fragments.ErrElsewhere): // more pages of what the librarian, or another department, looks at
		err = queue.OrderChanged(ctx, tx, b.lib.ID, int64(o.ID))
	}
	return err == nil, err
}

// deliveryOf names a letter as what brought its files.
func deliveryOf(l email.Stored) string { return fmt.Sprintf("letter %d", l.ID) }
