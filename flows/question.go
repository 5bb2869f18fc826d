package flows

import (
	"strings"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// The steps and events of a question.
const (
	questionWrite = "write"
	questionDone  = "done"

	questionPassed = "passed"
)

// varAdding is set while the text is added to a question that waits already.
const varAdding = "adding"

// question takes a question to a living librarian.
func question() *Flow {
	return &Flow{
		Name: questionFlow, Start: questionWrite,
		Moves: fsm.Events{{Name: questionPassed, Src: []string{questionWrite}, Dst: questionDone}},
		Steps: map[string]Step{questionWrite: {Ask: questionAsk, Take: questionTake, Files: true}},
		Final: []string{questionDone},
	}
}

func questionAsk(_ *Reader, v Vars, out *Turn) {
	if v[varAbout] == aboutMend {
		out.say("corrections.write", nil, choice(choiceCancel, "common.cancel"))
		return
	}
	out.say("question.write", nil, choice(choiceCancel, "common.cancel"))
}

func questionTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(QuestionOpened); ok {
		if v[varAdding] != "" {
			sayAdded(r, a, out)
		} else {
			sayOpened(r, a, out)
		}
		return questionPassed
	}
	text, usable := strings.TrimSpace(in.Text), out.refuse(in.Files)
	switch {
	case !usable && !spoken(in.Files) && !hasWords(text):
		questionAsk(r, v, out)
	case r.Question != 0:
		v[varAdding] = "yes"
		out.Ask = AddToQuestion{Task: r.Question, Text: text}
	default:
		out.Ask = OpenQuestion{Text: text}
	}
	return ""
}

// sayOpened tells when somebody will answer; outside working hours, when the library opens.
func sayOpened(r *Reader, a QuestionOpened, out *Turn) {
	if a.Denied {
		out.say("question.not_allowed", nil)
		return
	}
	out.enquiry()
	if opens, known := r.Library.Opens(r.Now); known && opens.After(r.Now) {
		out.say("question.closed", templates.Fields{"opens": opens, "due": a.Due})
		return
	}
	out.say("question.sent", templates.Fields{"due": a.Due})
}

// sayAdded tells that the text went to the question that waits.
func sayAdded(r *Reader, a QuestionOpened, out *Turn) {
	if a.Denied { // answered this very moment, so that it would have been a new one
		sayOpened(r, a, out)
		return
	}
	out.enquiry()
	out.say("question.added", templates.Fields{"due": a.Due})
}
