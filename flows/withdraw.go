package flows

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// withdrawFlow takes back the consent to the use of personal data, once the reader has confirmed it.
const withdrawFlow = "withdraw"

// choiceWithdraw is its button, which works wherever it still stands, as the words do.
const choiceWithdraw = withdrawFlow

// choiceWithdrawn confirms it; no word stands for it: "I agree" may mean either.
const choiceWithdrawn = "withdraw:yes"

// The steps and events of it.
const (
	withdrawConfirm = "confirm"
	withdrawDone    = "done"

	withdrawSaid = "said"
)

// For whom it is taken back, where the contact has given it for several: a reader's number, or all of them.
const (
	choiceWhose = "whose:"
	whoseAll    = "all"
	varWhose    = "whose"
)

// WithdrawConsent takes back the consents that the contact has given, and ends what rests on them.
type WithdrawConsent struct {
	Reader int64 // for one reader alone; 0: every consent
}

// ConsentWithdrawn answers WithdrawConsent.
type ConsentWithdrawn struct {
	Stopped []int64   `json:",omitempty"` // readers whose registration is at an end
	Cards   int       `json:",omitempty"` // readers who have a card: a person deals with their data
	Due     time.Time // by which that is promised
}

func (WithdrawConsent) ask()     {}
func (ConsentWithdrawn) answer() {}

func withdraw() *Flow {
	return &Flow{
		Name: withdrawFlow, Start: withdrawConfirm,
		Moves: fsm.Events{{Name: withdrawSaid, Src: []string{withdrawConfirm}, Dst: withdrawDone}},
		Steps: map[string]Step{withdrawConfirm: {Ask: withdrawAsk, Take: withdrawTake, Choices: []string{choiceWithdrawn, choiceNo}, Prefix: choiceWhose, Picks: true}},
		Final: []string{withdrawDone},
	}
}

// agreed are those for whom the contact has given a consent that stands.
func (r *Reader) agreed() []Person {
	return slices.DeleteFunc(slices.Clone(r.People), func(p Person) bool { return !p.Agreed })
}

// whose is the one for whom the consent is taken back; false: for all.
func (v Vars) whose(r *Reader) (Person, bool) {
	all := r.agreed()
	i := slices.IndexFunc(all, func(p Person) bool { return len(all) > 1 && strconv.FormatInt(p.ID, 10) == v[varWhose] })
	if i < 0 {
		return Person{}, false
	}
	return all[i], true
}

// withdrawOffer is the button, for whoever has something to take back.
func withdrawOffer(r *Reader) []Choice {
	if len(r.agreed()) == 0 {
		return nil
	}
	return []Choice{choice(choiceWithdraw, "consent.withdraw")}
}

// drafted reports whether a consent was given for a registration that is not sent yet.
func (s *State) drafted() bool {
	for ; s != nil; s = s.Held {
		if s.Flow == registerFlow && s.Vars[varConsent] != "" {
			return true
		}
	}
	return false
}

// callWithdraw puts the conversation aside and asks whether the consent is really to be taken back.
func (s *Set) callWithdraw(r *Reader, out *Turn) {
	if len(r.agreed()) == 0 && !out.State.drafted() {
		out.say("consent.none", nil)
	} else {
		s.interrupt(withdrawFlow, out)
	}
	s.ask(r, out)
}

// whoseAsk asks for whom it is taken back.
func whoseAsk(r *Reader, out *Turn) {
	out.say("consent.whose", nil)
	for _, p := range r.agreed() {
		out.offer(Choice{ID: choiceWhose + strconv.FormatInt(p.ID, 10), Plain: p.Name})
	}
	out.offer(choice(choiceWhose+whoseAll, "consent.whose_all"), choice(choiceNo, "consent.withdraw_no"), choice(choiceHuman, "common.human"))
}

func withdrawAsk(r *Reader, v Vars, out *Turn) {
	people := r.agreed()
	one, alone := v.whose(r)
	switch {
	case alone:
		people = []Person{one}
	case len(people) > 1 && v[varWhose] != whoseAll:
		whoseAsk(r, out)
		return
	}
	ways := []Choice{choice(choiceWithdrawn, "consent.withdraw_yes"), choice(choiceNo, "consent.withdraw_no"), choice(choiceHuman, "common.human")}
	if len(people) == 0 {
		out.say("consent.confirm_draft", nil, ways...)
		return
	}
	var names []string
	for _, p := range people {
		names = append(names, p.Name)
	}
	out.say("consent.confirm", templates.Fields{"names": strings.Join(names, ", ")}, ways...)
	if slices.ContainsFunc(people, func(p Person) bool { return p.Card != "" }) {
		out.line("consent.confirm_card", nil)
	}
}

func withdrawTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(ConsentWithdrawn); ok {
		one, alone := v.whose(r)
		a.tell(r, one, alone, out)
		if !alone || out.State.Held != nil && out.State.Held.Flow == papersFlow && !r.awaitsPapers() {
			out.State.dropDrafts()
		}
		return withdrawSaid
	}
	if whose, ok := strings.CutPrefix(in.Choice, choiceWhose); ok {
		v[varWhose] = whose
		withdrawAsk(r, v, out)
		return ""
	}
	switch in.Choice {
	case choiceWithdrawn:
		one, _ := v.whose(r)
		out.Ask = WithdrawConsent{Reader: one.ID}
		return ""
	case choiceNo:
		out.say("consent.stays", nil)
		return withdrawSaid
	}
	out.say("common.choose", nil)
	withdrawAsk(r, v, out)
	return ""
}

// tell says what has happened. The menu that follows in this very turn offers what can still be done.
func (a ConsentWithdrawn) tell(r *Reader, one Person, alone bool, out *Turn) {
	if alone {
		out.say("consent.withdrawn_of", templates.Fields{"name": one.Name})
	} else {
		out.say("consent.withdrawn", nil)
	}
	if len(a.Stopped) > 0 {
		out.line("consent.stopped", nil)
	}
	if a.Cards > 0 {
		out.line("consent.card", templates.Fields{"due": a.Due})
	}
	r.People = slices.Clone(r.People)
	for i := range r.People {
		p := &r.People[i]
		if alone && p.ID != one.ID {
			continue
		}
		p.Agreed, p.ConsentOld = false, false
		if slices.Contains(a.Stopped, p.ID) {
			p.State = "withdrawn"
		}
	}
}

// dropDrafts forgets what was put aside and rests on the consent: the answers of a registration, the papers, the question of a newer consent.
func (s *State) dropDrafts() {
	held := s.Held
	if held == nil || !slices.Contains([]string{registerFlow, papersFlow, lessonFlow, consentFlow}, held.Flow) {
		return
	}
	if held.Flow == consentFlow {
		s.Came = held.Came
	} else {
		s.Came = nil // it was an answer to what is dropped
	}
	s.Held = nil
}

// withdrawnElsewhere begins the registration anew: the consent that it rested on was taken back in another conversation.
func (v Vars) withdrawnElsewhere(out *Turn) Event {
	maps.DeleteFunc(v, func(string, string) bool { return true })
	out.say("consent.elsewhere", nil)
	return toWho
}
