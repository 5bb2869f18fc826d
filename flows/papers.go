package flows

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
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

// pagesOffered bounds the buttons for a page whose code cannot be read.
const pagesOffered = 8

// What the papers remember between steps: pages about which the reader is asked, and what is missing. Both are JSON.
const (
	varUnsure  = "unsure"
	varMissing = "missing"
)

// Sheet is one page of a file as it was looked at.
type Sheet struct {
	File     string     `json:"file"`
	Number   int        `json:"number"`
	Preview  string     `json:"preview,omitempty"`
	Code     string     `json:"code,omitempty"`     // of a paper that we drew
	Unsigned bool       `json:"unsigned,omitempty"` // the field for the signature is empty
	Problem  string     `json:"problem,omitempty"`
	As       *PaperPage `json:"as,omitempty"` // the page that the reader says it is
}

// PaperPage is one page of the papers of a registration.
type PaperPage struct {
	Registration int64  `json:"registration"`
	Kind         string `json:"kind"` // form, application, consent, surety
	Number       int    `json:"number"`
	Reason       string `json:"reason,omitempty"` // why staff sent it back
}

// ShowPapers asks where the papers of the contact's registrations stand.
type ShowPapers struct{}

// KeepPapers puts pages to the papers that they belong to.
type KeepPapers struct{ Sheets []Sheet }

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
			papersSend: {Ask: sendAsk, Take: sendTake, Choices: ways, Files: true},
			papersWhich: {
				Ask: whichAsk, Take: whichTake, Choices: append([]string{choiceSigned, choiceDrop}, pageChoices()...), Files: true,
				Back: func(_ *Reader, v Vars) Event { delete(v, varUnsure); return toSend },
			},
		},
		Final: []string{papersDone},
	}
}

func pageChoices() []string {
	out := make([]string, pagesOffered)
	for i := range out {
		out[i] = choicePage + strconv.Itoa(i)
	}
	return out
}

// awaitsPapers reports whether one for whom the contact acts still owes signed papers.
func (r *Reader) awaitsPapers() bool {
	return slices.ContainsFunc(r.People, func(p Person) bool { return p.State == "papers" })
}

// brings reports whether the files are papers rather than something beside a question: nothing else is expected, or one bears our code. A code counts though
// no papers are missing here: the page may take the place of one that staff have not looked at, or belong to another conversation.
func (r *Reader) brings(files []Finding, idle bool) bool {
	return r.awaitsPapers() && idle && r.Question == 0 && len(files) > 0 || slices.ContainsFunc(files, func(f Finding) bool {
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
	out.Ask = KeepPapers{Sheets: sheetsOf(in.Files, out)}
	return ""
}

// sheetsOf are the pages that can be put somewhere. It says what is wrong with the others, each thing once.
func sheetsOf(found []Finding, out *Turn) []Sheet {
	var sheets []Sheet
	var told []string
	tell := func(problem string) {
		if !slices.Contains(told, problem) {
			told = append(told, problem)
			out.say(problemText(problem), nil)
		}
	}
	for _, f := range found {
		problem := paperProblem(f)
		if len(f.Sheets) == 0 {
			if problem == "" {
				problem = "unreadable"
			}
			tell(problem)
			continue
		}
		for _, s := range f.Sheets {
			if s.Problem != "" {
				tell(s.Problem)
				continue
			}
			s.File = f.File
			sheets = append(sheets, s)
		}
	}
	return sheets
}

// standTold says what came of the pages and what is still to come.
func standTold(r *Reader, v Vars, a PapersStand, out *Turn) Event {
	for i, p := range a.Taken {
		add(out, i == 0, paperTexts[p.Kind].taken, p.fields())
	}
	for _, problem := range a.Problems {
		out.say(problemText(problem), nil)
	}
	if a.Elsewhere {
		out.say("papers.elsewhere", nil)
	}
	for _, s := range a.Sent {
		out.say("papers.sent", templates.Fields{"name": r.nameIn(s.Registration), "due": s.Due})
		r.becomes(s.Registration, "sent")
	}
	unsure := append(recall[Sheet](v, varUnsure), a.Unsure...)
	v.remember(varMissing, a.Missing)
	v.remember(varUnsure, unsure[:min(len(unsure), photosMost)])
	switch {
	case len(unsure) > 0 && len(a.Missing) > 0:
		return toWhich
	case a.Making:
		out.say("papers.soon", nil, papersWays()...)
		return ""
	case len(a.Missing) == 0:
		if len(out.Say) == 0 {
			out.say("papers.none", nil)
		}
		return toFinish
	case a.Post:
		out.say("papers.by_post", templates.Fields{"library": r.Library.Title(r.Lang)})
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
	out.say("papers.missing", nil, choice(choiceLater, "papers.later_button"), choice(choicePost, "papers.post_button"), choice(choiceHuman, "common.human"))
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

func (p PaperPage) fields() templates.Fields {
	reason := library.Words{Plain: p.Reason}
	if key := reasonTexts[p.Reason]; key != "" {
		reason = library.Words{Key: key}
	}
	return templates.Fields{"number": p.Number, "reason": reason}
}

// reasonTexts are the reasons that staff need not word themselves.
var reasonTexts = map[string]string{
	"blurred": "papers.reason_blurred", "cut_off": "papers.reason_cut_off", "unsigned": "papers.reason_unsigned", "wrong_paper": "papers.reason_wrong_paper",
	"name_differs": "papers.reason_name_differs",
}

// nameIn is the name of the person whose registration it is.
func (r *Reader) nameIn(registration int64) string {
	for _, p := range r.People {
		if p.Registration == registration {
			return p.Name
		}
	}
	return r.Name
}

// becomes notes within the turn what has become of a registration: the menu that follows offers what fits.
func (r *Reader) becomes(registration int64, state string) {
	r.People = slices.Clone(r.People)
	for i := range r.People {
		if r.People[i].Registration == registration {
			r.People[i].State = state
		}
	}
}

// remember keeps a list for the next step; an empty one is forgotten.
func (v Vars) remember(name string, list any) {
	text, err := json.Marshal(list)
	if err != nil || string(text) == "null" || string(text) == "[]" { // plain data: it cannot fail
		delete(v, name)
		return
	}
	v[name] = string(text)
}

// recall reads what was remembered; what cannot be read is as if it had been forgotten.
func recall[T any](v Vars, name string) (out []T) {
	if json.Unmarshal([]byte(v[name]), &out) != nil {
		return nil
	}
	return out
}

// whichAsk asks about the first of the pages: whether it is signed, or which it is.
func whichAsk(_ *Reader, v Vars, out *Turn) {
	unsure, missing := recall[Sheet](v, varUnsure), recall[PaperPage](v, varMissing)
	if len(unsure) == 0 {
		out.say("papers.photos_please", nil, choice(choiceDrop, "common.continue"))
		return
	}
	if unsure[0].Unsigned && unsure[0].As != nil {
		out.say(paperTexts[unsure[0].As.Kind].unsigned, unsure[0].As.fields(), choice(choiceSigned, "papers.is_signed"), choice(choiceDrop, "papers.send_another"))
		return
	}
	out.say("papers.which", nil)
	for i, p := range missing[:min(len(missing), pagesOffered)] {
		out.offer(Choice{ID: choicePage + strconv.Itoa(i), Key: paperTexts[p.Kind].missing, Fields: p.fields()})
	}
	out.offer(choice(choiceDrop, "papers.send_another"), choice(choiceHuman, "common.human"))
}

// keepFirst hands over the page about which the reader has decided; the others wait to be asked about.
func (v Vars) keepFirst(unsure []Sheet, out *Turn) Event {
	out.Ask = KeepPapers{Sheets: unsure[:1]}
	v.remember(varUnsure, unsure[1:])
	return ""
}

func whichTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(PapersStand); ok {
		if event := standTold(r, v, a, out); event != "" {
			return event
		}
		out.quiet = true // what is missing was told
		return toSend
	}
	unsure, missing := recall[Sheet](v, varUnsure), recall[PaperPage](v, varMissing)
	page, isPage := strings.CutPrefix(in.Choice, choicePage)
	switch {
	case len(in.Files) > 0:
		out.Ask = KeepPapers{Sheets: sheetsOf(in.Files, out)}
		return ""
	case in.Choice == choiceDrop && len(unsure) > 1:
		v.remember(varUnsure, unsure[1:])
		return toWhich
	case in.Choice == choiceDrop || len(unsure) == 0:
		delete(v, varUnsure)
		return toSend
	case in.Choice == choiceSigned && unsure[0].As != nil:
		return v.keepFirst(unsure, out)
	case isPage:
		if n, err := strconv.Atoi(page); err == nil && n < len(missing) {
			unsure[0].As = &missing[n]
			return v.keepFirst(unsure, out)
		}
	}
	out.say("common.choose", nil)
	whichAsk(r, v, out)
	return ""
}

// pagesIn reads the pages of the news that papers were sent back.
func pagesIn(text string) []PaperPage {
	var out []PaperPage
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		number, reason, ok := strings.Cut(rest, ":")
		n, err := strconv.Atoi(number)
		if _, known := paperTexts[kind]; ok && err == nil && known {
			out = append(out, PaperPage{Kind: kind, Number: n, Reason: reason})
		}
	}
	return out
}

// paperTexts name a page of each kind of paper: in a list of what is missing, sent back, received, and as one that nobody has signed.
var paperTexts = map[string]struct{ missing, returned, taken, unsigned string }{
	"form":        {"papers.missing_form", "papers.returned_form", "papers.taken_form", "papers.unsigned_form"},
	"application": {"papers.missing_application", "papers.returned_application", "papers.taken_application", "papers.unsigned_application"},
	"consent":     {"papers.missing_consent", "papers.returned_consent", "papers.taken_consent", "papers.unsigned_consent"},
	"surety":      {"papers.missing_surety", "papers.returned_surety", "papers.taken_surety", "papers.unsigned_surety"},
}
