package flows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

// remindAfter is how long a reader may be away from an unfinished conversation before being reminded, once.
const remindAfter = 24 * time.Hour

// Advance gives the answer to one input. The given state is not changed; r learns what the turn itself brings: the language that was chosen,
// the person who was registered. An error means that state or input cannot have come from this version of the conversations.
func (s *Set) Advance(state State, r *Reader, in Input) (Turn, error) {
	r.words = s.words
	out := Turn{State: state.copy(), asked: state.Asked, shown: state.Shown, astray: state.Astray}
	if out.State.Flow == "" {
		out.State = s.begin(menuFlow)
	}
	if err := s.known(&out.State); err != nil {
		return Turn{}, err
	}
	if err := s.react(r, in, &out); err != nil {
		return Turn{}, err
	}
	out.State.Asked, out.State.Shown, out.State.Astray = out.asked, out.shown, out.astray
	if !s.step(out.State).Idle && !out.State.Reminded {
		out.WakeAt = r.Now.Add(remindAfter)
	}
	return out, nil
}

func (s *Set) react(r *Reader, in Input, out *Turn) error {
	switch in.Kind {
	case Message:
		out.State.Reminded = false
		return s.message(r, in, out)
	case Reply, Job:
		if in.Answer == nil {
			return fmt.Errorf("input of kind %s without an answer", in.Kind)
		}
		switch a := in.Answer.(type) {
		case DeskJoined:
			s.joined(a, r, out)
			return nil
		case PagesReturned:
			r.returned(a, out)
			return nil
		}
		return s.take(r, in, out)
	case Resume:
		s.ask(r, out)
	case Timeout:
		s.remind(r, out)
	case Notice:
		return s.news(r, in.News, out)
	default:
		return fmt.Errorf("input of kind %q", in.Kind)
	}
	return nil
}

// message answers the reader: first what has its meaning at every step, then the step.
func (s *Set) message(r *Reader, in Input, out *Turn) error {
	if r.First {
		out.say("menu.hello", templates.Fields{"library": r.Library.Title(r.Lang)})
	}
	if in.Unproven && s.changes(in, out) {
		out.say("common.answer_letter", nil)
		s.ask(r, out)
		return nil
	}
	if lang, ok := chosenLanguage(r, in.Choice); ok {
		out.Lang, r.Lang, r.Chosen = lang, lang, true
		s.ask(r, out)
		return nil
	}
	in.Text = storable(in.Text)
	if word, ok := joins(in); ok {
		out.Ask = JoinDesk{Word: word}
		return nil
	}
	if s.returns(r, in, out) {
		return nil
	}
	if s.renews(r, in, out) {
		s.renew(r, in, out)
		return nil
	}
	step := s.step(out.State)
	if cmd, ok := s.command(in); ok && !step.literal(out.State.Vars, in, cmd) {
		id := commandChoices[cmd]
		switch {
		case step.takes(id):
			in.Choice = id
		case carriedOut(cmd) && (!in.Stale || !loses(cmd)):
			return s.carryOut(cmd, r, out)
		}
	}
	switch {
	case in.Choice == lessonFlow && out.State.Flow != lessonFlow && len(r.newcomers()) > 0:
		s.callLesson(r, out)
		return nil
	case s.ordering(in, out):
		return s.callOrdering(r, in, out)
	case in.Choice == choiceMend:
		s.mend(r, out)
		return nil
	case in.Choice == joinFlow && !step.takes(joinFlow): // offered with news, whatever was being done
		s.interrupt(joinFlow, out)
		s.ask(r, out)
		return nil
	}
	if out.State.Flow != papersFlow {
		switch {
		case in.Choice == papersFlow && r.awaitsPapers():
			s.interrupt(papersFlow, out)
			s.ask(r, out)
			return nil
		case r.brings(in.Files, step.Idle):
			s.interrupt(papersFlow, out)
			return s.take(r, in, out)
		}
	}
	if in.Choice == ChoiceStart || in.Choice == "" && strings.HasPrefix(in.Text, startLink) {
		s.ask(r, out)
		return nil
	}
	if in.Choice != "" && step.outlived(in) {
		out.say("common.stale", nil)
		s.ask(r, out)
		if !step.Idle {
			out.offer(choice(choiceCancel, "common.cancel"))
		}
		return nil
	}
	if left := out.passOver(in.Files, step.Files); len(left) < len(in.Files) {
		if in.Files = left; len(left) == 0 && in.Choice == "" && in.Phone == "" && strings.TrimSpace(in.Text) == "" {
			s.ask(r, out)
			return nil
		}
	}
	if len(in.Files) > 0 && !step.Files {
		out.say("files.not_needed", nil)
		in.Files = nil
		if in.Choice == "" && in.Phone == "" && strings.TrimSpace(in.Text) == "" {
			s.ask(r, out)
			return nil
		}
	}
	if in.Cut {
		out.say("common.cut", nil)
	}
	return s.take(r, in, out)
}

// changes reports whether the input could do more than ask: in the middle of something every answer moves it.
func (s *Set) changes(in Input, out *Turn) bool {
	if _, ok := joins(in); ok {
		return true
	}
	if cmd, ok := s.command(in); ok && slices.Contains([]templates.Command{templates.Hello, templates.Human, templates.Help, templates.Language, templates.Menu}, cmd) {
		return false
	}
	return !s.step(out.State).Idle && out.State.Flow != questionFlow && out.State.Flow != needFlow
}

// storable drops what no stored text can hold: null and bytes that are no letters.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// takes reports whether the step understands the button.
func (s Step) takes(id string) bool {
	return id != "" && (slices.Contains(s.Choices, id) || slices.Contains(s.Lasting, id) || s.Prefix != "" && strings.HasPrefix(id, s.Prefix))
}

// literal reports whether the command is an answer here.
func (s Step) literal(v Vars, in Input, cmd templates.Command) bool {
	return in.Choice == "" && s.Literal != nil && s.Literal(v, cmd)
}

// outlived reports whether the button belongs to another question than the step's.
func (s Step) outlived(in Input) bool {
	return !s.takes(in.Choice) || in.Stale && !slices.Contains(s.Lasting, in.Choice)
}

// chosenLanguage is the language whose button it is, if the library offers it.
func chosenLanguage(r *Reader, id string) (library.Lang, bool) {
	code, ok := strings.CutPrefix(id, choiceLang)
	lang := library.Lang(code)
	return lang, ok && slices.Contains(r.Library.Offered(), lang)
}

// take lets the step understand the input and follows the event that it names.
func (s *Set) take(r *Reader, in Input, out *Turn) error {
	event := s.step(out.State).Take(r, out.State.Vars, in, out)
	if out.Ask != nil || event == "" {
		return nil
	}
	if flow, ok := strings.CutPrefix(event, startPrefix); ok {
		if s.flows[flow] == nil {
			return fmt.Errorf("step %s of flow %s starts %q", out.State.Step, out.State.Flow, flow)
		}
		held, came := out.State.Held, out.State.Came
		out.State = s.begin(flow)
		out.State.Held, out.State.Came = held, came
		if !out.quiet {
			s.ask(r, out)
		}
		return nil
	}
	if err := s.fire(event, out); err != nil {
		return err
	}
	switch {
	case s.flows[out.State.Flow].final[out.State.Step]:
		return s.leave(r, out)
	case !out.quiet:
		s.ask(r, out)
	}
	return nil
}

// leave ends the flow: back to the one that was put aside, or to the menu. What the reader came for is answered then.
func (s *Set) leave(r *Reader, out *Turn) error {
	held, came := out.State.Held, out.State.Came
	if held != nil {
		out.State = *held
		out.State.Reminded = false // the reader is here
	} else {
		out.State = s.begin(menuFlow)
	}
	switch {
	case came != nil:
		out.asked = r.Dialogue // they were: not again at once
		return s.message(r, came.input(r), out)
	case held != nil || len(out.Say) == 0:
		s.ask(r, out)
	default:
		out.offer(menuChoices(r)...)
	}
	return nil
}

// remind asks the reader, once, whether they go on.
func (s *Set) remind(r *Reader, out *Turn) {
	if s.step(out.State).Idle || out.State.Reminded {
		return
	}
	out.State.Reminded = true
	out.say("common.remind", nil)
	s.ask(r, out)
	out.offer(choice(choiceCancel, "common.cancel"))
	for i := range out.Say {
		out.Say[i].Remind = true
	}
}
