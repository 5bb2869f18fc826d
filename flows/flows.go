// Package flows holds the conversations: what is asked, in which order, and what each answer leads to.
//
// A flow is a pure function of its inputs. What it wants from the library it asks for (Ask), and the answer comes back as the next input; so a
// stored conversation can be played again against a new version of its flow.
package flows

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
	"librarian/templates"
)

// Flow is one conversation: a table of moves, and what is said and understood at each step.
type Flow struct {
	Name  string
	Start string
	Moves fsm.Events
	Steps map[string]Step
	Final []string // steps at which the conversation is over
}

// Step is one place in a flow.
type Step struct {
	// Ask says what the reader sees on coming to the step, or on coming back to it. It must not move the conversation.
	Ask func(r *Reader, v Vars, out *Turn)
	// Take understands an input and names the event that it is. The empty event stays at the step.
	Take func(r *Reader, v Vars, in Input, out *Turn) Event
	// Back names the event that the word "back" is here; nil or the empty event means that the reader leaves the flow.
	Back func(r *Reader, v Vars) Event
	// Choices are the buttons that Take understands. Any other belongs to an earlier question, and a word that stands for one of these is
	// left to Take. What is no choice is the reader's own text.
	Choices []string
	Lasting []string                     // further buttons that Take understands, however old they are
	Prefix  string                       // buttons that begin with it are understood too: a library's own choices
	Files   bool                         // Take makes use of files
	Idle    bool                         // nothing is unfinished here: nobody is reminded
	Picks   bool                         // besides a button Take understands at most a number, a date or an address: a word with a mistake may be meant for a button
	PicksAt func(r *Reader, v Vars) bool // says so where it depends on what is asked
	// Literal reports that a command typed as a word is an answer here: somebody may well be a librarian by profession. Its button stays a command.
	Literal func(v Vars, cmd templates.Command) bool
}

// Event moves a flow from one step to another.
type Event = string

// Vars is what a flow has been told so far.
type Vars map[string]string

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

// State is all that survives between two turns.
type State struct {
	Flow     string `json:"flow,omitempty"`
	Step     string `json:"step,omitempty"`
	Vars     Vars   `json:"vars,omitempty"`
	Held     *State `json:"held,omitempty"`     // the conversation that a question has interrupted
	Reminded bool   `json:"reminded,omitempty"` // once is enough
	Came     *Came  `json:"came,omitempty"`     // what the reader is answered when this is over
	Asked    int    `json:"asked,omitempty"`    // the dialogue in which a newer consent was asked for last
	Shown    Shown  `json:"shown,omitempty"`    // the example pictures of today
	Astray   int64  `json:"astray,omitempty"`   // when the slip that was photographed last was of no order that wants pages here, in Unix seconds; 0: it was not
}

// Kind says what an input is.
type Kind string

// The kinds of input.
const (
	Message Kind = "message" // from the reader
	Notice  Kind = "staff"   // something that staff did
	Timeout Kind = "timeout" // nobody wrote until Turn.WakeAt
	Job     Kind = "job"     // work in the background is done
	Resume  Kind = "resume"  // staff have handed the conversation back
	Reply   Kind = "answer"  // the answer to an ask
)

// Input is one thing that a flow is to react to.
type Input struct {
	Kind   Kind
	Text   string
	Choice string // of a button, or of the number or words that stand for it
	Stale  bool   // the button belongs to an earlier question
	Files  []Finding
	Phone  string // proven by the channel to be the reader's own
	Cut    bool   // the end of the text did not fit
	// Answers is how the message of ours begins that this answers, where the channel lets people choose one.
	Answers string
	// Unproven: anybody may have written it in the reader's name, as in a letter that answers none of ours. It may ask, and not change anything.
	Unproven bool
	Answer   Answer
	News     News
	At       time.Time
}

// Finding is what the inspection of a file showed.
type Finding struct {
	File    string  `json:"file,omitempty"`
	Kind    string  `json:"kind,omitempty"`    // image, pdf, …
	Problem string  `json:"problem,omitempty"` // empty: it can be used; otherwise a key of files.toml
	Sheets  []Sheet `json:"sheets,omitempty"`  // of a picture one, of a PDF one a page
	Name    string  `json:"name,omitempty"`    // as its sender called it
}

// News is something that staff did, for the reader to hear.
type News struct {
	Kind   string            `json:"kind"`
	Reader int64             `json:"reader,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	Secret string            `json:"secret,omitempty"` // id of a secret that the message carries
	Files  []string          `json:"files,omitempty"`
}

// Send is the number by which the messages of an order's pages are found again; 0: it brings none.
func (n News) Send() int64 {
	id, _ := strconv.ParseInt(n.Fields["send"], 10, 64) // written by the library itself
	return id
}

// Reader is what is known of the person who writes, and of their library.
type Reader struct {
	Library  library.Library
	Lang     library.Lang
	Chosen   bool   // the language was chosen, not guessed
	Channel  string // kind of channel
	CanPhone bool   // the channel can prove a phone number
	CanMail  bool   // the library can send letters
	Name     string // what they call themselves; proves nothing
	People   []Person
	First    bool  // nothing has been answered in this conversation yet
	Question int64 // an open question of this conversation; 0: none
	// May holds what the library's table allows those for whom the contact acts, by kind of request: KindFragment, KindArticle, …
	May       map[string]bool
	HasOrders bool    // those for whom the contact acts have ordered something, whatever became of it
	Awaited   int64   // the order about which staff have asked this contact and wait for the answer, the latest; 0: none
	Slips     []int64 // orders that this conversation, of a department's responsible, was asked for and that are open
	Dialogue  int     // which stretch of talk this is, from 1
	Now       time.Time
	words     *templates.Texts
}

// Person is a reader for whom the contact acts.
type Person struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	Relation     string `json:"relation"`               // self, child, other
	State        string `json:"state"`                  // of the registration: papers, sent, accepted, refused, done, withdrawn
	Registration int64  `json:"registration,omitempty"` // the latest
	Card         string `json:"card"`                   // number; empty without a card
	Picture      string `json:"picture"`                // file of the card
	Agreed       bool   `json:"agreed,omitempty"`       // the contact's consent for them stands
	ConsentOld   bool   `json:"consent_old,omitempty"`  // it is to another version of the text than the library's present one
	// Lesson for which the card of an accepted registration waits; nil: for none.
	Lesson *Lesson `json:"lesson,omitempty"`
}

// Today is the library's date.
func (r *Reader) Today() library.Date { return r.Library.Today(r.Now) }

// Self is the person that the contact is, if they are known. Their registration may have been refused.
func (r *Reader) Self() (Person, bool) {
	for _, p := range r.People {
		if p.Relation == "self" {
			return p, true
		}
	}
	return Person{}, false
}

// registered reports whether the contact is registered, or waits to be.
func (r *Reader) registered() bool {
	p, known := r.Self()
	return known && !p.out()
}

// person is the name of one of the contact's readers.
func (r *Reader) person(id int64) string {
	for _, p := range r.People {
		if p.ID == id {
			return p.Name
		}
	}
	return r.Name
}

// out reports whether the registration came to nothing, so that another may be made.
func (p Person) out() bool { return p.Card == "" && (p.State == "refused" || p.State == "withdrawn") }

// Turn is what a flow answers with.
type Turn struct {
	State  State
	Say    []Say
	Ask    Ask          // carried out before anything else happens; its answer is the next input
	Lang   library.Lang // the reader has chosen it
	WakeAt time.Time    // zero: nothing is waited for
	Facts  []Fact
	asked  int   // the dialogue in which a newer consent was asked for last
	shown  Shown // example pictures
	astray int64 // see State
	quiet  bool  // the step that is reached need not put its question: what was said offers its choices
}

// Say is one message to the reader.
type Say struct {
	Lines   []Line
	Choices []Choice
	Files   []string
	Example string // the picture of how a paper should be photographed, by its name; empty: none
	Secret  string // id of the secret that stands at {secret}
	Notice  bool   // goes even while a person speaks
	Remind  bool   // unasked for; never counted as a service
}

// Line is one text of a message. A field may be a time.Time or a library.Date: it is written in the reader's language and the library's zone.
type Line struct {
	Key    string
	Fields templates.Fields
}

// Choice is one way on.
type Choice struct {
	ID     string
	Key    string
	Fields templates.Fields
	Plain  string // a label that is nobody's text, such as a name; instead of Key
	Phone  bool   // asks the channel for the reader's own number
	URL    string
	Menu   bool // of the menu, and here beside something else: where there are no buttons, how to open the menu is said instead
}

// Fact is something to be counted.
type Fact struct {
	Kind string // of the ledger
	Once string // counted once for each value within the dialogue; empty: each time
}

// say adds a message.
func (t *Turn) say(key string, fields templates.Fields, choices ...Choice) {
	t.Say = append(t.Say, Say{Lines: []Line{{key, fields}}, Choices: choices})
}

// line adds a line to the message said last.
func (t *Turn) line(key string, fields templates.Fields) {
	if n := len(t.Say); n > 0 {
		t.Say[n-1].Lines = append(t.Say[n-1].Lines, Line{key, fields})
		return
	}
	t.say(key, fields)
}

// offer adds ways on to what was said last, each once.
func (t *Turn) offer(choices ...Choice) {
	n := len(t.Say)
	if n == 0 {
		return
	}
	last := &t.Say[n-1]
	for _, c := range choices {
		if !slices.ContainsFunc(last.Choices, func(o Choice) bool { return o.ID == c.ID }) {
			last.Choices = append(last.Choices, c)
		}
	}
}

// enquiry counts the dialogue as a request for a service, once.
func (t *Turn) enquiry() { t.Facts = append(t.Facts, Fact{Kind: "enquiry", Once: "enquiry"}) }

// choice is a button whose label is the text of the key.
func choice(id, key string) Choice { return Choice{ID: id, Key: key} }

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
