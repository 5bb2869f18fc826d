package flows

import (
	"strings"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// joinFlow finds out that who writes has written before, from another address.
const joinFlow = "join"

// The steps and events of the joining; the code's own choices are those of the registration.
const (
	joinWhere = "where"
	joinCode  = "code"
	joinDone  = "done"

	joinToCode  = "to_code"
	joinToWhere = "to_where"
	joinToDone  = "to_done"
)

// SendJoinCode sends six digits to the e-mail, or to the messenger in which the phone number was proven.
type SendJoinCode struct{ Email, Phone string }

// JoinByCode compares the digits and, when they are right, makes one contact of this and the one who has them.
type JoinByCode struct{ Email, Phone, Code string }

// JoinTried answers JoinByCode.
type JoinTried struct {
	Right   bool
	Left    int         // tries left; with none the code is worth nothing any more
	Old     bool        // the code was sent too long ago
	Outcome JoinOutcome // of a right code
	People  []Person    // for whom the contact acts now, without names
}

// JoinOutcome is what came of a right code.
type JoinOutcome string

// The outcomes.
const (
	JoinDone    JoinOutcome = "done"
	JoinNew     JoinOutcome = "new"     // nobody has written from there; it is known as the reader's own from now on
	JoinSame    JoinOutcome = "same"    // it was known to be the same person
	JoinNobody  JoinOutcome = "nobody"  // nobody is known by it any more
	JoinSeveral JoinOutcome = "several" // several people have proven it
	JoinTwo     JoinOutcome = "two"     // each is registered as another reader
	JoinSpoken  JoinOutcome = "spoken"  // one of staff is speaking with one of them
)

func (SendJoinCode) ask() {}
func (JoinByCode) ask()   {}
func (JoinTried) answer() {}

// outcomeTexts say what came of a right code.
var outcomeTexts = map[JoinOutcome]string{
	JoinDone: "join.done", JoinNew: "join.new", JoinSame: "join.same", JoinNobody: "join.nobody", JoinSeveral: "join.several", JoinTwo: "join.two_readers",
	JoinSpoken: "join.spoken",
}

// join asks where else the reader has written, and proves it by a code (C3).
func join() *Flow {
	return &Flow{
		Name: joinFlow, Start: joinWhere,
		Moves: fsm.Events{
			{Name: joinToCode, Src: []string{joinWhere}, Dst: joinCode},
			{Name: joinToWhere, Src: []string{joinCode}, Dst: joinWhere},
			{Name: joinToDone, Src: []string{joinCode}, Dst: joinDone},
		},
		Steps: map[string]Step{
			joinWhere: {Ask: joinWhereAsk, Take: joinWhereTake},
			joinCode:  {Ask: joinCodeAsk, Take: joinCodeTake, Back: backTo(joinToWhere), Choices: []string{codeAgain, codeOther}, Picks: true},
		},
		Final: []string{joinDone},
	}
}

// joinOffer is the button that starts it.
func joinOffer() Choice { return choice(joinFlow, "join.offer") }

func joinWhereAsk(r *Reader, _ Vars, out *Turn) {
	key := "join.where"
	if !r.CanMail {
		key = "join.where_phone"
	}
	out.say(key, nil, choice(choiceCancel, "common.cancel"))
}

func joinWhereTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(CodeSent); ok {
		return joinSent(a, out)
	}
	email, isEmail := findEmail(in.Text)
	phone, isPhone := parsePhone(in.Text, r.Library.Settings.Region)
	switch {
	case isEmail && r.CanMail:
		v.joinFrom(email, "")
	case isPhone:
		v.joinFrom("", phone)
	case isEmail:
		joinWhereAsk(r, v, out)
		return ""
	default:
		out.say("join.form", nil, choice(choiceCancel, "common.cancel"))
		return ""
	}
	out.Ask = SendJoinCode{Email: v[varEmail], Phone: v[varPhone]}
	return ""
}

// joinFrom notes the address to which a code goes.
func (v Vars) joinFrom(email, phone string) { v[varEmail], v[varPhone] = email, phone }

// joinSent goes on to the code, or says why none was sent.
func joinSent(a CodeSent, out *Turn) Event {
	switch {
	case a.Bad:
		out.say("register.email_bad", nil, choice(choiceCancel, "common.cancel"))
		return ""
	case a.TooMany:
		out.say("join.too_many", nil, choice(choiceCancel, "common.cancel"))
		return ""
	}
	return joinToCode
}

func joinCodeWays() []Choice {
	return []Choice{choice(codeAgain, "register.code_again"), choice(codeOther, "register.code_other"), choice(choiceCancel, "common.cancel")}
}

// joinCodeAsk says the same whether the address is known or not.
func joinCodeAsk(_ *Reader, v Vars, out *Turn) {
	if v[varEmail] != "" {
		out.say("register.code", templates.Fields{"email": v[varEmail]}, joinCodeWays()...)
		return
	}
	out.say("join.code_chat", nil, joinCodeWays()...)
}

func joinCodeTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch a := in.Answer.(type) {
	case JoinTried:
		return joinTried(r, a, out)
	case CodeSent:
		switch {
		case a.Bad:
			return joinToWhere
		case a.TooMany:
			out.say("join.too_many", nil, joinCodeWays()[1:]...)
		default:
			joinCodeAsk(r, v, out)
		}
		return ""
	}
	switch in.Choice {
	case codeAgain:
		out.Ask = SendJoinCode{Email: v[varEmail], Phone: v[varPhone]}
		return ""
	case codeOther:
		return joinToWhere
	}
	digits := strings.Map(digit, in.Text)
	if len(digits) != codeDigits {
		out.say("join.code_form", nil, joinCodeWays()...)
		return ""
	}
	out.Ask = JoinByCode{Email: v[varEmail], Phone: v[varPhone], Code: digits}
	return ""
}

func joinTried(r *Reader, a JoinTried, out *Turn) Event {
	switch {
	case a.Right:
		if a.Outcome == JoinDone || a.Outcome == JoinNew {
			r.People = a.People // the menu that follows offers what they can do
		}
		out.say(outcomeTexts[a.Outcome], nil)
		return joinToDone
	case a.Old:
		out.say("register.code_old", nil, joinCodeWays()...)
	case a.Left == 0:
		out.say("register.code_spent", nil, joinCodeWays()...)
	default:
		out.say("register.code_wrong", templates.Fields{"count": a.Left}, joinCodeWays()...)
	}
	return ""
}
