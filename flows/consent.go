package flows

import (
	"slices"
	"strings"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// consentFlow asks those who agreed to an older text on personal data whether they agree to the present one.
const consentFlow = "consent"

// The steps and events of it.
const (
	consentRenew = "renew"
	consentDone  = "done"

	consentSaid = "said"
)

// varVersion is the version of the text that was shown: the library may change it before the answer comes.
const varVersion = "version"

// Came is what a reader came for, kept until they have said what the library has to know first.
type Came struct {
	Text   string    `json:"text,omitempty"`
	Choice string    `json:"choice,omitempty"`
	Stale  bool      `json:"stale,omitempty"`
	Files  []Finding `json:"files,omitempty"`
	Phone  string    `json:"phone,omitempty"`
	Cut    bool      `json:"cut,omitempty"`
}

func consent() *Flow {
	return &Flow{
		Name: consentFlow, Start: consentRenew,
		Moves: fsm.Events{{Name: consentSaid, Src: []string{consentRenew}, Dst: consentDone}},
		Steps: map[string]Step{consentRenew: {Ask: renewAsk, Take: renewTake, Choices: []string{choiceYes, choiceNo}, Files: true}},
		Final: []string{consentDone},
	}
}

// renews reports whether the reader is to be asked before anything else: once a dialogue, and not while something is put aside already. To call a
// librarian or to change the language nobody has to read anything first.
func (s *Set) renews(r *Reader, in Input, out *Turn) bool {
	state := out.State
	if out.asked == r.Dialogue || state.Held != nil || state.Flow == consentFlow || state.Flow == withdrawFlow || !r.consentOld() {
		return false
	}
	cmd, word := s.command(in)
	return !word || cmd != templates.Human && cmd != templates.Language && cmd != templates.Withdraw
}

// consentOld reports whether somebody's consent is to an older text than the library's.
func (r *Reader) consentOld() bool {
	_, text := consentText(r)
	return text != "" && slices.ContainsFunc(r.People, func(p Person) bool { return p.ConsentOld && !p.out() })
}

// renew asks for the consent and keeps what the reader came for.
func (s *Set) renew(r *Reader, in Input, out *Turn) {
	held := out.State
	out.State = s.begin(consentFlow)
	if held.Flow != menuFlow || held.Step != menuStart {
		out.State.Held = &held
	}
	out.State.Came = came(in)
	out.asked = r.Dialogue
	s.ask(r, out)
}

func came(in Input) *Came {
	text, cut := in.Text, in.Cut
	if runes := []rune(text); len(runes) > draftRunes {
		text, cut = string(runes[:draftRunes]), true
	}
	return &Came{Text: text, Choice: in.Choice, Stale: in.Stale, Files: in.Files, Phone: in.Phone, Cut: cut}
}

// input is what was kept, as if it came now.
func (c *Came) input(r *Reader) Input {
	return Input{Kind: Message, Text: c.Text, Choice: c.Choice, Stale: c.Stale, Files: c.Files, Phone: c.Phone, Cut: c.Cut, At: r.Now}
}

// more adds what came later. Two texts are one; a button gives way to what was written or pressed after it.
func (c *Came) more(in Input) *Came {
	if c == nil {
		return came(in)
	}
	if c.Choice == "" && in.Choice == "" {
		in.Text = strings.TrimSpace(c.Text + "\n" + in.Text)
		in.Files = append(slices.Clip(c.Files), in.Files...)
		in.Cut = in.Cut || c.Cut
		if in.Phone == "" {
			in.Phone = c.Phone
		}
	}
	return came(in)
}

func renewAsk(r *Reader, v Vars, out *Turn) {
	v[varVersion] = r.Library.Settings.Registration.Consent.Version
	_, text := consentText(r)
	out.say("consent.renew", templates.Fields{"text": text},
		choice(choiceYes, "register.agree"), choice(choiceNo, "consent.later"), choice(choiceWithdraw, "consent.withdraw"))
}

func renewTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if _, ok := in.Answer.(ConsentGiven); ok {
		out.Facts = append(out.Facts, Fact{Kind: "consent"})
		for i := range r.People {
			r.People[i].ConsentOld = false
		}
		out.say("consent.thanks", nil)
		return consentSaid
	}
	switch in.Choice {
	case choiceYes:
		if !r.consentOld() { // given in another conversation meanwhile
			out.say("consent.thanks", nil)
			return consentSaid
		}
		version := r.Library.Settings.Registration.Consent.Version
		if v[varVersion] != version {
			out.say("consent.changed", nil)
			renewAsk(r, v, out)
			return ""
		}
		lang, _ := consentText(r)
		out.Ask = GiveConsent{Version: version, Lang: lang, Renew: true}
		return ""
	case choiceNo:
		out.say("consent.put_off", nil)
		return consentSaid
	}
	if in.Phone != "" || len(in.Files) > 0 || hasWords(in.Text) {
		out.State.Came = out.State.Came.more(in)
		out.say("consent.kept", nil)
	} else {
		out.say("common.choose", nil)
	}
	renewAsk(r, v, out)
	return ""
}
