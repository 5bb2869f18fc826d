package flows

import (
	"fmt"
	"strconv"
	"time"

	"librarian/templates"
)

// What becomes of an order. Each has the fields order (its number), code, title and pages; what else it has stands beside it.
const (
	NewsOrderSent      = "order.sent"      // the files
	NewsOrderRefused   = "order.refused"   // reason, a code as in Order, and words of staff, which may be empty; kind
	NewsOrderQuestion  = "order.question"  // words: what staff ask
	NewsOrderCancelled = "order.cancelled" // by staff; words, which may be empty
	NewsOrderLate      = "order.late"      // due, RFC 3339
	NewsOrderAgain     = "order.again"     // pages are made anew after a complaint; due, RFC 3339, may be empty
	NewsOrderLink      = "order.link"      // days and views: the file is too large for the channel; the secret is the address
)

// orderNews words what became of an order.
func (s *Set) orderNews(r *Reader, n News, out *Turn) error {
	fields, err := orderFields(n)
	if err != nil {
		return err
	}
	switch n.Kind {
	case NewsOrderSent:
		out.say("orders.sent", fields)
		out.Say[0].Files = n.Files
	case NewsOrderLink:
		fields["url"] = secretMark
		out.say("orders.link", fields)
		out.Say[0].Secret = n.Secret
	case NewsOrderRefused:
		out.say("orders.refused", fields)
		lineRefusal(n.Fields["reason"], n.Fields["words"], out)
	case NewsOrderQuestion:
		out.say("orders.question", fields)
	case NewsOrderCancelled:
		out.say("orders.cancelled_staff", fields)
		if n.Fields["words"] != "" {
			out.line("orders.words", fields)
		}
	case NewsOrderLate:
		out.say("orders.late", fields)
	case NewsOrderAgain:
		out.say("orders.made_again", fields)
		if n.Fields["due"] != "" {
			out.line("orders.due", fields)
		}
	default:
		return fmt.Errorf("news of kind %q", n.Kind)
	}
	if n.Reader != 0 {
		personLine(r, r.person(n.Reader), out)
	}
	s.offerOrder(r, n, out)
	return nil
}

// orderFields are the fields of the texts about an order.
func orderFields(n News) (templates.Fields, error) {
	out := templates.Fields{}
	for _, name := range []string{"code", "title", "pages", "words", "days", "views"} {
		out[name] = n.Fields[name]
	}
	if n.Fields["due"] != "" || n.Kind == NewsOrderLate {
		due, err := time.Parse(time.RFC3339, n.Fields["due"])
		if err != nil {
			return nil, fmt.Errorf("news %s: %w", n.Kind, err)
		}
		out["due"] = due
	}
	return out, nil
}

// offerOrder offers what can be done about the news, and the way back to what was being done.
func (s *Set) offerOrder(r *Reader, n News, out *Turn) {
	id, err := strconv.ParseInt(n.Fields["order"], 10, 64)
	known := err == nil && id > 0
	switch {
	case n.Kind == NewsOrderQuestion && known:
		out.offer(orderButton(choiceAdd, id, "orders.answer_button"))
	case (n.Kind == NewsOrderSent || n.Kind == NewsOrderLink) && known:
		out.offer(orderButton(choiceComplain, id, "orders.complain_button"))
	case n.Kind == NewsOrderRefused:
		r.offerOther(n.Fields["kind"], n.Fields["reason"], out)
	}
	out.offer(choice(ordersFlow, "orders.menu"))
	if !s.step(out.State).Idle {
		out.offer(choice(ChoiceStart, "common.continue"))
	}
	out.offer(choice(choiceHuman, "common.human"))
}
