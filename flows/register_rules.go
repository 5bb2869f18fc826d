package flows

import (
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// rulesText is the library's rules in the reader's language, or in another in which there are any.
func rulesText(r *Reader) (version, text string, ok bool) {
	rules := r.Library.Settings.Registration.Rules
	text = library.Words{Own: rules.Text}.In(r.Lang)
	return rules.Version, text, text != ""
}

// accepted reports whether the rules as they are now were accepted, or there are none.
func (v Vars) accepted(r *Reader) bool {
	version, _, ok := rulesText(r)
	return !ok || strings.HasPrefix(v[varRules], version+" ")
}

func rulesAsk(r *Reader, _ Vars, out *Turn) {
	_, text, _ := rulesText(r)
	out.say("register.rules", templates.Fields{"text": text}, rulesWays()...)
}

func rulesWays() []Choice {
	return []Choice{
		choice(choiceYes, "register.rules_accept"), choice(choiceNo, "register.rules_decline"), backButton(), choice(choiceHuman, "lesson.consult"),
	}
}

func rulesTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch in.Choice {
	case choiceYes:
		version, _, ok := rulesText(r)
		if ok { // the library may have dropped them meanwhile
			v[varRules] = version + " " + r.Today().String()
		}
		return v.ahead(r)
	case choiceNo:
		out.say("register.rules_needed", nil, append(rulesWays(), choice(choiceCancel, "common.cancel"))...)
		return ""
	}
	out.say("common.choose", nil)
	rulesAsk(r, v, out)
	return ""
}
