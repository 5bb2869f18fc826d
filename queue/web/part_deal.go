package web

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue"
	"librarian/queue/fragments"
)

// bringing is one upload: a photo of a slip in it says for which order the pictures after it are.
type bringing struct {
	*visit
	page     fragments.ID // of the order on whose page it is
	order    fragments.ID // for which the next picture is; 0: of a slip that is nobody's here
	delivery string
	problem  string
	others   []fragments.ID       // that got pages too, as they came
	got      map[fragments.ID]int // by them
	slip     bool                 // the page's own was among the pictures
	foreign  bool                 // a slip of nobody's here was
	strange  int                  // pages that stand behind one
}

// take gives the pages of a file to the orders whose they are.
func (b *bringing) take(file files.File, finding files.Finding) error {
	one := fragments.Brought{File: file, Finding: finding, Source: fragments.FromDesk, Staff: b.me(), At: b.at, Delivery: b.delivery}
	lots, err := fragments.Deal([]fragments.Brought{one}, b.order, func(code string) (_ fragments.ID, err error) {
		b.order, err = b.whose(code)
		b.slip = b.slip || err == nil && b.order == b.page
		return b.order, err
	})
	if err != nil {
		return err
	}
	if len(lots) == 0 {
		b.problem = b.t("desk_order.problem_file", "name", file.Name)
	}
	for _, lot := range lots {
		if lot.Order == 0 {
			b.foreign, b.strange = true, b.strange+lot.Pages
			continue
		}
		if err := b.add(lot); err != nil {
			return err
		}
	}
	return nil
}

// add gives pages to one order.
func (b *bringing) add(lot fragments.Lot) error {
	pages := 0
	err := b.insist(func(ctx context.Context, tx pgx.Tx) error {
		pages = 0
		for _, one := range lot.Brought {
			n, err := fragments.Bring(ctx, tx, b.lib.ID, lot.Order, one)
			if err != nil {
				return err
			}
			pages += n
		}
		if err := b.audit(ctx, tx, b.object("order", int64(lot.Order)), nil); err != nil {
			return err
		}
		return queue.OrderChanged(ctx, tx, b.lib.ID, int64(lot.Order))
	})
	if problem := b.orderProblem(err); problem != "" {
		b.problem = problem
		return nil
	}
	if err == nil && lot.Order != b.page {
		if b.got == nil {
			b.got = map[fragments.ID]int{}
		}
		if _, known := b.got[lot.Order]; !known {
			b.others = append(b.others, lot.Order)
		}
		b.got[lot.Order] += pages
	}
	return err
}

// whose is the order of a slip, if it is open and the visitor's to see: a department's own.
func (b *bringing) whose(code string) (fragments.ID, error) {
	o, err := fragments.BySlip(b.ctx(), b.Pool, b.lib.ID, code)
	mine := b.session.Staff.Department
	switch {
	case errors.Is(err, fragments.ErrNotFound):
		return 0, nil
	case err != nil || !o.Open() || !b.may(queue.PermOrders) && (mine == 0 || o.Department != mine):
		return 0, err
	}
	return o.ID, nil
}

// notes say what became of what is not on this page.
func (b *bringing) notes() (out []orderNote) {
	if b.slip {
		out = append(out, orderNote{Text: b.t("desk_slip.seen")})
	}
	for _, id := range b.others {
		out = append(out, orderNote{Text: b.t("desk_slip.moved", "count", b.got[id], "number", int64(id)), Href: orderAddress(id)})
	}
	if b.foreign {
		out = append(out, orderNote{Text: b.t("desk_slip.strange", "count", max(b.strange, 1)), Care: true}) // alone the slip itself
	}
	return out
}

// orderNote is a line above an order.
type orderNote struct {
	Text string
	Href string // empty: none
	Care bool
}
