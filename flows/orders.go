package flows

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// The steps and events of the reader's own orders (F8).
const (
	ordersFlow = "orders"

	ordersList     = "list"
	ordersOne      = "one"
	ordersAdd      = "add"
	ordersComplain = "complain"
	ordersCancel   = "cancel"
	ordersDone     = "done"

	toOrders      = "to_list"
	toOrder       = "to_one"
	toAdd         = "to_add"
	toComplain    = "to_complain"
	toCancelOrder = "to_cancel"
	toOrdersEnd   = "to_done"
)

// The choices of an order end with its number, so that they mean the same wherever they stand and however old they are.
const (
	choiceOrder    = "order:"
	choiceAdd      = "order.add:"
	choiceComplain = "order.complain:"
	choiceCall     = "order.cancel:"
	choiceFiles    = "orders:files" // of the order that is shown
)

// orderEvents are what these choices lead to.
var orderEvents = map[string]Event{choiceOrder: toOrder, choiceAdd: toAdd, choiceComplain: toComplain, choiceCall: toCancelOrder}

// What the orders remember between their steps.
const (
	varOrder = "order"
	varCode  = "code" // of an order, as the reader wrote it
)

func orders() *Flow {
	all := []string{ordersList, ordersOne, ordersAdd, ordersComplain, ordersCancel}
	asked := []string{choiceYes, choiceNo}
	return &Flow{
		Name: ordersFlow, Start: ordersList,
		Moves: fsm.Events{
			{Name: toOrders, Src: all, Dst: ordersList},
			{Name: toOrder, Src: all, Dst: ordersOne},
			{Name: toAdd, Src: all, Dst: ordersAdd},
			{Name: toComplain, Src: all, Dst: ordersComplain},
			{Name: toCancelOrder, Src: all, Dst: ordersCancel},
			{Name: toOrdersEnd, Src: all, Dst: ordersDone},
		},
		Steps: map[string]Step{
			ordersList:     {Ask: ordersAsk, Take: ordersTake, Choices: []string{choiceMenu}, Idle: true},
			ordersOne:      {Ask: ordersAsk, Take: orderTake, Choices: []string{choiceMenu, choiceFiles}, Files: true, Idle: true, Picks: true, Back: leadsTo(toOrders)},
			ordersAdd:      {Ask: addAsk, Take: addTake, Files: true, Back: leadsTo(toOrder)},
			ordersComplain: {Ask: complainAsk, Take: complainTake, Files: true, Back: leadsTo(toOrder)},
			ordersCancel:   {Ask: cancelAsk, Take: cancelTake, Choices: asked, Picks: true, Back: leadsTo(toOrder)},
		},
		Final: []string{ordersDone},
	}
}

// ordering reports whether the button is one of orders, which work wherever they are pressed. While something is ordered another order is not begun.
func (s *Set) ordering(in Input, out *Turn) bool {
	switch in.Choice {
	case KindFragment, KindArticle:
		return out.State.Flow != KindFragment && out.State.Flow != KindArticle
	case ordersFlow:
		return true
	}
	_, _, ok := orderChoice(in.Choice)
	return ok
}

// orderChoice takes a choice of an order apart.
func orderChoice(id string) (event Event, order int64, ok bool) {
	verb, number, _ := strings.Cut(id, ":")
	event = orderEvents[verb+":"]
	order, err := strconv.ParseInt(number, 10, 64)
	return event, order, event != "" && err == nil && order > 0
}

// callOrdering puts the conversation aside for an order or for the reader's orders.
func (s *Set) callOrdering(r *Reader, in Input, out *Turn) error {
	if in.Choice == KindFragment || in.Choice == KindArticle {
		s.callOrder(in.Choice, r, out)
		return nil
	}
	s.interrupt(ordersFlow, out)
	event, id, ok := orderChoice(in.Choice)
	if !ok {
		event = toOrders
	} else {
		out.State.Vars[varOrder] = strconv.FormatInt(id, 10)
	}
	if err := s.fire(event, out); err != nil {
		return err
	}
	s.ask(r, out)
	return nil
}

// orderOf is the order that is shown or changed.
func (v Vars) orderOf() int64 {
	id, _ := strconv.ParseInt(v[varOrder], 10, 64) // written by callOrdering
	return id
}

func orderButton(prefix string, id int64, key string) Choice {
	return choice(prefix+strconv.FormatInt(id, 10), key)
}

func ordersAsk(_ *Reader, _ Vars, out *Turn) { out.Ask = ShowOrders{} }

func ordersTake(r *Reader, v Vars, in Input, out *Turn) Event {
	a, ok := in.Answer.(OrdersShown)
	switch {
	case ok && len(a.Orders) == 0:
		out.say("orders.none", nil)
		return toOrdersEnd
	case ok && v[varCode] != "":
		i := slices.IndexFunc(a.Orders, func(o Order) bool { return sameCode(o.Code, v[varCode]) })
		delete(v, varCode)
		if i >= 0 {
			v[varOrder] = strconv.FormatInt(a.Orders[i].ID, 10)
			r.sayOrder(a.Orders[i], out)
			out.quiet = true
			return toOrder
		}
		out.say("common.choose", nil)
		r.sayOrders(a.Orders, out)
	case ok:
		out.enquiry()
		r.sayOrders(a.Orders, out)
	case in.Choice == choiceMenu:
		return toOrdersEnd
	default: // perhaps the code of an order
		v[varCode] = cmp.Or(shortened(strings.TrimSpace(in.Text), shortMost), "?")
		out.Ask = ShowOrders{}
	}
	return ""
}

// sameCode reports whether the reader wrote the code, however they did.
func sameCode(code, written string) bool {
	bare := func(s string) string {
		return strings.ToLower(strings.Trim(strings.ReplaceAll(s, " ", ""), "№#.«»\""))
	}
	return bare(code) == bare(written)
}

// orderTake shows the order, and hears the answer to what staff have asked about it.
func orderTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch a := in.Answer.(type) {
	case OrdersShown:
		return v.orderShown(r, a, out)
	case OrderFetched:
		r.sayFetched(a, out)
		return ""
	case OrderChanged:
		r.sayAnswered(a, out)
		return toOrdersEnd
	}
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	switch {
	case in.Choice == choiceMenu:
		return toOrdersEnd
	case in.Choice == choiceFiles:
		out.Ask = FetchOrder{Order: v.orderOf()}
		return ""
	case in.Choice == "" && r.Awaited == v.orderOf() && !in.Unproven && (usable || hasWords(text)):
		out.Ask = AddToOrder{Order: r.Awaited, Text: text, Files: fileIDs(in.Files)}
		return ""
	default:
		out.say("common.choose", nil)
	}
	out.Ask = ShowOrders{}
	return ""
}

// orderShown tells where the order stands; one that is not among the latest any more leads to the list.
func (v Vars) orderShown(r *Reader, a OrdersShown, out *Turn) Event {
	id := v.orderOf()
	i := slices.IndexFunc(a.Orders, func(o Order) bool { return o.ID == id })
	if i < 0 {
		out.say("orders.unknown", nil)
		return toOrders
	}
	r.sayOrder(a.Orders[i], out)
	return ""
}

func addAsk(r *Reader, v Vars, out *Turn) {
	key := "orders.add"
	if r.Awaited != 0 && r.Awaited == v.orderOf() {
		key = "orders.answer"
	}
	out.say(key, nil, backButton())
}

func addTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(OrderChanged); ok {
		r.sayAnswered(a, out)
		return toOrdersEnd
	}
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	if !usable && !hasWords(text) {
		addAsk(r, v, out)
		return ""
	}
	out.Ask = AddToOrder{Order: v.orderOf(), Text: text, Files: fileIDs(in.Files)}
	return ""
}

func complainAsk(_ *Reader, _ Vars, out *Turn) { out.say("orders.complain", nil, backButton()) }

func complainTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(OrderChanged); ok {
		r.sayChanged(a, "orders.complained", out)
		return toOrdersEnd
	}
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	if !usable && !hasWords(text) {
		complainAsk(r, v, out)
		return ""
	}
	out.Ask = ComplainOrder{Order: v.orderOf(), Text: text, Files: fileIDs(in.Files)}
	return ""
}

func cancelAsk(_ *Reader, _ Vars, out *Turn) {
	out.say("orders.cancel", nil, choice(choiceYes, "orders.cancel_yes"), choice(choiceNo, "orders.cancel_no"))
}

func cancelTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(OrderChanged); ok {
		r.sayChanged(a, "orders.cancelled", out)
		return toOrdersEnd
	}
	switch in.Choice {
	case choiceYes:
		out.Ask = CancelOrder{Order: v.orderOf()}
		return ""
	case choiceNo:
		return toOrder
	}
	out.say("common.choose", nil)
	cancelAsk(r, v, out)
	return ""
}

// sayAnswered tells that what was added has arrived.
func (r *Reader) sayAnswered(a OrderChanged, out *Turn) {
	if a.OK && r.Awaited == a.Order.ID {
		r.Awaited = 0
	}
	r.sayChanged(a, "orders.added", out)
}

// sayChanged tells what was done, or that it is too late and how the order stands.
func (r *Reader) sayChanged(a OrderChanged, done string, out *Turn) {
	fields := templates.Fields{"code": a.Order.Code, "title": a.Order.Title}
	if !a.OK {
		out.say("orders.too_late", fields)
		r.lineState(a.Order, out)
		return
	}
	out.enquiry()
	out.say(done, fields)
	if !a.Due.IsZero() {
		out.line("orders.due", templates.Fields{"due": a.Due})
	}
}
