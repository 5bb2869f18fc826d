package flows

import (
	"slices"
	"strings"
	"unicode"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// Names of flows, and what a step may answer beside its own events.
const (
	menuFlow     = "menu"
	questionFlow = "question"
	registerFlow = "register"

	startPrefix = "start:" // and the flow to start
)

// The steps and events of the menu.
const (
	menuStart   = "start"
	menuConfirm = "confirm"

	menuDraft = "draft"
	menuOver  = "over"
)

// The choices of the menu beside the names of flows.
const (
	choiceStatus = "status"
	choiceInfo   = "info"
)

// varText is a question that the reader has not yet said is one.
const varText = "text"

// menu is where a conversation begins and ends: what the library offers, and a question for a person out of whatever fits nothing else.
func menu() *Flow {
	buttons := []string{choiceCard, choiceStatus, registerFlow, questionFlow, needFlow, choiceInfo, joinFlow}
	return &Flow{
		Name: menuFlow, Start: menuStart,
		Moves: fsm.Events{
			{Name: menuDraft, Src: []string{menuStart, menuConfirm}, Dst: menuConfirm},
			{Name: menuOver, Src: []string{menuConfirm}, Dst: menuStart},
		},
		Steps: map[string]Step{
			menuStart: {Ask: menuAsk, Take: menuTake, Lasting: buttons, Files: true, Idle: true, Picks: true},
			menuConfirm: {
				Ask: confirmAsk, Take: confirmTake, Files: true,
				Choices: []string{choiceYes, choiceNo, choiceMenu}, Lasting: append(slices.Clone(buttons), choiceHuman),
				Back: func(_ *Reader, v Vars) Event { delete(v, varText); return menuOver },
			},
		},
	}
}

// menuChoices are what this reader can do now. A thing that does not work is not offered.
func menuChoices(r *Reader) []Choice {
	var out []Choice
	if hasCard(r) {
		out = append(out, choice(choiceCard, "menu.card"))
	}
	out = append(out, orderChoices(r)...)
	if r.awaitsPapers() {
		out = append(out, choice(papersFlow, "menu.papers"))
	}
	if len(r.newcomers()) > 0 {
		out = append(out, choice(lessonFlow, "lesson.menu"))
	}
	if len(r.People) > 0 {
		out = append(out, choice(choiceStatus, "menu.status"))
	}
	if r.registered() {
		out = append(out, choice(registerFlow, "menu.register_other"))
	} else {
		out = append(out, choice(registerFlow, "menu.register"))
	}
	out = append(out, choice(questionFlow, "menu.question"), choice(needFlow, "need.menu"), choice(choiceInfo, "menu.info"))
	if len(r.Library.Offered()) > 1 {
		out = append(out, choice(choiceLanguage, "common.language"))
	}
	for i := range out {
		out[i].Menu = true
	}
	return out
}

func hasCard(r *Reader) bool {
	for _, p := range r.People {
		if p.Card != "" {
			return true
		}
	}
	return false
}

func menuAsk(r *Reader, _ Vars, out *Turn) {
	if r.First && !r.Chosen && len(r.Library.Offered()) > 1 {
		out.say("language.choose", nil, languages(r)...)
		return
	}
	choices := menuChoices(r)
	for i := range choices {
		choices[i].Menu = false // here it is
	}
	out.say("menu.what", nil, choices...)
}

func menuTake(r *Reader, v Vars, in Input, out *Turn) Event {
	switch a := in.Answer.(type) {
	case QuestionOpened: // more words for a question that waits
		sayAdded(r, a, out)
		out.offer(menuChoices(r)...)
		return ""
	case OrderChanged: // the answer to what staff asked
		r.sayAnswered(a, out)
		out.offer(menuChoices(r)...)
		return ""
	}
	switch in.Choice {
	case registerFlow, questionFlow, needFlow, joinFlow:
		return startPrefix + in.Choice
	case choiceCard:
		sayCards(r, out)
		return ""
	case choiceStatus:
		sayStatus(r, out)
		return ""
	case choiceInfo:
		sayInfo(r, out)
		return ""
	}
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	switch {
	case r.Awaited != 0 && !in.Unproven && (text != "" || usable):
		out.Ask = AddToOrder{Order: r.Awaited, Text: text, Files: fileIDs(in.Files)}
		return ""
	case r.Question != 0 && (text != "" || usable || spoken(in.Files)):
		out.Ask = AddToQuestion{Task: r.Question, Text: text}
		return ""
	case usable || spoken(in.Files) || r.asks(text):
		v.draft(text, out)
		return menuDraft
	}
	menuAsk(r, v, out)
	return ""
}

// asks reports whether a text at the menu may be a question: it says something, and is neither a word or number for a choice nor a command that a
// messenger's keyboard suggests.
func (r *Reader) asks(text string) bool {
	if _, word := r.words.Word(text); word {
		return false
	}
	if _, number := templates.ChoiceNumber(text); number { // of a list that no longer stands
		return false
	}
	return hasWords(text) && (text[0] != '/' || strings.ContainsAny(text, " \n"))
}

// hasWords reports whether the text has a letter or a digit.
func hasWords(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) })
}

// draftRunes bounds what is kept of a question before it is passed on.
const draftRunes = 4000

// draft adds to the question that waits for the reader's word.
func (v Vars) draft(text string, out *Turn) {
	all := strings.TrimSpace(v[varText] + "\n" + text)
	if runes := []rune(all); len(runes) > draftRunes {
		all = string(runes[:draftRunes])
		out.sayCut()
	}
	v[varText] = all
}

// sayCut tells, once, that the end of a text is not kept.
func (t *Turn) sayCut() {
	if n := len(t.Say); n == 0 || t.Say[n-1].Lines[0].Key != "common.cut" {
		t.say("common.cut", nil)
	}
}

func confirmAsk(_ *Reader, v Vars, out *Turn) {
	yes, no := choice(choiceYes, "question.pass"), choice(choiceNo, "question.drop")
	if v[varText] == "" {
		out.say("question.confirm_files", nil, yes, no)
		return
	}
	out.say("question.confirm", templates.Fields{"text": excerpt(v[varText])}, yes, no)
}

func confirmTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(QuestionOpened); ok {
		sayOpened(r, a, out)
		return v.over(r, out)
	}
	switch in.Choice {
	case choiceYes, choiceHuman:
		out.Ask = OpenQuestion{Text: v[varText]}
		return ""
	case choiceNo, choiceMenu:
		delete(v, varText)
		return menuOver
	case "":
		if usable := out.refuse(in.Files); usable || spoken(in.Files) || hasWords(in.Text) {
			v.draft(strings.TrimSpace(in.Text), out)
		}
		confirmAsk(r, v, out)
		return ""
	}
	if event := menuTake(r, v, in, out); event != "" { // a button of the menu above
		return event
	}
	return v.over(r, out)
}

// over drops the question and shows the menu's choices below what was said.
func (v Vars) over(r *Reader, out *Turn) Event {
	delete(v, varText)
	out.offer(menuChoices(r)...)
	out.quiet = true
	return menuOver
}

// excerpt is the beginning of a long text.
func excerpt(text string) string {
	const most = 300
	if runes := []rune(text); len(runes) > most {
		return strings.TrimSpace(string(runes[:most])) + "…"
	}
	return text
}
