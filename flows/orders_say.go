package flows

import (
	"cmp"
	"slices"

	"librarian/contacts/library"
	"librarian/templates"
)

// How much of a title stands in the list of orders.
const (
	titleShown  = 90
	buttonTitle = 46 // on its button, beside the number: an author in full leaves room for the title
)

// rowTexts are the orders in the list, by their state.
var rowTexts = map[string]string{
	"new": "orders.row_new", "asked": "orders.row_asked", "came": "orders.row_came", "waiting": "orders.row_waiting",
	"sent": "orders.row_sent", "refused": "orders.row_refused", "cancelled": "orders.row_cancelled",
}

// stateTexts say where one order stands.
var stateTexts = map[string]string{
	"new": "orders.state_new", "asked": "orders.state_asked", "came": "orders.state_came", "waiting": "orders.state_waiting",
	"sent": "orders.state_sent", "refused": "orders.state_refused", "cancelled": "orders.state_cancelled",
}

// underway reports whether the library still works on the order.
func (o Order) underway() bool {
	return slices.Contains([]string{"new", "asked", "came", "waiting"}, o.State)
}

// promised reports whether a time is to be told by which the order comes: not while the library itself waits.
func (o Order) promised() bool { return o.underway() && o.State != "waiting" && !o.Due.IsZero() }

// sayOrders lists the orders, each with a button.
func (r *Reader) sayOrders(all []Order, out *Turn) {
	out.say("orders.list", nil)
	several := slices.ContainsFunc(all, func(o Order) bool { return o.Reader != all[0].Reader })
	for _, o := range all {
		name := shortened(o.Title, titleShown)
		if person := r.person(o.Reader); several && person != "" {
			name = person + ": " + name
		}
		out.line(cmp.Or(rowTexts[o.State], "orders.row_new"), templates.Fields{"code": o.Code, "title": name})
		if o.promised() && o.Due.After(r.Now) {
			out.line("orders.row_due", templates.Fields{"due": o.Due})
		}
		pick := orderButton(choiceOrder, o.ID, "orders.pick")
		pick.Fields = templates.Fields{"code": o.Code, "title": shortened(o.Title, buttonTitle)}
		out.offer(pick)
	}
	out.offer(choice(choiceMenu, "common.menu"))
}

// sayOrder tells where one order stands, and offers what can be done with it.
func (r *Reader) sayOrder(o Order, out *Turn) {
	out.say("orders.order", o.fields())
	if o.Pages != "" {
		key := "orders.part"
		if _, numbered := library.ParsePages(o.Pages); numbered {
			key = "orders.pages"
		}
		out.line(key, templates.Fields{"pages": o.Pages})
	}
	personLine(r, r.person(o.Reader), out)
	r.lineState(o, out)
	switch {
	case o.State == "waiting":
		out.offer(orderButton(choiceAdd, o.ID, "orders.answer_button"))
	case o.underway():
		out.offer(orderButton(choiceAdd, o.ID, "orders.add_button"))
	case o.State == "sent":
		if len(o.Files) > 0 {
			out.offer(choice(choiceFiles, "orders.files_button"))
		}
		out.offer(orderButton(choiceComplain, o.ID, "orders.complain_button"))
	case o.State == "refused":
		r.offerOther(o.Kind, o.Reason, out)
	}
	if o.Open {
		out.offer(orderButton(choiceCall, o.ID, "orders.cancel_button"))
	}
	out.offer(choice(ordersFlow, "orders.all"), choice(choiceHuman, "common.human"), choice(choiceMenu, "common.menu"))
}

func (o Order) fields() templates.Fields {
	return templates.Fields{"code": o.Code, "title": o.Title}
}

// lineState says in words how the order stands.
func (r *Reader) lineState(o Order, out *Turn) {
	fields := templates.Fields{"day": library.DateOf(o.Sent.In(r.Library.Zone))}
	out.line(cmp.Or(stateTexts[o.State], "orders.state_new"), fields)
	switch {
	case o.State == "refused":
		lineRefusal(o.Reason, o.Words, out)
	case o.State == "waiting" && o.Words != "":
		out.line("orders.words", templates.Fields{"words": o.Words})
	case o.promised() && o.Due.After(r.Now):
		out.line("orders.due", templates.Fields{"due": o.Due})
	case o.promised():
		out.line("orders.overdue", nil)
		if o.Hoped.After(r.Now) {
			out.line("orders_more.hoped", templates.Fields{"due": o.Hoped})
		}
	}
}

// sayFetched gives the reader once more what was sent.
func (r *Reader) sayFetched(a OrderFetched, out *Turn) {
	switch {
	case a.Secret != "":
		out.say("orders.link", templates.Fields{"code": a.Order.Code, "title": a.Order.Title, "pages": a.Order.Pages, "url": secretMark, "days": a.Days, "views": a.Views})
		out.Say[len(out.Say)-1].Secret = a.Secret
	case len(a.Files) > 0:
		out.say("orders.files", a.Order.fields())
		out.Say[len(out.Say)-1].Files = a.Files
	case a.Order.ID != 0 && a.Order.State != "sent": // it has moved on since the button was shown
		r.sayOrder(a.Order, out)
		return
	default:
		key := "orders_more.gone"
		if a.Order.ID == 0 {
			key = "orders.unknown"
		}
		out.say(key, a.Order.fields())
		out.offer(choice(ordersFlow, "orders.all"), choice(choiceHuman, "common.human"), choice(choiceMenu, "common.menu"))
		return
	}
	out.enquiry()
	out.offer(orderButton(choiceComplain, a.Order.ID, "orders.complain_button"), choice(ordersFlow, "orders.all"), choice(choiceMenu, "common.menu"))
}

// reasonWords are why an order was refused, and what can be done instead (F9).
var reasonWords = map[string]struct{ why, instead string }{
	"not_found": {"orders.not_found", "orders.instead_found"},
	"lost":      {"orders.lost", "orders.instead_found"},
	"fragile":   {"orders.fragile", "orders.instead_fragile"},
	"forbidden": {"orders.forbidden", "orders.instead_forbidden"},
}

// lineRefusal says why nothing was sent, and what the reader can do instead.
func lineRefusal(reason, words string, out *Turn) {
	known, ok := reasonWords[reason]
	if ok {
		out.line(known.why, nil)
	}
	if words != "" {
		out.line("orders.words", templates.Fields{"words": words})
	}
	if !ok {
		out.line("orders.instead_other", nil)
		return
	}
	out.line(known.instead, nil)
}

// offerOther offers to order something else, where that helps: what may not be copied is there in one edition as in another.
func (r *Reader) offerOther(kind, reason string, out *Turn) {
	if reason == "forbidden" {
		return
	}
	switch {
	case kind == KindArticle && r.orders(KindArticle):
		out.offer(choice(KindArticle, "orders.other_article"))
	case kind != KindArticle && r.orders(KindFragment):
		out.offer(choice(KindFragment, "orders.other_edition"))
	}
}
