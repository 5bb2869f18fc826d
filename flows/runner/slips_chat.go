package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/fragments"
)

// returnPages takes what a department's responsible sends in the chat where they were asked.
func (r *Runner) returnPages(ctx context.Context, tx pgx.Tx, a asked[flows.ReturnPages]) (flows.Answer, error) {
	if len(a.ask.Files) > 0 {
		return r.bringAll(ctx, tx, a)
	}
	over := flows.PagesReturned{Order: a.ask.Order}
	if err := r.holdReaders(ctx, tx, a, fragments.ID(a.ask.Order)); err != nil {
		return nil, err
	}
	slip, err := r.askedHere(ctx, tx, a.key(), fragments.ID(a.ask.Order))
	if errors.Is(err, fragments.ErrNotFound) {
		return over, nil
	}
	if err != nil {
		return nil, err
	}
	o, err := fragments.ByID(ctx, tx, a.libID, slip.Order)
	if err != nil {
		return nil, err
	}
	answer := flows.PagesReturned{OK: true, Order: a.ask.Order, All: a.ask.All}
	switch {
	case a.ask.All:
		if err = fragments.ForgetShown(ctx, tx, a.libID, a.id); err != nil {
			return nil, err
		}
		_, err = fragments.HandOver(ctx, tx, a.lib, o.ID, fragments.ByDepartment(slip.Department), a.now)
		if o.State == fragments.Came { // said twice
			err = nil
		}
	case !endedBy(o, slip): // a button of before
		return over, nil
	default:
		answer.Digitised = a.ask.Reason == flows.ReasonScan
		answer.Refused = !answer.Digitised
		err = r.endBy(ctx, tx, a.lib, o, a.ask.Reason)
	}
	switch {
	case errors.Is(err, fragments.ErrState), errors.Is(err, fragments.ErrElsewhere):
		return over, nil
	case errors.Is(err, fragments.ErrNoPages):
		return flows.PagesReturned{Order: a.ask.Order, Empty: true}, nil
	case errors.Is(err, fragments.ErrDepartment):
		return flows.PagesReturned{Order: a.ask.Order, NoScan: true}, nil
	}
	return answer, err
}

// askedHere is the slip of the order that was sent to the conversation, as long as its person is of the department: ErrNotFound otherwise.
func (r *Runner) askedHere(ctx context.Context, tx pgx.Tx, at key, order fragments.ID) (fragments.Slip, error) {
	slip, err := fragments.SlipIn(ctx, tx, at.lib, at.id, order)
	if err != nil {
		return slip, err
	}
	chats, err := queue.DepartmentChats(ctx, tx, at.lib, slip.Department)
	if err == nil && !slices.Contains(chats, at.id) { // they have left the department, or unbound the chat
		err = fmt.Errorf("slip of order %d: %w", order, fragments.ErrNotFound)
	}
	return slip, err
}

// bringAll adds the files, which were looked at when they came, and the words to the orders: that which the words name, or the slips among the pictures, or the
// slip that was shown here before.
func (r *Runner) bringAll(ctx context.Context, tx pgx.Tx, a asked[flows.ReturnPages]) (flows.Answer, error) {
	brought, err := r.broughtHere(ctx, a)
	if err != nil {
		return nil, err
	}
	own, err := r.meant(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	if err = r.holdReaders(ctx, tx, a, own, fragments.Slips(brought)...); err != nil {
		return nil, err
	}
	answer := flows.PagesReturned{}
	lots, err := fragments.Deal(brought, own, func(code string) (id fragments.ID, err error) {
		id, answer.Astray, err = r.slipShown(ctx, tx, a, code)
		return id, err
	})
	if err != nil {
		return nil, err
	}
	if own == 0 && len(fragments.Slips(brought)) == 0 {
		return flows.PagesReturned{Which: true}, nil
	}
	if len(lots) == 0 { // nothing in the files is a page
		lots = []fragments.Lot{{Order: own}}
	}
	for _, lot := range inOrder(lots) {
		if lot.Order == 0 {
			answer.Strange = true
			continue
		}
		got, ok, err := r.bringLot(ctx, tx, a, lot)
		if err != nil {
			return nil, err
		}
		answer = told(answer, got, ok)
	}
	return answer, nil
}

// meant is the order for which pictures without a slip are: that which the words name, or whose slip was shown before, or the only one. 0 where none is, or
// the one that was shown is over meanwhile.
func (r *Runner) meant(ctx context.Context, tx pgx.Tx, a asked[flows.ReturnPages]) (fragments.ID, error) {
	own := fragments.ID(a.ask.Order)
	if a.ask.Named {
		return own, nil
	}
	shown, wants, err := fragments.Shown(ctx, tx, a.libID, a.id, a.now)
	switch {
	case err != nil || shown == 0:
		return own, err
	case !wants:
		return 0, nil
	}
	return shown, nil
}

// told adds to the answer what an order got, if it took anything.
func told(answer flows.PagesReturned, got flows.PagesOf, ok bool) flows.PagesReturned {
	switch {
	case answer.Order == 0:
		answer.Order, answer.OK, answer.Pages, answer.Slip = got.Order, ok, got.Pages, got.Slip
	case ok:
		answer.More = append(answer.More, got)
	default:
		answer.Strange = true
	}
	return answer
}

// bringLot adds pages to an order that was asked for here; not to one that is over.
func (r *Runner) bringLot(ctx context.Context, tx pgx.Tx, a asked[flows.ReturnPages], lot fragments.Lot) (got flows.PagesOf, ok bool, err error) {
	got = flows.PagesOf{Order: int64(lot.Order), Slip: lot.Pages == 0 && len(lot.Brought) > 0}
	if _, err := r.askedHere(ctx, tx, a.key(), lot.Order); err != nil {
		if errors.Is(err, fragments.ErrNotFound) {
			err = nil
		}
		return got, false, err
	}
	o, err := fragments.ByID(ctx, tx, a.libID, lot.Order)
	if err != nil {
		return got, false, err
	}
	for _, b := range lot.Brought {
		n, err := fragments.Bring(ctx, tx, a.libID, lot.Order, b)
		if errors.Is(err, fragments.ErrState) {
			return got, false, nil
		}
		if err != nil {
			return got, false, err
		}
		got.Pages += n
	}
	return got, true, r.note(ctx, tx, o, a.ask.Text)
}

// slipShown is the order of a slip in a picture, if it was asked for here; what comes later is for it too. Astray says that it wants no pages, or is nobody's
// here: then what comes later is for none.
func (r *Runner) slipShown(ctx context.Context, tx pgx.Tx, a asked[flows.ReturnPages], code string) (id fragments.ID, astray bool, err error) {
	o, err := fragments.BySlip(ctx, tx, a.libID, code)
	if err == nil {
		_, err = r.askedHere(ctx, tx, a.key(), o.ID)
	}
	switch {
	case errors.Is(err, fragments.ErrNotFound):
		return 0, true, fragments.ForgetShown(ctx, tx, a.libID, a.id)
	case err != nil:
		return 0, false, err
	case !o.Open():
		return o.ID, true, fragments.ForgetShown(ctx, tx, a.libID, a.id)
	}
	return o.ID, false, fragments.ShowSlip(ctx, tx, a.libID, a.id, o.ID, a.now)
}

// broughtHere are the message's files as they were looked at.
func (r *Runner) broughtHere(ctx context.Context, a asked[flows.ReturnPages]) ([]fragments.Brought, error) {
	var out []fragments.Brought
	for _, id := range a.ask.Files {
		f, err := r.Store.Find(ctx, a.libID, files.ID(id))
		if err != nil {
			return nil, err
		}
		sheets, err := r.Store.Sheets(ctx, a.libID, f.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, fragments.Brought{
			File: f, Finding: files.Finding{FileID: f.ID, Kind: f.Kind, Pages: f.Pages, Problem: f.Problem, Taken: f.Taken, Sheets: sheets},
			Source: fragments.FromChat, At: a.now, Delivery: messageOf(a.id, a.ask.Files),
		})
	}
	return out, nil
}

// messageOf names what brought files together in a chat: by the first of them, which came once.
func messageOf(conv bots.ConversationID, came []string) string {
	return fmt.Sprintf("chat %d %s", conv, came[0])
}
