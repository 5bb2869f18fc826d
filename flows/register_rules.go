package flows

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// rulesShown is the library's rules as this reader sees them.
type rulesShown struct {
	version, text string
	lang          library.Lang
}

// rulesText is the library's rules in the reader's language, or in another in which there are any.
func rulesText(r *Reader) (rulesShown, bool) {
	rules := r.Library.Settings.Registration.Rules
	for _, lang := range append([]library.Lang{r.Lang}, library.Langs()...) {
		if rules.Text[lang] != "" {
			return rulesShown{rules.Version, rules.Text[lang], lang}, true
		}
	}
	return rulesShown{}, false
}

func (s rulesShown) hash() string {
	sum := sha256.Sum256([]byte(s.text))
	return hex.EncodeToString(sum[:])
}

// accepted reports whether the rules as they are now were accepted, or there are none.
func (v Vars) accepted(r *Reader) bool {
	rules, ok := rulesText(r)
	return !ok || strings.HasPrefix(v[varRules], rules.version+" ")
}

// accept notes what was accepted, and when.
func (v Vars) accept(rules rulesShown, day library.Date) {
	v[varRules], v[varRulesOf] = rules.version+" "+day.String(), string(rules.lang)+" "+rules.hash()
}

// rules is the acceptance as it is handed in.
func (v Vars) rules() (out RulesAccepted) {
	version, day, ok := cutLast(v[varRules])
	if !ok {
		return out
	}
	lang, hash, _ := strings.Cut(v[varRulesOf], " ")
	out = RulesAccepted{Version: version, Lang: library.Lang(lang), Hash: hash}
	out.Day, _ = library.ParseDate(day) // written by accept
	return out
}

// cutLast divides at the last space: a version may have some.
func cutLast(text string) (before, after string, ok bool) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}

func rulesAsk(r *Reader, v Vars, out *Turn) {
	rules, _ := rulesText(r)
	v[varShown] = rules.hash()
	out.say("register.rules", templates.Fields{"text": rules.text}, rulesWays()...)
}

func rulesWays() []Choice {
	return []Choice{
		choice(choiceYes, "register.rules_accept"), choice(choiceNo, "register.rules_decline"), backButton(), choice(choiceHuman, "lesson.consult"),
	}
}

func rulesTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch in.Choice {
	case choiceYes:
		rules, ok := rulesText(r)
		switch {
		case !ok: // the library has dropped them meanwhile
		case v[varShown] != rules.hash(): // it has changed them: these were not read
			rulesAsk(r, v, out)
			return ""
		default:
			v.accept(rules, r.Today())
		}
		delete(v, varShown)
		return v.ahead(r)
	case choiceNo:
		out.say("register.rules_needed", nil, append(rulesWays(), choice(choiceCancel, "common.cancel"))...)
		return ""
	}
	out.say("common.choose", nil)
	rulesAsk(r, v, out)
	return ""
}
