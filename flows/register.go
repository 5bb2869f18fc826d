package flows

import (
	"strconv"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
	"librarian/templates"
)

// The steps of the simple registration, in the order in which they are asked.
const (
	registerWho     = "who"
	registerConsent = "consent"
	registerPhoto   = "photo"
	registerName    = "name"
	registerBorn    = "born"
	registerContact = "contact"
	registerCode    = "code"
	registerReview  = "review"
	registerDone    = "done"
)

// The events of the registration.
const (
	toConsent = "to_consent"
	toPhoto   = "to_photo"
	toName    = "to_name"
	toBorn    = "to_born"
	toContact = "to_contact"
	toCode    = "to_code"
	toReview  = "to_review"
	toWho     = "to_who"
	toDone    = "to_done"
)

// What the registration remembers between its steps.
const (
	varRelation = "relation"
	varConsent  = "consent"
	varPhotos   = "photos" // ids with a space between
	varName     = "name"
	varBorn     = "born" // YYYY-MM-DD
	varEmail    = "email"
	varPhone    = "phone"
	varProven   = "proven"  // the address was proven by a code, or by the channel
	varPending  = "pending" // an e-mail to which a code went; not yet the reader's address
	varEdit     = "edit"    // one answer is being changed; then back to the review
)

// For whom a registration is, and the choices that say so.
const (
	relationSelf  = "self"
	relationChild = "child"
	relationOther = "other"
)

// The choices that change an answer at the review.
const (
	changeName    = "name"
	changeBorn    = "born"
	changeContact = "contact"
)

// register is the simple registration (R1): consent, name, date of birth, e-mail or phone.
func register() *Flow {
	answers := []string{registerName, registerBorn, registerContact, registerCode}
	return &Flow{
		Name: registerFlow, Start: registerWho,
		Moves: fsm.Events{
			{Name: toWho, Src: []string{registerConsent, registerBorn}, Dst: registerWho},
			{Name: toConsent, Src: []string{registerWho, registerPhoto, registerName}, Dst: registerConsent},
			{Name: toPhoto, Src: []string{registerConsent, registerName}, Dst: registerPhoto},
			{Name: toName, Src: []string{registerConsent, registerPhoto, registerBorn, registerReview}, Dst: registerName},
			{Name: toBorn, Src: []string{registerName, registerContact, registerReview}, Dst: registerBorn},
			{Name: toContact, Src: []string{registerBorn, registerCode, registerReview}, Dst: registerContact},
			{Name: toCode, Src: []string{registerContact}, Dst: registerCode},
			{Name: toReview, Src: answers, Dst: registerReview},
			{Name: toDone, Src: []string{registerConsent, registerReview}, Dst: registerDone},
		},
		Steps: map[string]Step{
			registerWho:     {Ask: whoAsk, Take: whoTake, Choices: []string{relationSelf, relationChild, relationOther}},
			registerConsent: {Ask: consentAsk, Take: consentTake, Back: backTo(toWho), Choices: []string{choiceYes, choiceNo}},
			registerPhoto:   {Ask: photoAsk, Take: photoTake, Back: backTo(toConsent), Choices: []string{choiceSkip}, Files: true},
			registerName:    {Ask: nameAsk, Take: nameTake, Back: nameBack},
			registerBorn:    {Ask: bornAsk, Take: bornTake, Back: backTo(toName)},
			registerContact: {Ask: contactAsk, Take: contactTake, Back: backTo(toBorn), Choices: []string{sharePhone}},
			registerCode:    {Ask: codeAsk, Take: codeTake, Back: codeBack, Choices: []string{codeAgain, codeOther, codeLater}},
			registerReview: {
				Ask: reviewAsk, Take: reviewTake, Back: backTo(toContact),
				Choices: []string{choiceYes, changeName, changeBorn, changeContact},
			},
		},
		Final: []string{registerDone},
	}
}

// backTo leads back by the event, or to the review when a single answer was being changed.
func backTo(event Event) func(*Reader, Vars) Event {
	return func(_ *Reader, v Vars) Event { return v.next(event) }
}

func nameBack(r *Reader, v Vars) Event {
	if r.Library.Settings.Registration.ConsentPhoto {
		return v.next(toPhoto)
	}
	return v.next(toConsent)
}

func codeBack(_ *Reader, v Vars) Event {
	delete(v, varPending)
	return toContact
}

// next is the event, or the one that leads to the review when a single answer was changed.
func (v Vars) next(event Event) Event {
	if v[varEdit] == "" {
		return event
	}
	delete(v, varEdit)
	return toReview
}

func whoAsk(r *Reader, _ Vars, out *Turn) {
	var ways []Choice
	if !r.registered() {
		ways = append(ways, choice(relationSelf, "register.for_self"))
	}
	ways = append(ways, choice(relationChild, "register.for_child"), choice(relationOther, "register.for_other"), choice(choiceCancel, "common.cancel"))
	out.say("register.who", nil, ways...)
}

func whoTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch {
	case in.Choice == "":
		out.say("common.choose", nil)
	case in.Choice == relationSelf && r.registered():
		out.say("register.known", nil)
	default:
		if in.Choice != v[varRelation] { // what was agreed to for one person is not agreed to for another
			delete(v, varConsent)
			delete(v, varPhotos)
		}
		v[varRelation] = in.Choice
		return toConsent
	}
	whoAsk(r, v, out)
	return ""
}

// consentText is the library's text in the reader's language, or in another in which there is one.
func consentText(r *Reader) (library.Lang, string) {
	texts := r.Library.Settings.Registration.Consent.Text
	for _, lang := range append([]library.Lang{r.Lang, r.Library.RecordLang()}, library.Langs()...) {
		if texts[lang] != "" {
			return lang, texts[lang]
		}
	}
	return r.Library.RecordLang(), ""
}

func consentAsk(r *Reader, _ Vars, out *Turn) {
	_, text := consentText(r)
	out.say("register.consent", templates.Fields{"text": text},
		choice(choiceYes, "register.agree"), choice(choiceNo, "register.decline"), backButton())
}

func consentTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(ConsentGiven); ok {
		v[varConsent] = strconv.FormatInt(a.ID, 10)
		out.Facts = append(out.Facts, Fact{Kind: "consent"})
		return afterConsent(r)
	}
	switch in.Choice {
	case choiceYes:
		if v[varConsent] != "" {
			return afterConsent(r)
		}
		lang, _ := consentText(r)
		out.Ask = GiveConsent{Version: r.Library.Settings.Registration.Consent.Version, Lang: lang}
		return ""
	case choiceNo:
		out.say("register.declined", nil)
		return toDone
	}
	out.say("common.choose", nil)
	consentAsk(r, v, out)
	return ""
}

func afterConsent(r *Reader) Event {
	if r.Library.Settings.Registration.ConsentPhoto {
		return toPhoto
	}
	return toName
}
