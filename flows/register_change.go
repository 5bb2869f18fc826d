package flows

import (
	"strings"

	"librarian/contacts/library"
)

// changeAsk lists all answers: with many of them a button each would drown the review.
func changeAsk(r *Reader, v Vars, out *Turn) {
	ways := []Choice{choice(changeName, "register.name_label"), choice(changeBorn, "register.born_label"), choice(changeContact, "register.contact_label")}
	for _, f := range v.shown(r) {
		ways = append(ways, wordedChoice(choiceField+f.Key, f.Name(), r.Lang))
	}
	out.say("register.change_what", nil, append(ways, backButton())...)
}

func changeTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if key, ok := strings.CutPrefix(in.Choice, choiceField); ok {
		for _, f := range v.shown(r) {
			if f.Key == key {
				v[varEdit], v[varField] = key, key
				return toField
			}
		}
	}
	if event := v.change(in.Choice); event != "" {
		return event
	}
	out.say("common.choose", nil)
	changeAsk(r, v, out)
	return ""
}

// change begins to change one of the answers that every registration has.
func (v Vars) change(id string) Event {
	event, ok := map[string]Event{changeName: toName, changeBorn: toBorn, changeContact: toContact}[id]
	if ok {
		v[varEdit] = id
	}
	return event
}

// shown are the fields that stand in the review.
func (v Vars) shown(r *Reader) []library.Field {
	var out []library.Field
	for f := range r.Library.Settings.Registration.Asked(v.person(r)) {
		if _, ok := v[varAnswer+f.Key]; ok {
			out = append(out, f)
		}
	}
	return out
}
