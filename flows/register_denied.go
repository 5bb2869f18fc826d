package flows

import (
	"librarian/contacts/library"
	"librarian/templates"
)

// deniedAsk says why the person may not join, in the library's words where it has any, and what is possible all the same.
func deniedAsk(r *Reader, v Vars, out *Turn) {
	ways := []Choice{choice(choiceChange, "register.denied_fix"), choice(choiceHuman, "common.human"), choice(choiceCancel, "common.cancel")}
	rule := v.refused(r)
	switch {
	case rule == nil: // the rules have changed meanwhile
		out.say("field.done", nil, choice(choiceSkip, "common.next"), backButton())
		return
	case len(rule.Why) > 0:
		out.say("field.own_text", templates.Fields{"text": library.Words{Own: rule.Why}}, ways...)
	case rule.MinAge > 0:
		out.say("register.denied_age", templates.Fields{"count": rule.MinAge}, ways...)
	case rule.Since != "":
		out.say("register.denied_days", templates.Fields{"count": rule.MaxDays}, ways...)
	default:
		out.say("register.denied_rule", nil, ways...)
	}
	if otherwise := r.Library.Settings.Registration.Eligibility.Else; len(otherwise) > 0 {
		out.line("field.own_text", templates.Fields{"text": library.Words{Own: otherwise}})
		return
	}
	out.line("register.denied_else", nil)
}

func deniedTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch event := v.ahead(r); {
	case event != toDenied:
		return event
	case in.Choice == choiceChange && len(r.Library.Settings.Registration.Fields) > 0:
		return toChange
	case in.Choice == choiceChange:
		return toBorn
	}
	out.say("common.choose", nil)
	deniedAsk(r, v, out)
	return ""
}

// deniedBack goes back to the answer given last.
func deniedBack(_ *Reader, v Vars) Event {
	if v[varField] == "" {
		return toBorn
	}
	return toField
}
