package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
	"librarian/templates"
)

// Set is every conversation, ready to be advanced. It is safe for use by several goroutines.
type Set struct {
	words *templates.Texts
	flows map[string]*machine
}

// machine is a flow with transition tables to take from and put back.
type machine struct {
	*Flow
	final map[string]bool
	pool  sync.Pool
}

// All are the conversations of the service.
func All() []*Flow {
	return []*Flow{menu(), question(), register(), papers(), lesson(), fragment(), article(), orders(), need(), join(), consent(), withdraw()}
}

// New checks the conversations and makes them ready.
func New(words *templates.Texts, all []*Flow) (*Set, error) {
	s := &Set{words: words, flows: map[string]*machine{}}
	for _, f := range all {
		if err := f.Check(); err != nil {
			return nil, err
		}
		if s.flows[f.Name] != nil {
			return nil, fmt.Errorf("flow %s is given twice", f.Name)
		}
		m := &machine{Flow: f, final: map[string]bool{}}
		for _, step := range f.Final {
			m.final[step] = true
		}
		m.pool.New = func() any { return fsm.NewFSM(f.Start, f.Moves, fsm.Callbacks{}) }
		s.flows[f.Name] = m
	}
	for _, name := range []string{menuFlow, questionFlow} { // the engine itself leads there
		if s.flows[name] == nil {
			return nil, fmt.Errorf("no flow %s", name)
		}
	}
	return s, nil
}

// Word reports whether the text is a word that has its meaning at every step.
func (s *Set) Word(text string) bool {
	_, ok := s.words.Word(text)
	return ok
}

// Number is the number, from 1, of a choice that the whole text names in words of the language.
func (s *Set) Number(lang library.Lang, text string) (int, bool) {
	return s.words.ChoiceWord(lang, text)
}

// Picks reports whether nothing of the reader's own words is understood where the conversation stands, so that a word may be meant for a choice though it
// has a mistake. Who is waited for by staff, or is a department that was asked, may say anything at any place.
func (s *Set) Picks(state State, r *Reader) bool {
	m := s.flows[cmp.Or(state.Flow, menuFlow)]
	if m == nil {
		return false
	}
	step := m.Steps[cmp.Or(state.Step, m.Start)]
	picks := step.Picks || step.PicksAt != nil && step.PicksAt(r, state.Vars)
	return picks && (!step.Idle || r.Question == 0 && r.Awaited == 0 && len(r.Slips) == 0)
}

// begin is the flow's first step.
func (s *Set) begin(flow string) State {
	return State{Flow: flow, Step: s.flows[flow].Start, Vars: Vars{}}
}

// step is the place at which the conversation stands.
func (s *Set) step(state State) Step { return s.flows[state.Flow].Steps[state.Step] }

// known reports the first place of the state that these conversations do not have.
func (s *Set) known(state *State) error {
	for ; state != nil; state = state.Held {
		m := s.flows[state.Flow]
		if m == nil {
			return fmt.Errorf("no flow %q", state.Flow)
		}
		if _, ok := m.Steps[state.Step]; !ok {
			return fmt.Errorf("no step %q of flow %s", state.Step, state.Flow)
		}
	}
	return nil
}

// ask lets the current step put its question.
func (s *Set) ask(r *Reader, out *Turn) { s.step(out.State).Ask(r, out.State.Vars, out) }

// fire moves the flow by the event.
func (s *Set) fire(event Event, out *Turn) error {
	m := s.flows[out.State.Flow]
	f, ok := m.pool.Get().(*fsm.FSM)
	if !ok {
		return errors.New("pool of transition tables holds something else")
	}
	f.SetState(out.State.Step)
	err := f.Event(context.Background(), event)
	if none := (fsm.NoTransitionError{}); err != nil && !errors.As(err, &none) {
		return fmt.Errorf("event %s at step %s of flow %s: %w", event, out.State.Step, out.State.Flow, err) // the table is dropped
	}
	out.State.Step = f.Current()
	m.pool.Put(f)
	return nil
}

// copy is a state that shares nothing with the old one.
func (s State) copy() State {
	c := s
	if s.Came != nil {
		kept := *s.Came
		c.Came = &kept
	}
	c.Vars = make(Vars, len(s.Vars)+2)
	for k, v := range s.Vars {
		c.Vars[k] = v
	}
	if s.Held != nil {
		held := s.Held.copy()
		c.Held = &held
	}
	return c
}
