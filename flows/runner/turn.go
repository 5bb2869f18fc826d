package runner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/templates"
)

// dialogueGap is the silence after which a reader who writes again begins a new dialogue, which statistics count anew.
const dialogueGap = 12 * time.Hour

// turn is one input of a conversation on its way through the flow.
type turn struct {
	*conversation
	now   time.Time
	take  []event   // the events that are the input
	again time.Time // when to look again, if there is no input yet
	rest  bool      // more events wait

	party  contacts.Party
	lib    library.Library
	reader flows.Reader
	open   queue.OpenQuestion
	orders fragments.Known
	kind   bots.Kind
	limits bots.Limits

	alone   bool // no other turn is in its transaction
	idle    bool // nothing is said to the input
	input   flows.Input
	label   string // of the button that was pressed
	before  flows.State
	knew    knowledge
	out     flows.Turn // of the latest advance
	say     []flows.Say
	facts   []flows.Fact
	answers []flows.Answer
	failure error
}

func newTurn(c *conversation, now time.Time) *turn {
	t := &turn{conversation: c, now: now, failure: c.broken}
	t.take, t.again = next(c.events, now)
	t.rest = len(c.events) > len(t.take)
	t.idle = len(t.take) == 0 || t.mute(t.take[0])
	return t
}

// mute reports that nobody answers the event: a person speaks, or spoke when it came, or it is a timer that was set in a turn that has passed.
func (t *turn) mute(e event) bool {
	switch flows.Kind(e.Kind) {
	case flows.Timeout:
		return t.speaker != nil || e.Body.Wake != t.turn
	case flows.Message, flows.Resume:
		return t.speaker != nil || e.Muted
	}
	return false
}

// failedBefore reports that the input has failed, or was in hand when a process died: it is moved alone.
func (t *turn) failedBefore() bool {
	return t.failure != nil || slices.ContainsFunc(t.take, func(e event) bool { return e.Attempts > 0 })
}

// key names the turn's conversation.
func (t *turn) key() key { return key{t.libID, t.id} }

// seqs are the numbers of the turn's events.
func (t *turn) seqs() []int32 {
	out := make([]int32, len(t.take))
	for i, e := range t.take {
		out[i] = int32(e.Seq)
	}
	return out
}

// prepare makes the input and what the flow may know.
func (t *turn) prepare(set *flows.Set, open queue.OpenQuestion, canMail bool) {
	t.reader = flows.Reader{
		Library: t.lib, Lang: t.lang, Chosen: t.chosen, Channel: string(t.kind), CanPhone: t.canPhone(), CanMail: canMail,
		Name: t.party.Name, First: t.turn == 0, Question: int64(open.Task), HasOrders: t.orders.Any, Awaited: int64(t.orders.Awaited), Slips: t.orders.Slips, May: t.may(), Now: t.now,
	}
	for _, p := range t.party.People {
		t.reader.People = append(t.reader.People, flows.Person{
			ID: int64(p.ID), Name: p.Name, Relation: p.Relation, State: p.State, Registration: p.Registration, Card: p.Card, Picture: p.Picture,
			Agreed: p.Consent != "", ConsentOld: p.Consent != "" && p.Consent != t.lib.Settings.Registration.Consent.Version,
			Lesson: lessonKnown(p.Lesson),
		})
	}
	t.knew = knowledge{
		Lang: t.lang, Chosen: t.chosen, First: t.reader.First, CanPhone: t.reader.CanPhone, CanMail: canMail, Question: t.reader.Question,
		HasOrders: t.reader.HasOrders, Awaited: t.reader.Awaited, Slips: t.reader.Slips, May: t.reader.May,
	}
	for _, p := range t.reader.People {
		t.knew.People = append(t.knew.People, flows.Person{
			ID: p.ID, Relation: p.Relation, State: p.State, Registration: p.Registration, Card: p.Card, Agreed: p.Agreed, ConsentOld: p.ConsentOld,
			Lesson: p.Lesson,
		})
	}
	t.open = open
	t.input = t.makeInput(set)
	t.askedPhone()
	t.before = t.stored.State
	t.out.State = t.stored.State
}

// makeInput joins the events into one input.
func (t *turn) makeInput(set *flows.Set) flows.Input {
	in := flows.Input{At: t.now}
	var texts, answers []string
	for _, e := range t.take {
		if e.Body.Answers != "" {
			answers = append(answers, e.Body.Answers)
		}
		in.Kind = flows.Kind(e.Kind)
		if e.Body.Text != "" {
			texts = append(texts, e.Body.Text)
		}
		in.Cut = in.Cut || e.Body.Cut
		in.Unproven = in.Unproven || e.Body.Unproven
		if e.Body.Phone != "" {
			in.Phone = e.Body.Phone
		}
		for _, f := range e.Body.Files {
			in.Files = append(in.Files, flows.Finding{File: f.File, Kind: f.Kind, Problem: f.Problem, Sheets: f.Sheets, Name: f.Name})
		}
		for _, f := range e.Body.Refused {
			in.Files = append(in.Files, flows.Finding{Problem: f.Reason, Name: f.Name})
		}
		if e.Body.News != nil {
			in.News = *e.Body.News
		}
		if e.Body.Choice != "" {
			in.Choice = e.Body.Choice
			in.Stale = !t.offers(e.Body.Turn, e.Body.Choice)
			t.label = t.labelOf(e.Body.Turn, e.Body.Choice)
		}
	}
	in.Text = strings.Join(texts, "\n")
	if answers = slices.Compact(answers); len(answers) == 1 { // of several nobody knows which part answers what
		in.Answers = answers[0]
	}
	if in.Kind == flows.Message && in.Choice == "" && len(in.Files) == 0 {
		in.Choice = t.meant(set, in.Text)
	}
	return in
}

// canPhone reports that the reader can give their own number by a choice: the channel asks them for it, or has brought it with what they wrote.
func (t *turn) canPhone() bool {
	return t.limits.Phone && (t.limits.Buttons || slices.ContainsFunc(t.take, func(e event) bool { return e.Body.Phone != "" }))
}

// askedPhone drops the number that a channel brings with every message, unless the reader has chosen to give it. Where there are buttons it comes by one alone.
func (t *turn) askedPhone() {
	if t.limits.Buttons || !t.limits.Phone {
		return
	}
	for _, o := range t.stored.Offers {
		if !t.input.Stale && slices.ContainsFunc(o.Choices, func(c offered) bool { return c.Phone && c.ID == t.input.Choice }) {
			return
		}
	}
	t.input.Phone = ""
}

// offers reports whether the choice is among those that stand, offered by the turn. A choice without a turn is the channel's own.
func (t *turn) offers(turn int, choice string) bool {
	if turn == 0 {
		return true
	}
	for _, o := range t.stored.Offers {
		if o.Turn == turn && slices.ContainsFunc(o.Choices, func(c offered) bool { return c.ID == choice }) {
			return true
		}
	}
	return false
}

// labelOf is what stood on the button.
func (t *turn) labelOf(turn int, choice string) string {
	for _, o := range t.stored.Offers {
		for _, c := range o.Choices {
			if o.Turn == turn && c.ID == choice {
				return c.Label
			}
		}
	}
	return ""
}

// meant is the choice that a text stands for, among those offered last: its number, its very words, its number in words, or words that can be meant for no
// other. Where the flow understands the reader's own words too, less is taken for a choice, and a word that has its meaning everywhere keeps it.
func (t *turn) meant(set *flows.Set, text string) string {
	if len(t.stored.Offers) == 0 {
		return ""
	}
	last := t.stored.Offers[len(t.stored.Offers)-1].Choices
	numbered := func(n int, ok bool) bool { return ok && n >= 1 && n <= len(last) && !last[n-1].Word }
	if n, ok := templates.ChoiceNumber(text); numbered(n, ok) {
		return last[n-1].ID
	}
	for _, c := range last {
		if strings.EqualFold(strings.TrimSpace(text), c.Label) {
			return c.ID
		}
	}
	if set.Word(text) {
		return "" // the flow knows it
	}
	free := !set.Picks(t.stored.State, &t.reader)
	if n, ok := set.Number(t.lang, text); !free && numbered(n, ok) {
		return last[n-1].ID
	}
	labels := make([]string, len(last))
	for i, c := range last {
		labels[i] = c.Label
	}
	if i, ok := picked(text, labels, free); ok {
		return last[i].ID
	}
	return ""
}

// advance plays the input, or the answer to the last ask, through the flow.
func (t *turn) advance(set *flows.Set, in flows.Input) {
	defer func() {
		if p := recover(); p != nil {
			t.failure = fmt.Errorf("flow at step %s of %s: %w", t.out.State.Step, t.out.State.Flow, panicked(p))
		}
	}()
	out, err := set.Advance(t.out.State, &t.reader, in)
	if err != nil {
		t.failure = fmt.Errorf("flow at step %s of %s: %w", t.out.State.Step, t.out.State.Flow, err)
		return
	}
	t.out = out
	t.say = append(t.say, out.Say...)
	t.facts = append(t.facts, out.Facts...)
	if out.Lang != "" {
		t.lang, t.chosen = out.Lang, true
	}
}

// beginDialogue counts the stretch of talk to which the input belongs.
func (t *turn) beginDialogue() {
	if t.input.Kind == flows.Message {
		heard := t.take[0].ReceivedAt
		if t.heardAt == nil || heard.Sub(*t.heardAt) > dialogueGap {
			t.dial++
		}
		t.heardAt = &heard
	}
	t.reader.Dialogue, t.knew.Dialogue = t.dial, t.dial
}
