package flows

import (
	"maps"
	"slices"
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

// WithdrawConsent takes back every consent that the contact has given, and ends what rests on them.
type WithdrawConsent struct{}

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
		Steps: map[string]Step{withdrawConfirm: {Ask: withdrawAsk, Take: withdrawTake, Choices: []string{choiceWithdrawn, choiceNo}}},
		Final: []string{withdrawDone},
	}
}

// agreed are the names of those for whom the contact has given a consent that stands.
func (r *Reader) agreed() []string {
	var names []string
	for _, p := range r.People {
		if p.Agreed {
			names = append(names, p.Name)
		}
	}
	return names
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

func withdrawAsk(r *Reader, _ Vars, out *Turn) {
	ways := []Choice{choice(choiceWithdrawn, "consent.withdraw_yes"), choice(choiceNo, "consent.withdraw_no"), choice(choiceHuman, "common.human")}
	names := r.agreed()
	if len(names) == 0 {
		out.say("consent.confirm_draft", nil, ways...)
		return
	}
	out.say("consent.confirm", templates.Fields{"names": strings.Join(names, ", ")}, ways...)
	if hasCard(r) {
		out.line("consent.confirm_card", nil)
	}
}

func withdrawTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(ConsentWithdrawn); ok {
		a.tell(r, out)
		out.State.dropDrafts()
		return withdrawSaid
	}
	switch in.Choice {
	case choiceWithdrawn:
		out.Ask = WithdrawConsent{}
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
func (a ConsentWithdrawn) tell(r *Reader, out *Turn) {
	out.say("consent.withdrawn", nil)
	if len(a.Stopped) > 0 {
		out.line("consent.stopped", nil)
	}
	if a.Cards > 0 {
		out.line("consent.card", templates.Fields{"due": a.Due})
	}
	r.People = slices.Clone(r.People)
	for i := range r.People {
		p := &r.People[i]
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
