package flows

import (
	"slices"
	"strconv"

	"librarian/contacts/library"
	"librarian/templates"
)

// relationTexts say at the review for whom the registration is.
var relationTexts = map[string]string{
	relationSelf: "register.review_self", relationChild: "register.review_child", relationOther: "register.review_other",
}

func reviewAsk(r *Reader, v Vars, out *Turn) {
	fields := v.fields()
	out.say("register.review", nil, reviewWays(r)...)
	out.line(relationTexts[v[varRelation]], nil)
	out.line("register.review_name", fields)
	out.line("register.review_born", fields)
	said, unproven := "register.review_phone", "register.review_unproven_phone"
	if v[varEmail] != "" {
		said, unproven = "register.review_email", "register.review_unproven_email"
	}
	out.line(said, fields)
	if v[varProven] == "" {
		out.line(unproven, nil)
	}
	v.reviewAnswers(r, out)
}

// reviewWays offers each answer to be changed, behind one button where there are many.
func reviewWays(r *Reader) []Choice {
	ways := []Choice{choice(choiceYes, "register.send")}
	if len(r.Library.Settings.Registration.Fields) > 0 {
		ways = append(ways, choice(choiceChange, "register.change"))
	} else {
		ways = append(ways, choice(changeName, "register.change_name"), choice(changeBorn, "register.change_born"), choice(changeContact, "register.change_contact"))
	}
	return append(ways, choice(choiceCancel, "common.cancel"))
}

// reviewAnswers shows the answers to the library's own questions, and what follows from them.
func (v Vars) reviewAnswers(r *Reader, out *Turn) {
	registration, p := &r.Library.Settings.Registration, v.person(r)
	for f := range registration.Asked(p) {
		if said := f.Say(v[varAnswer+f.Key]); len(said) > 0 {
			out.line("field.answer", templates.Fields{"label": f.Name(), "value": said})
		}
	}
	judged := registration.Judge(p)
	if len(judged.Documents) > 0 {
		out.line("register.review_documents", templates.Fields{"documents": documents(r, judged.Documents)})
	}
	why := registration.Eligibility.Lending.Why
	switch {
	case judged.NoLending && len(why) > 0:
		out.line("field.own_text", templates.Fields{"text": library.Words{Own: why}})
	case judged.NoLending:
		out.line("register.review_no_lending", nil)
	}
}

func reviewBack(r *Reader, v Vars) Event { return v.before(r, "") }

func reviewTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(Registered); ok {
		return v.registered(r, a, out)
	}
	switch in.Choice {
	case choiceYes:
		if event := v.ahead(r); event != toReview { // the rules have changed, or a day has gone by
			return event
		}
		out.Ask = v.registration(r)
		return ""
	case choiceChange:
		return toChange
	}
	if event := v.change(in.Choice); event != "" {
		return event
	}
	out.say("common.choose", nil)
	reviewAsk(r, v, out)
	return ""
}

// registered tells what happens next. The menu that follows in this very turn offers what somebody who waits can do.
func (v Vars) registered(r *Reader, a Registered, out *Turn) Event {
	if a.NoConsent {
		return v.withdrawnElsewhere(out)
	}
	out.enquiry()
	state, after := "sent", toDone
	switch {
	case a.Again:
		out.say("register.again", v.fields(), choice(choiceMend, "corrections.mend"))
		return toDone
	case a.Papers:
		state, after = "papers", startPrefix+papersFlow
		out.say("register.papers_soon", v.fields())
		if r.Library.Settings.Registration.NeedsSurety(v.person(r)) {
			out.line("register.papers_surety", nil)
		}
		out.offer(papersWays()...)
		out.quiet = true // what the papers would say first is said here
	default:
		out.say("register.sent", templates.Fields{"name": v[varName], "due": a.Due})
	}
	r.People = append(slices.Clip(r.People), Person{Name: v[varName], Relation: v[varRelation], State: state, Registration: a.ID, Agreed: true})
	return after
}

// registration is what the reader has answered, as it is handed in.
func (v Vars) registration(r *Reader) Register {
	born, _ := v.born()                                   // set by bornTake, which lets nothing else through
	consent, _ := strconv.ParseInt(v[varConsent], 10, 64) // written by consentTake
	proven := v[varProven] != ""
	return Register{
		Relation: v[varRelation], Name: v[varName], Born: born, Consent: consent, Photos: v.photos(),
		Email: v[varEmail], EmailProven: proven && v[varEmail] != "",
		Phone: v[varPhone], PhoneProven: proven && v[varPhone] != "",
		Answers: v.answers(r), Rules: v.rules(), Papers: r.Library.Settings.Registration.Full,
	}
}

// fields are the answers, for texts.
func (v Vars) fields() templates.Fields {
	f := templates.Fields{"name": v[varName], "email": v[varEmail], "phone": v[varPhone]}
	if born, ok := v.born(); ok {
		f["born"] = born
	}
	return f
}

func (v Vars) born() (library.Date, bool) { return library.ParseDate(v[varBorn]) }
