package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

// orderView is an order as its page and those of its tasks show it.
type orderView struct {
	ID           fragments.ID
	Self         string // where the part is fetched again
	Problem      string
	Notes        []orderNote // of what was brought just now
	Number, Kind string
	State        string
	Ended        bool
	Title, Pages string
	Count        int
	Want         string
	Permit       bool
	Unmeasured   bool   // there are more pages than were ordered, or nobody said how many
	Reader       string // empty: not this visitor's to see
	Due          *moment
	Department   string
	Question     string
	AskedAt      *moment
	Said         string // by the reader and colleagues
	Reason       string
	Words        string
	Book         *bookView  // which book it is; nil: not this visitor's to say
	Departments  []choiceOf // to choose from; none: it is not for this visitor to choose
	Reasons      []choiceOf
	Parts        []partView
	Left         int // pages that are not dropped
	Steps        []stepView
	May          orderActs
	Typed        typedOrder // what stays in its form when an act could not be done
	Results      []string   // addresses of the PDF that was sent, in its parts
	Ways         []wayView  // to choose from; none: there is only one
	Sends        []sendView
}

// typedOrder is what the visitor had typed for the act.
type typedOrder struct{ Act, Words, Reason string }

// orderActs are what the visitor can do to the order as it stands.
type orderActs struct {
	Bring, Arrange, Digitise, GiveBack, HandOver, Return, Release, Refuse, Ask, Cancel, Undo bool
}

// partView is one page that came.
type partView struct {
	Order   fragments.ID
	ID      int64
	Number  int // in the PDF to be; 0: dropped
	Place   int // among all that came
	Last    bool
	Name    string
	Preview bool
	Turn    int // quarters clockwise
	Dropped bool
	Slip    bool // it shows the slip, and is left out for that
	How     string
	Came    *moment
	Arrange bool
}

type stepView struct {
	At        *moment
	Act, Name string
	Undone    bool
}

// actor is the visitor as an order knows them.
func (v *visit) actor() fragments.Actor {
	by := fragments.Actor{Staff: v.me(), Role: v.session.Staff.Role}
	if !v.may(queue.PermOrders) {
		by.Department = v.session.Staff.Department
	}
	return by
}

// order is the one in the address, if it is the visitor's to see: a department sees its own.
func (v *visit) order() (fragments.Order, error) {
	id, err := v.id()
	if err != nil {
		return fragments.Order{}, err
	}
	o, err := fragments.ByID(v.ctx(), v.Pool, v.lib.ID, fragments.ID(id))
	if mine := v.session.Staff.Department; err == nil && !v.may(queue.PermOrders) && (mine == 0 || o.Department != mine) {
		err = errMissing
	}
	return o, err
}

func orderAddress(id fragments.ID) string {
	return "/desk/orders/" + strconv.FormatInt(int64(id), 10)
}

// orderView gathers what is shown of the order.
func (v *visit) orderView(o fragments.Order) (*orderView, error) {
	out := &orderView{
		ID: o.ID, Self: orderAddress(o.ID) + "/part", Number: v.t("desk_order.number", "number", int64(o.ID)), Kind: v.orderKind(o.Kind), State: v.orderState(o),
		Ended: !o.Open() && o.State != fragments.Making, Title: o.Title, Pages: o.Pages, Count: o.Count, Want: v.orderWant(o.Want), Permit: o.Permit,
		Due: v.orderDue(o), Question: o.Question, Reason: v.orderReason(o.Reason), Words: o.Words,
	}
	if o.AskedAt != nil {
		out.AskedAt = v.ago(*o.AskedAt)
	}
	for i := range o.Files {
		if !v.may(queue.PermOrders) { // its first page says for whom it is
			break
		}
		out.Results = append(out.Results, fmt.Sprintf("%s/sent/%d", orderAddress(o.ID), i+1))
	}
	said, err := queue.LastNote(v.ctx(), v.Pool, v.lib.ID, int64(o.ID))
	if err != nil {
		return nil, err
	}
	out.Said = strings.TrimSpace(strings.TrimPrefix(said, o.Note()))
	if v.may(queue.PermAnswer) {
		reader, err := contacts.ReaderByID(v.ctx(), v.Pool, v.lib.ID, o.Reader)
		if err != nil {
			return nil, err
		}
		out.Reader = v.readerName(reader.Name)
	}
	all, err := v.Desk.ListDepartments(v.ctx(), v.lib.ID)
	if err != nil {
		return nil, err
	}
	if err = v.fillBook(out, o); err != nil {
		return nil, err
	}
	if err = v.fillDepartments(out, o, all); err != nil {
		return nil, err
	}
	if err = v.fillActs(out, o, all); err != nil {
		return nil, err
	}
	for _, fill := range []func(*orderView, fragments.Order) error{v.fillParts, v.fillWays, v.fillSends, v.fillSteps} {
		if err = fill(out, o); err != nil {
			return nil, err
		}
	}
	out.Unmeasured = o.Edition != 0 && !o.Permit && out.Left > o.Count
	return out, nil
}

// orderDue is by when the order is promised; nil for one that is over, or waits for its reader.
func (v *visit) orderDue(o fragments.Order) *moment {
	if o.Question != "" || !o.Open() && o.State != fragments.Making {
		return nil
	}
	return v.due(o.Due)
}

// fillDepartments puts those that have the book first among the departments to choose from.
func (v *visit) fillDepartments(out *orderView, o fragments.Order, all []queue.Department) error {
	var held []int64
	choose := o.May(fragments.ActRoute, v.actor())
	if choose {
		err := v.write(func(ctx context.Context, tx pgx.Tx) error {
			proposals, err := fragments.Holders(ctx, tx, o)
			for _, p := range proposals {
				held = append(held, p.Department)
			}
			return err
		})
		if err != nil && !errors.Is(err, stock.ErrNotFound) { // taken out of the catalogue meanwhile
			return err
		}
	}
	var holders, others []choiceOf
	for _, d := range all {
		id := strconv.FormatInt(d.ID, 10)
		one := choiceOf{Value: id, Label: d.Title(v.lang, v.lib.RecordLang()), Chosen: v.form("department") == id}
		switch {
		case d.ID == o.Department:
			out.Department = one.Label
		case !choose || d.State != "on":
		case slices.Contains(held, d.ID):
			one.Label += " (" + v.t("desk_order.holds") + ")"
			holders = append(holders, one)
		default:
			others = append(others, one)
		}
	}
	out.Departments = append(holders, others...)
	return nil
}

func (v *visit) fillActs(out *orderView, o fragments.Order, all []queue.Department) error {
	by := v.actor()
	_, lab := fragments.Laboratory(all, o)
	from, err := fragments.BookFrom(v.ctx(), v.Pool, o)
	if err != nil {
		return err
	}
	out.May = orderActs{
		Bring: o.Open() && v.may(queue.PermParts), Arrange: o.State != fragments.New && o.Arrange(by) == nil && v.may(queue.PermParts),
		Digitise: lab && o.May(fragments.ActDigitise, by), GiveBack: from != 0 && o.May(fragments.ActGiveBack, by),
		HandOver: o.May(fragments.ActHandOver, by), Return: o.May(fragments.ActReturn, by), Release: o.May(fragments.ActRelease, by),
		Refuse: o.May(fragments.ActRefuse, by), Cancel: o.May(fragments.ActCancel, by), Ask: o.Open() && o.Question == "" && v.may(queue.PermParts),
	}
	if out.May.Refuse {
		for _, reason := range fragments.Reasons() {
			out.Reasons = append(out.Reasons, choiceOf{Value: reason, Label: v.orderReason(reason)})
		}
	}
	_, err = fragments.Undoable(v.ctx(), v.Pool, v.lib.ID, o.ID, v.me())
	if out.May.Undo = err == nil; errors.Is(err, fragments.ErrState) || errors.Is(err, fragments.ErrWentOut) {
		err = nil
	}
	return err
}

func (v *visit) fillParts(out *orderView, o fragments.Order) error {
	parts, err := fragments.Parts(v.ctx(), v.Pool, v.lib.ID, o.ID)
	if err != nil {
		return err
	}
	for i, p := range parts {
		view := partView{
			Order: o.ID, ID: p.ID, Place: i + 1, Last: i == len(parts)-1, Name: p.Name, Preview: p.Preview != "", Turn: p.Turn / 90, Dropped: p.Dropped, Slip: p.Slip && p.Dropped,
			How: v.sourceName(p.Source), Came: v.ago(p.Came), Arrange: out.May.Arrange,
		}
		if p.Sheet > 0 {
			view.Name = v.t("desk_order.sheet", "name", p.Name, "number", p.Sheet)
		}
		if !p.Dropped {
			out.Left++
			view.Number = out.Left
		}
		out.Parts = append(out.Parts, view)
	}
	return nil
}

func (v *visit) fillSteps(out *orderView, o fragments.Order) error {
	steps, err := fragments.Steps(v.ctx(), v.Pool, v.lib.ID, o.ID)
	if err != nil {
		return err
	}
	var who []queue.StaffID
	for _, s := range steps {
		who = append(who, s.Staff)
	}
	names, err := queue.StaffNames(v.ctx(), v.Pool, who...)
	if err != nil {
		return err
	}
	for _, s := range steps {
		out.Steps = append(out.Steps, stepView{v.ago(s.At), v.orderAct(s.Act), names[s.Staff], s.Undone})
	}
	return nil
}

// PartID names the page within its document.
func (p partView) PartID() string { return fmt.Sprintf("part-%d", p.ID) }

// Address is where the page is changed and looked at.
func (p partView) Address() string { return fmt.Sprintf("/desk/orders/%d/parts/%d", p.Order, p.ID) }

// Before and After are the places beside the page's own.
func (p partView) Before() int { return max(1, p.Place-1) }
func (p partView) After() int  { return p.Place + 1 }
