package web

import (
	"context"
	"html/template"
	"net/http"

	"github.com/boombuler/barcode/qr"
	"github.com/jackc/pgx/v5"

	"librarian/queue/fragments"
)

type slipPage struct {
	frame
	Held       fragments.Held
	Number     string
	Pages      string
	Want       string
	Again      string
	Due        string // date and time: paper tells no "in two hours"; empty: nothing is waited for
	Department string
	QR         template.URL
	Code       string // the same in letters
	Order      string // address
}

// showSlip is the slip of an order, to be printed where the department works at the desk.
func showSlip(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	page := slipPage{
		Number: v.t("desk_order.number", "number", int64(o.ID)), Pages: o.Pages, Want: v.orderWant(o.Want), Again: o.Again, Code: o.SlipCode(), Order: orderAddress(o.ID),
	}
	if due := v.orderDue(o); due != nil {
		page.Due = due.Exact
	}
	if err := v.write(func(ctx context.Context, tx pgx.Tx) (err error) {
		page.Held, err = fragments.HeldIn(ctx, tx, o)
		return err
	}); err != nil {
		return err
	}
	if o.Department != 0 {
		department, err := v.Desk.GetDepartment(v.ctx(), v.lib.ID, o.Department)
		if err != nil {
			return err
		}
		page.Department = department.Title(v.lang, v.lib.RecordLang())
	}
	if page.QR, err = qrCode(o.SlipMark(), qr.M); err != nil {
		return err
	}
	if page.frame, err = v.frame(v.ctx(), v.t("slip_print.title")+" "+page.Number); err != nil {
		return err
	}
	return v.show("slip", http.StatusOK, page)
}
