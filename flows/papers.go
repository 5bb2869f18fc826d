package flows

import (
	"slices"
	"time"

	"github.com/looplab/fsm"

	"librarian/templates"
)

// The steps and events of the papers (R2, R7, R8): what was drawn is printed, signed, and comes back as photos or scans.
const (
	papersFlow = "papers"

	papersSend  = "send"
	papersWhich = "which"
	papersDone  = "done"

	toSend   = "to_send"
	toWhich  = "to_which"
	toFinish = "to_finish"
)

// The choices of the papers.
const (
	choiceLater  = "later"
	choicePost   = "post"
	choiceSigned = "signed"
	choiceDrop   = "drop"
	choicePage   = "page:" // and the number of a missing page
)

// What the papers remember between steps: pages about which the reader is asked, and what is missing. Both are JSON.
const (
	varUnsure  = "unsure"
	varMissing = "missing"
)

// ShowPapers asks where the papers of the contact's registrations stand.
type ShowPapers struct{}

// KeepPapers puts pages to the papers that they belong to.
type KeepPapers struct {
	Sheets []Sheet
	Files  []string // all that came with them: what becomes no page is kept as long as the papers
}

// PapersByPost says that what is missing will come on paper.
type PapersByPost struct{}

// PapersStand answers ShowPapers, KeepPapers and PapersByPost.
type PapersStand struct {
	Making    bool         // they are still being drawn
	Taken     []PaperPage  // this time
	Problems  []string     // of pages that were not taken, each once
	Unsure    []Sheet      // no code could be read, or no signature is seen: the reader is asked
	Elsewhere bool         // a page belongs to papers from another conversation, and was put there
	Sent      []PapersSent // registrations whose papers are complete now
	Missing   []PaperPage
	Post      bool // they will come by post
	Owed      int  // files that are still to be fetched from the channel
}

// PapersSent is a registration that staff look at now.
type PapersSent struct {
	Registration int64
	Due          time.Time
}

func (ShowPapers) ask()     {}
func (KeepPapers) ask()     {}
func (PapersByPost) ask()   {}
func (PapersStand) answer() {}

// papers collects the signed papers of all registrations of the contact that wait for them.
func papers() *Flow {
	ways := []string{choicePost, choiceLater, papersFlow}
	return &Flow{
		Name: papersFlow, Start: papersSend,
		Moves: fsm.Events{
			{Name: toSend, Src: []string{papersWhich}, Dst: papersSend},
			{Name: toWhich, Src: []string{papersSend, papersWhich}, Dst: papersWhich},
			{Name: toFinish, Src: []string{papersSend, papersWhich}, Dst: papersDone},
		},
		Steps: map[string]Step{
			papersSend: {Ask: sendAsk, Take: sendTake, Choices: ways, Files: true, Picks: true},
			papersWhich: {
				Ask: whichAsk, Take: whichTake, Choices: append([]string{choiceSigned, choiceDrop}, pageChoices()...), Files: true, Picks: true,
				Back: func(_ *Reader, v Vars) Event { delete(v, varUnsure); return toSend },
			},
		},
		Final: []string{papersDone},
	}
}

// awaitsPapers reports whether one for whom the contact acts still owes signed papers.
func (r *Reader) awaitsPapers() bool {
	return slices.ContainsFunc(r.People, func(p Person) bool { return p.State == "papers" })
}

// brings reports whether the files are papers rather than something beside a question: nothing else is expected, or one bears our code. A code counts though
// no papers are missing here: the page may take the place of one that staff have not looked at, or belong to another conversation.
func (r *Reader) brings(files []Finding, idle bool) bool {
	return r.awaitsPapers() && idle && r.Question == 0 && r.Awaited == 0 && len(files) > 0 || slices.ContainsFunc(files, func(f Finding) bool {
		return slices.ContainsFunc(f.Sheets, func(s Sheet) bool { return s.Code != "" })
	})
}

func sendAsk(_ *Reader, _ Vars, out *Turn) { out.Ask = ShowPapers{} }

func sendTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(PapersStand); ok {
		return standTold(r, v, a, out)
	}
	switch in.Choice {
	case choiceLater:
		out.say("papers.later", nil)
		return toFinish
	case choicePost:
		out.Ask = PapersByPost{}
		return ""
	case papersFlow:
		out.Ask = ShowPapers{}
		return ""
	}
	if len(in.Files) == 0 {
		out.say("papers.photos_please", nil)
		out.Ask = ShowPapers{}
		return ""
	}
	delete(v, varUnsure) // newer photos take the place of those
	out.Ask = keepAll(r, in.Files, out)
	return ""
}

// standTold says what came of the pages and what is still to come.
func standTold(r *Reader, v Vars, a PapersStand, out *Turn) Event {
	for i, p := range a.Taken {
		add(out, i == 0, paperTexts[p.Kind].taken, p.fields())
	}
	for _, problem := range a.Problems {
		out.sayProblem(r, problem)
	}
	if a.Elsewhere {
		out.say("papers.elsewhere", nil)
	}
	for _, s := range a.Sent {
		out.say("papers.sent", templates.Fields{"name": r.nameIn(s.Registration), "due": s.Due})
		r.becomes(s.Registration, "sent")
	}
	if a.Owed > 0 {
		out.say("papers.owed", templates.Fields{"number": a.Owed})
	}
	unsure := append(recall[Sheet](v, varUnsure), a.Unsure...)
	v.remember(varMissing, a.Missing)
	v.remember(varUnsure, unsure[:min(len(unsure), photosMost)])
	switch {
	case len(unsure) > 0 && len(a.Missing) > 0:
		return toWhich
	case a.Owed > 0 && len(a.Missing) == 0:
		out.offer(papersWays()...)
		return ""
	case a.Making:
		out.say("papers.soon", nil, papersWays()...)
		return ""
	case len(a.Missing) == 0:
		if len(out.Say) == 0 {
			out.say("papers.none", nil)
		}
		return toFinish
	case a.Post:
		out.say("papers.by_post", templates.Fields{"library": r.Library.Title(r.Lang), "address": r.Library.Settings.Address})
		return toFinish
	}
	sayMissing(r, a.Missing, out)
	return ""
}

// papersWays are the ways on while the papers are being drawn.
func papersWays() []Choice {
	return []Choice{choice(choiceLater, "papers.wait"), choice(choiceHuman, "common.human")}
}

func sayMissing(r *Reader, missing []PaperPage, out *Turn) {
	out.say("papers.missing", nil, choice(choiceLater, "papers.later_button"))
	if r.Library.Settings.Address != "" { // where a letter would go
		out.offer(choice(choicePost, "papers.post_button"))
	}
	out.offer(choice(choiceHuman, "common.human"))
	several := slices.ContainsFunc(missing, func(p PaperPage) bool { return p.Registration != missing[0].Registration })
	for i, p := range missing {
		if several && (i == 0 || p.Registration != missing[i-1].Registration) {
			out.line("papers.of", templates.Fields{"name": r.nameIn(p.Registration)})
		}
		key := paperTexts[p.Kind].missing
		if p.Reason != "" {
			key = paperTexts[p.Kind].returned
		}
		out.line(key, p.fields())
	}
}

// add begins a message or adds a line to it.
func add(out *Turn, begin bool, key string, fields templates.Fields) {
	if begin {
		out.say(key, fields)
		return
	}
	out.line(key, fields)
}
