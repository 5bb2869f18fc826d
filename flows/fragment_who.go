package flows

import (
	"slices"
	"strconv"

	"librarian/templates"
)

// orders reports whether an order of the kind can be begun.
func (r *Reader) orders(kind string) bool { return r.May[kind] && len(r.orderers()) > 0 }

// orderers are those for whom something may be ordered: who have a card; where nobody has one, who are registered.
func (r *Reader) orderers() []Person {
	var cards, others []Person
	for _, p := range r.People {
		switch {
		case p.Card != "":
			cards = append(cards, p)
		case !p.out():
			others = append(others, p)
		}
	}
	if len(cards) > 0 {
		return cards
	}
	return others
}

// orderer is the person for whom it is ordered: the chosen one, or the only one.
func (v Vars) orderer(r *Reader) (Person, bool) {
	people := r.orderers()
	if len(people) == 1 {
		return people[0], true
	}
	i := slices.IndexFunc(people, func(p Person) bool { return v[varFor] == strconv.FormatInt(p.ID, 10) })
	if i < 0 {
		return Person{}, false
	}
	return people[i], true
}

// asksWho asks for whom it is, unless that is known.
func (v Vars) asksWho(r *Reader, out *Turn) bool {
	people := r.orderers()
	if _, known := v.orderer(r); known || len(people) == 0 { // of nobody the library's answer to the order will say why
		return false
	}
	out.say("fragment.who", nil)
	for _, p := range people {
		out.offer(Choice{ID: orderFor + strconv.FormatInt(p.ID, 10), Plain: p.Name})
	}
	out.offer(choice(choiceCancel, "common.cancel"))
	return true
}

// callOrder begins an order, whatever was being done. What is not allowed is said.
func (s *Set) callOrder(kind string, r *Reader, out *Turn) {
	if !r.orders(kind) {
		out.say("fragment.not_allowed", nil)
	} else {
		s.interrupt(kind, out)
	}
	s.ask(r, out)
}

// orderKinds are the menu's words for what can be ordered.
var orderKinds = []struct{ kind, menu string }{{KindFragment, "fragment.menu"}, {KindArticle, "fragment.menu_article"}}

// orderChoices are the orders that this reader can make, and those that were made.
func orderChoices(r *Reader) []Choice {
	var out []Choice
	for _, k := range orderKinds {
		if r.orders(k.kind) {
			out = append(out, choice(k.kind, k.menu))
		}
	}
	if r.HasOrders {
		out = append(out, choice(ordersFlow, "orders.menu"))
	}
	return out
}

// personLine says for whom it is, where it may be for several.
func personLine(r *Reader, name string, out *Turn) {
	if len(r.orderers()) > 1 {
		out.line("fragment.person", templates.Fields{"name": name})
	}
}
