package flows

import (
	"slices"

	"librarian/contacts/library"
	"librarian/templates"
)

// The choices that are understood at every step.
const (
	choiceLang     = "lang:" // and the language
	choiceCancel   = "cmd:cancel"
	choiceHuman    = "cmd:human"
	choiceBack     = "cmd:back"
	choiceMenu     = "cmd:menu"
	choiceLanguage = "cmd:language"
	// ChoiceStart is sent by a channel when the reader opens the conversation without having said anything.
	ChoiceStart = "start"
)

// The choices that a word stands for at the steps that offer them.
const (
	choiceYes  = "yes"
	choiceNo   = "no"
	choiceSkip = "skip"
	choiceCard = "card"
)

// startLink begins what Telegram sends for a link to the bot that carries something.
const startLink = "/start "

// commandChoices are the buttons that do what the words do.
var commandChoices = map[templates.Command]string{
	templates.Cancel: choiceCancel, templates.Human: choiceHuman, templates.Back: choiceBack,
	templates.Menu: choiceMenu, templates.Language: choiceLanguage,
	templates.Yes: choiceYes, templates.No: choiceNo, templates.Skip: choiceSkip, templates.Card: choiceCard, templates.Withdraw: choiceWithdraw,
}

// languageTexts are the names of the languages, each in itself.
var languageTexts = map[library.Lang]string{
	library.Russian: "language.ru", library.Sakha: "language.sah", library.Ukrainian: "language.uk", library.English: "language.en",
}

// command is what the reader asks for by a button or a word alone.
func (s *Set) command(in Input) (templates.Command, bool) {
	if in.Choice == "" && len(in.Files) == 0 {
		return s.words.Word(in.Text)
	}
	for cmd, id := range commandChoices {
		if id == in.Choice {
			return cmd, true
		}
	}
	return "", false
}

// Aside reports whether the choice leads out of what is asked, and the word alone does the same wherever it is said.
func Aside(choice string, word templates.Command) bool {
	return commandChoices[word] == choice && slices.Contains([]templates.Command{templates.Back, templates.Cancel, templates.Menu, templates.Language}, word)
}

// Skips reports whether the choice leaves a question unanswered.
func Skips(choice string) bool { return choice == choiceSkip }

// carriedOut reports whether the command has its meaning at every step. The others belong to the steps that offer them.
func carriedOut(cmd templates.Command) bool {
	return !slices.Contains([]templates.Command{templates.Yes, templates.No, templates.Skip, templates.Card}, cmd)
}

// loses reports whether the command gives up something, so that a button left over from another question must not do it.
func loses(cmd templates.Command) bool { return cmd == templates.Cancel || cmd == templates.Back }

// carryOut does what has its meaning at every step.
func (s *Set) carryOut(cmd templates.Command, r *Reader, out *Turn) error {
	idle := s.step(out.State).Idle
	switch cmd {
	case templates.Language:
		out.say("language.choose", nil, languages(r)...)
	case templates.Hello:
		s.ask(r, out)
	case templates.Help:
		out.say("common.help", nil)
		s.ask(r, out)
	case templates.Human:
		s.callHuman(r, out)
	case templates.Cancel:
		if !idle {
			out.say("common.stopped", nil)
		}
		return s.leave(r, out)
	case templates.Withdraw:
		s.callWithdraw(r, out)
	case templates.Menu:
		if idle {
			s.ask(r, out)
			break
		}
		out.say("common.unfinished", nil)
		s.ask(r, out)
		out.offer(choice(choiceCancel, "common.cancel"))
	case templates.Restart:
		held, came := out.State.Held, out.State.Came
		out.State = s.begin(out.State.Flow)
		out.State.Held, out.State.Came = held, came
		s.ask(r, out)
	case templates.Back:
		return s.back(r, out)
	}
	return nil
}

// callHuman puts the conversation aside for a question to a librarian.
func (s *Set) callHuman(r *Reader, out *Turn) {
	s.interrupt(questionFlow, out)
	s.ask(r, out)
}

// interrupt begins the flow and puts what is unfinished aside, to go on with it afterwards. One thing at most is put aside.
func (s *Set) interrupt(flow string, out *Turn) {
	held := out.State
	switch {
	case held.Flow == flow:
		return
	case held.Flow == menuFlow:
		out.State = s.begin(flow)
	case held.Held != nil:
		out.State = s.begin(flow)
		out.State.Held, out.State.Came = held.Held, held.Came
	default:
		out.State = s.begin(flow)
		out.State.Held = &held
	}
}

// back goes to the step before, or out of the flow from its first step.
func (s *Set) back(r *Reader, out *Turn) error {
	event := ""
	if back := s.step(out.State).Back; back != nil {
		event = back(r, out.State.Vars)
	}
	if event == "" {
		return s.leave(r, out)
	}
	if err := s.fire(event, out); err != nil {
		return err
	}
	s.ask(r, out)
	return nil
}

// languages are the library's languages as buttons.
func languages(r *Reader) []Choice {
	var out []Choice
	for _, l := range r.Library.Offered() {
		out = append(out, choice(choiceLang+string(l), languageTexts[l]))
	}
	return out
}
