package flows

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"librarian/templates"
)

// The choices of the address and of its code.
const (
	sharePhone = "phone"
	codeAgain  = "again"
	codeOther  = "other"
	codeLater  = "later"
)

const (
	codeDigits  = 6
	emailBytes  = 254 // RFC 5321, 4.5.3.1.3 less the angle brackets
	phoneBytes  = 60  // with all that people put between the digits
	phoneMarks  = "()-‐‑–—./"
	homeCountry = "RU"
)

func contactAsk(r *Reader, _ Vars, out *Turn) {
	if r.CanPhone {
		out.say("register.contact_share", nil, contactWays(r)...)
		return
	}
	out.say("register.contact", nil, contactWays(r)...)
}

func contactWays(r *Reader) []Choice {
	if r.CanPhone {
		return []Choice{{ID: sharePhone, Key: "register.share_phone", Phone: true}, backButton()}
	}
	return []Choice{backButton()}
}

func contactTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(CodeSent); ok {
		return codeSent(r, v, a, out)
	}
	region := r.Library.Settings.Region
	if in.Phone != "" {
		phone, ok := parsePhone(in.Phone, region)
		if !ok { // a country's new numbers, which the channel knows before we do
			phone = in.Phone
		}
		v.address("", phone, true)
		return v.ahead(r)
	}
	if email, ok := findEmail(in.Text); ok {
		return v.prove(r, email, out)
	}
	if phone, ok := parsePhone(in.Text, region); ok {
		v.address("", phone, v[varPhone] == phone && v[varProven] != "")
		return v.ahead(r)
	}
	out.say("register.contact_form", nil, contactWays(r)...)
	return ""
}

// prove sends a code to the address, unless that cannot be or need not be.
func (v Vars) prove(r *Reader, email string, out *Turn) Event {
	switch {
	case v[varEmail] == email && v[varProven] != "":
		delete(v, varPending)
		return v.ahead(r)
	case !r.CanMail:
		v.address(email, "", false)
		return v.ahead(r)
	}
	v[varPending] = email
	out.Ask = SendCode{Email: email}
	return ""
}

// codeSent goes on to the code, or says why none was sent.
func codeSent(r *Reader, v Vars, a CodeSent, out *Turn) Event {
	switch {
	case a.Bad:
		delete(v, varPending)
		out.say("register.email_bad", nil, contactWays(r)...)
		return ""
	case a.TooMany:
		out.say("register.code_none", nil)
		v.address(v[varPending], "", false)
		return v.ahead(r) // staff look at it
	}
	return toCode
}

// address sets the one address that the reader gives.
func (v Vars) address(email, phone string, proven bool) {
	delete(v, varPending)
	delete(v, varProven)
	v[varEmail], v[varPhone] = email, phone
	if proven {
		v[varProven] = "yes"
	}
}

// findEmail finds the one word of the text that can be an e-mail address.
func findEmail(text string) (string, bool) {
	found := ""
	for _, word := range strings.Fields(strings.Map(visible, text)) {
		if !strings.Contains(word, "@") {
			continue
		}
		word = strings.Trim(word, "<>()[]«»\"',;:.!?")
		if found != "" || !isEmail(word) {
			return "", false
		}
		found = word
	}
	return found, found != ""
}

// isEmail reports whether a letter may be sent to the address: one @, something before it, a name with a dot after it, and no marks that have
// a meaning in a letter's head.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > emailBytes || local == "" || strings.ContainsAny(s, "<>()[]\\,;:\"") || strings.Contains(domain, "@") {
		return false
	}
	if strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) || !unicode.IsGraphic(c) }) {
		return false
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return len(labels) > 1
}

// parsePhone reads a number as people of the region write it and gives it with + and the country's code.
func parsePhone(text, region string) (string, bool) {
	if len(text) > phoneBytes {
		return "", false
	}
	bare := strings.Map(func(c rune) rune {
		if strings.ContainsRune(phoneMarks, c) || unicode.IsSpace(c) {
			return -1
		}
		return visible(c)
	}, text)
	if strings.Trim(bare, "+0123456789") != "" {
		return "", false
	}
	if region == "" {
		region = homeCountry
	}
	n, err := phonenumbers.Parse(bare, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}

// codeWays are the ways on when the code does not come or does not fit.
func codeWays() []Choice {
	return []Choice{choice(codeAgain, "register.code_again"), choice(codeOther, "register.code_other"), choice(codeLater, "register.code_later")}
}

func codeAsk(_ *Reader, v Vars, out *Turn) {
	out.say("register.code", templates.Fields{"email": v[varPending]}, codeWays()...)
}

func codeTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch a := in.Answer.(type) {
	case CodeChecked:
		return codeChecked(r, v, a, out)
	case CodeSent:
		return codeResent(r, v, a, out)
	}
	switch in.Choice {
	case codeAgain:
		out.Ask = SendCode{Email: v[varPending]}
		return ""
	case codeOther:
		return codeBack(r, v)
	case codeLater:
		v.address(v[varPending], "", false)
		return v.ahead(r)
	}
	if email, ok := findEmail(in.Text); ok { // there was a mistake in the first
		return v.prove(r, email, out)
	}
	digits := strings.Map(digit, in.Text)
	if len(digits) != codeDigits {
		out.say("register.code_form", nil, codeWays()...)
		return ""
	}
	out.Ask = CheckCode{Email: v[varPending], Code: digits}
	return ""
}

// digit drops what is not one.
func digit(c rune) rune {
	if '0' <= c && c <= '9' {
		return c
	}
	return -1
}

func codeResent(r *Reader, v Vars, a CodeSent, out *Turn) Event {
	switch {
	case a.Bad:
		out.say("register.email_bad", nil, contactWays(r)...)
		out.quiet = true
		return codeBack(r, v)
	case a.TooMany:
		out.say("register.code_too_many", nil, codeWays()[1:]...)
	default:
		codeAsk(r, v, out)
	}
	return ""
}

func codeChecked(r *Reader, v Vars, a CodeChecked, out *Turn) Event {
	switch {
	case a.Right:
		v.address(v[varPending], "", true)
		return v.ahead(r)
	case a.Old:
		out.say("register.code_old", nil, codeWays()...)
	case a.Left == 0:
		out.say("register.code_spent", nil, codeWays()...)
	default:
		out.say("register.code_wrong", templates.Fields{"count": a.Left}, codeWays()...)
	}
	return ""
}
