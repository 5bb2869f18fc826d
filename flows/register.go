package flows

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
	"librarian/templates"
)

// The steps of the registration, in the order in which they are asked. The simple one has no rules and no fields.
const (
	registerWho     = "who"
	registerConsent = "consent"
	registerPhoto   = "photo"
	registerName    = "name"
	registerBorn    = "born"
	registerContact = "contact"
	registerCode    = "code"
	registerRules   = "rules"
	registerField   = "field"
	registerDenied  = "denied"
	registerReview  = "review"
	registerChange  = "change"
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
	toRules   = "to_rules"
	toField   = "to_field"
	toDenied  = "to_denied"
	toReview  = "to_review"
	toChange  = "to_change"
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
	varEdit     = "edit"    // one answer is being changed; then on with what is left, mostly the review
	varRules    = "rules"   // version of the accepted rules, a space, the day
	varRulesOf  = "rulesof" // language of their text, a space, its SHA-256
	varShown    = "shown"   // SHA-256 of the rules as they were shown last
	varField    = "field"   // key of the field that is being asked for
	varAnswer   = "a."      // and the key of a field: its answer
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

// register is the registration (R1, R3): consent, name, date of birth, e-mail or phone; the library's rules and its own questions where it has any.
func register() *Flow {
	answers := []string{registerName, registerBorn, registerContact, registerCode, registerRules, registerField, registerReview, registerChange}
	open := append([]string{registerDenied}, answers...)
	changes := []string{changeName, changeBorn, changeContact}
	return &Flow{
		Name: registerFlow, Start: registerWho,
		Moves: fsm.Events{
			{Name: toWho, Src: []string{registerConsent, registerBorn, registerReview}, Dst: registerWho},
			{Name: toConsent, Src: []string{registerWho, registerPhoto, registerName}, Dst: registerConsent},
			{Name: toPhoto, Src: []string{registerConsent, registerName}, Dst: registerPhoto},
			{Name: toName, Src: []string{registerConsent, registerPhoto, registerBorn, registerReview, registerChange}, Dst: registerName},
			{Name: toBorn, Src: []string{registerName, registerContact, registerReview, registerChange, registerDenied}, Dst: registerBorn},
			{Name: toContact, Src: open, Dst: registerContact},
			{Name: toCode, Src: []string{registerContact}, Dst: registerCode},
			{Name: toRules, Src: open, Dst: registerRules},
			{Name: toField, Src: open, Dst: registerField},
			{Name: toDenied, Src: answers, Dst: registerDenied},
			{Name: toReview, Src: open, Dst: registerReview},
			{Name: toChange, Src: []string{registerReview, registerDenied}, Dst: registerChange},
			{Name: toDone, Src: []string{registerConsent, registerReview}, Dst: registerDone},
		},
		Steps: map[string]Step{
			registerWho:     {Ask: whoAsk, Take: whoTake, Choices: []string{relationSelf, relationChild, relationOther}, Picks: true},
			registerConsent: {Ask: consentAsk, Take: consentTake, Back: backTo(toWho), Choices: []string{choiceYes, choiceNo}, Picks: true},
			registerPhoto:   {Ask: photoAsk, Take: photoTake, Back: backTo(toConsent), Choices: []string{choiceSkip}, Files: true, Picks: true},
			registerName:    {Ask: nameAsk, Take: nameTake, Back: nameBack},
			registerBorn:    {Ask: bornAsk, Take: bornTake, Back: backTo(toName)},
			registerContact: {Ask: contactAsk, Take: contactTake, Back: backTo(toBorn), Choices: []string{sharePhone}, Picks: true},
			registerCode:    {Ask: codeAsk, Take: codeTake, Back: codeBack, Choices: []string{codeAgain, codeOther, codeLater}, Picks: true},
			registerRules:   {Ask: rulesAsk, Take: rulesTake, Back: backTo(toContact), Choices: []string{choiceYes, choiceNo}, Picks: true},
			registerField: {
				Ask: fieldAsk, Take: fieldTake, Back: fieldBack, Prefix: choiceField, Literal: fieldLiteral, PicksAt: fieldPicks,
				Choices: []string{choiceSkip, choiceNo, choiceBack, sharePhone},
			},
			registerDenied: {Ask: deniedAsk, Take: deniedTake, Back: deniedBack, Choices: []string{choiceChange, choiceSkip}, Picks: true},
			registerReview: {Ask: reviewAsk, Take: reviewTake, Back: reviewBack, Choices: append([]string{choiceYes, choiceChange}, changes...), Picks: true},
			registerChange: {Ask: changeAsk, Take: changeTake, Back: func(r *Reader, v Vars) Event { return v.ahead(r) }, Choices: changes, Prefix: choiceField, Picks: true},
		},
		Final: []string{registerDone},
	}
}

// backTo leads back by the event, or to where a single answer was to be changed.
func backTo(event Event) func(*Reader, Vars) Event {
	return func(r *Reader, v Vars) Event { return v.next(r, event) }
}

func nameBack(r *Reader, v Vars) Event {
	if r.Library.Settings.Registration.ConsentPhoto {
		return v.next(r, toPhoto)
	}
	return v.next(r, toConsent)
}

func codeBack(_ *Reader, v Vars) Event {
	delete(v, varPending)
	return toContact
}

// next is the event, or what is left to do when a single answer was to be changed.
func (v Vars) next(r *Reader, event Event) Event {
	if v[varEdit] == "" {
		return event
	}
	return v.ahead(r)
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
		whoAsk(r, v, out)
		if r.mends() {
			out.offer(choice(choiceMend, "corrections.mend"))
		}
		return ""
	default:
		if in.Choice != v[varRelation] { // what was agreed to for one person is not agreed to for another
			v.forget()
		}
		v[varRelation] = in.Choice
		return toConsent
	}
	whoAsk(r, v, out)
	return ""
}

// forget drops what one person has agreed to and answered.
func (v Vars) forget() {
	maps.DeleteFunc(v, func(name, _ string) bool {
		return strings.HasPrefix(name, varAnswer) || slices.Contains([]string{varConsent, varPhotos, varRules, varRulesOf, varField}, name)
	})
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
