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

func reviewAsk(_ *Reader, v Vars, out *Turn) {
	fields := v.fields()
	out.say("register.review", nil,
		choice(choiceYes, "register.send"), choice(changeName, "register.change_name"), choice(changeBorn, "register.change_born"),
		choice(changeContact, "register.change_contact"), choice(choiceCancel, "common.cancel"))
	out.line(relationTexts[v[varRelation]], nil)
	out.line("register.review_name", fields)
	out.line("register.review_born", fields)
	if v[varEmail] != "" {
		out.line("register.review_email", fields)
	} else {
		out.line("register.review_phone", fields)
	}
	if v[varProven] == "" {
		out.line("register.review_unproven", nil)
	}
}

func reviewTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(Registered); ok {
		out.enquiry()
		if a.Again {
			out.say("register.again", v.fields())
		} else {
			out.say("register.sent", templates.Fields{"name": v[varName], "due": a.Due})
			// The menu that follows in this very turn offers what somebody who waits can do.
			r.People = append(slices.Clip(r.People), Person{Name: v[varName], Relation: v[varRelation], State: "sent"})
		}
		return toDone
	}
	switch in.Choice {
	case choiceYes:
		out.Ask = v.registration()
		return ""
	case changeName:
		v[varEdit] = changeName
		return toName
	case changeBorn:
		v[varEdit] = changeBorn
		return toBorn
	case changeContact:
		v[varEdit] = changeContact
		return toContact
	}
	out.say("common.choose", nil)
	reviewAsk(r, v, out)
	return ""
}

// registration is what the reader has answered, as it is handed in.
func (v Vars) registration() Register {
	born, _ := v.born()                                   // set by bornTake, which lets nothing else through
	consent, _ := strconv.ParseInt(v[varConsent], 10, 64) // written by consentTake
	proven := v[varProven] != ""
	return Register{
		Relation: v[varRelation], Name: v[varName], Born: born, Consent: consent, Photos: v.photos(),
		Email: v[varEmail], EmailProven: proven && v[varEmail] != "",
		Phone: v[varPhone], PhoneProven: proven && v[varPhone] != "",
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
