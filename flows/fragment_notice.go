package flows

import (
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// How the pages are wanted, and the texts for it.
const (
	asPhoto = "photo"
	asScan  = "scan"
)

// wantTexts are how the pages come, by varWant.
var wantTexts = map[string]string{asPhoto: "fragment.as_photo", asScan: "fragment.as_scan"}

func wantAsk(_ *Reader, v Vars, out *Turn) {
	v.sayPages(out)
	out.line("fragment.want", nil)
	out.offer(choice(wantPhoto, "fragment.photo"), choice(wantScan, "fragment.scan"), backButton())
}

// sayPages begins a message with the book's title and what is ordered of it.
func (v Vars) sayPages(out *Turn) {
	out.say("fragment.title", templates.Fields{"title": v.title()})
	pages, numbered := v.pages()
	b, chosen := v.book()
	switch {
	case !numbered:
		out.line("fragment.part", templates.Fields{"part": v[varPages]})
	case chosen && b.Pages > 0 && out.State.Flow == KindFragment:
		out.line("fragment.some_of", templates.Fields{"pages": pages, "number": pages.Count(), "all": b.Pages})
	default:
		out.line("fragment.some", templates.Fields{"pages": pages, "number": pages.Count()})
	}
}

func wantTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch in.Choice {
	case wantPhoto:
		v[varWant] = asPhoto
	case wantScan:
		v[varWant] = asScan
	default:
		out.say("common.choose", nil)
		wantAsk(r, v, out)
		return ""
	}
	return toNotice
}

// noticeAsk shows the whole order and the terms on which copies are made.
func noticeAsk(r *Reader, v Vars, out *Turn) {
	v.sayPages(out)
	out.line(wantTexts[v[varWant]], nil)
	if p, ok := v.orderer(r); ok {
		personLine(r, p.Name, out)
	}
	if b, ok := v.book(); ok && b.Free {
		out.line("fragment.terms_free", nil)
	} else {
		out.line("fragment.terms", nil)
	}
	out.offer(choice(choiceYes, "fragment.accept"), choice(choicePages, "fragment.change_pages"), choice(choiceCancel, "common.cancel"))
}

func noticeTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(OrderPlaced); ok {
		return v.placed(r, a, out)
	}
	switch in.Choice {
	case choiceYes:
		delete(v, varPermit)
		out.Ask = v.placing(r, out.State.Flow)
		return ""
	case choicePages:
		return toPages
	}
	out.say("common.choose", nil)
	noticeAsk(r, v, out)
	return ""
}

// placing is the order as it is handed over.
func (v Vars) placing(r *Reader, kind string) PlaceOrder {
	person, _ := v.orderer(r) // of nobody the answer is that it is not allowed
	ask := PlaceOrder{
		Kind: kind, Reader: person.ID, Title: v.title(), Pages: v[varPages], Want: v[varWant],
		Permit: v[varPermit] != "", Files: strings.Fields(v[varTitlePage]),
	}
	if b, ok := v.book(); ok {
		ask.Book = b.ID
	}
	if pages, numbered := v.pages(); numbered {
		ask.Count = pages.Count()
	}
	return ask
}

// verdictTexts say why nothing was ordered where the reader can change nothing about it.
var verdictTexts = map[Verdict]string{
	VerdictUsedUp: "fragment.used_up", VerdictNotAllowed: "fragment.not_allowed", VerdictAgain: "fragment.ordered_already", VerdictTooMany: "fragment.too_many",
}

// placed says what became of the order, or why there is none.
func (v Vars) placed(r *Reader, a OrderPlaced, out *Turn) Event {
	fields := templates.Fields{"code": a.Code, "due": a.Due}
	switch a.Verdict {
	case VerdictUpTo, VerdictPermission:
		v.remember(varLimit, []OrderPlaced{a})
		return toLimit
	case "":
		r.HasOrders = true
		out.enquiry()
		if v[varPermit] != "" {
			out.say("fragment.placed_permit", fields)
			break
		}
		out.say("fragment.placed", fields)
	default:
		key := verdictTexts[a.Verdict]
		if key == "" {
			key = "fragment.not_allowed"
		}
		r.HasOrders = r.HasOrders || a.Verdict == VerdictAgain || a.Verdict == VerdictTooMany
		out.say(key, fields)
	}
	return toOrdered
}

// limit is why the order was not placed.
func (v Vars) limit() OrderPlaced {
	if kept := recall[OrderPlaced](v, varLimit); len(kept) > 0 {
		return kept[0]
	}
	return OrderPlaced{}
}

// within are the first pages of the order that are allowed; none where they are all, or were not given by number.
func (v Vars) within() library.Pages {
	pages, numbered := v.pages()
	if most := v.limit().UpTo; numbered && most > 0 && most < pages.Count() {
		return pages.First(most)
	}
	return nil
}

// limitAsk says how much of the book may be had, and offers what can be done.
func limitAsk(_ *Reader, v Vars, out *Turn) {
	a := v.limit()
	if a.Verdict == VerdictPermission {
		out.say("fragment.permission", nil)
	} else {
		out.say("fragment.up_to", templates.Fields{"left": a.UpTo})
	}
	if a.Limit > 0 { // the library's rule counts pages
		out.line("fragment.limits", templates.Fields{"limit": a.Limit, "used": a.Used})
	}
	if first := v.within(); first != nil {
		out.offer(Choice{ID: limitFirst, Key: "fragment.first", Fields: templates.Fields{"pages": shortened(first.String(), pagesShown)}})
	}
	out.offer(choice(choicePages, "fragment.other_pages"))
	if a.Verdict == VerdictPermission {
		out.offer(choice(limitPermit, "fragment.ask_permission"))
	}
	out.offer(choice(choiceCancel, "common.cancel"))
}

// pagesShown is how much of a list of pages fits a button.
const pagesShown = 30

func limitTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(OrderPlaced); ok {
		return v.placed(r, a, out)
	}
	first, written := v.within(), library.Pages(nil)
	if in.Choice == "" {
		written, _ = library.ParsePages(in.Text)
	}
	switch {
	case in.Choice == limitFirst && first != nil:
		v[varPages] = first.String()
		delete(v, varPermit)
		out.Ask = v.placing(r, out.State.Flow)
		return ""
	case in.Choice == limitPermit && v.limit().Verdict == VerdictPermission:
		v[varPermit] = "yes"
		out.Ask = v.placing(r, out.State.Flow)
		return ""
	case in.Choice == choicePages:
		return toPages
	case len(written) > 0:
		return v.otherPages(written, out)
	}
	out.say("common.choose", nil)
	limitAsk(r, v, out)
	return ""
}

// otherPages takes pages that were written in answer to the limit; the order is shown again.
func (v Vars) otherPages(pages library.Pages, out *Turn) Event {
	v[varPages] = pages.String()
	if v.tooFar(out) {
		delete(v, varPages)
		return toPages
	}
	return toNotice
}
