package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/flows"
)

// Step moves one group and reports whether there was one.
func (r *Runner) Step(ctx context.Context, worker int) (bool, error) { return r.group(ctx, worker) }

// Keep stores a message in a process that does not work.
func (r *Runner) Keep(ctx context.Context, in bots.Inbound) error {
	return r.store(ctx, []arrival{{in: in}})
}

// PapersCame gives the registration to the librarians.
func (r *Runner) PapersCame(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error {
	_, err := r.papersCame(ctx, tx, lib, registration)
	return err
}

// Known makes this process known to the database, or forgets it when the context has ended.
func (r *Runner) Known(ctx context.Context) error {
	if ctx.Err() != nil {
		return r.instance.release(ctx)
	}
	return r.hold(ctx)
}

// answerTypes are the kinds of answer that a stored turn may hold.
func answerTypes() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, a := range []flows.Answer{
		flows.ConsentGiven{},
		flows.CodeSent{},
		flows.CodeChecked{},
		flows.QuestionOpened{},
		flows.Registered{},
		flows.JoinTried{},
		flows.PapersStand{},
		flows.ConsentWithdrawn{},
		flows.LessonStand{},
	} {
		types[fmt.Sprintf("%T", a)] = reflect.TypeOf(a)
	}
	return types
}

// Stored is one turn as the table holds it: the bodies of its events, the time, and the record of how they were answered.
type Stored struct {
	Bodies [][]byte
	Kind   string
	At     time.Time
	Record []byte
}

// Replay plays a stored turn through the flows. It gives the state that they come to and the one that was stored.
func Replay(set *flows.Set, lib library.Library, s Stored) (got, want flows.State, err error) {
	var rec struct {
		record
		Answers []struct {
			Kind  string
			Value json.RawMessage
		} `json:"answers"`
	}
	if err := json.Unmarshal(s.Record, &rec); err != nil {
		return got, want, err
	}
	t := &turn{conversation: &conversation{}, now: s.At, idle: rec.Muted}
	if t.idle {
		return rec.Before, rec.After, nil
	}
	for _, b := range s.Bodies {
		e := event{Kind: s.Kind}
		if err := json.Unmarshal(b, &e.Body); err != nil {
			return got, want, err
		}
		t.take = append(t.take, e)
	}
	in := t.makeInput(set)
	if in.Choice, in.Stale = rec.Choice, rec.Stale; !rec.Phone {
		in.Phone = ""
	}
	k := rec.Knew
	t.reader = flows.Reader{
		Library: lib, Lang: k.Lang, Chosen: k.Chosen, First: k.First, CanPhone: k.CanPhone, CanMail: k.CanMail, Question: k.Question, HasOrders: k.HasOrders, Awaited: k.Awaited, Slips: k.Slips, May: k.May, Dialogue: k.Dialogue, People: k.People, Now: s.At,
	}
	t.out.State = rec.Before
	for _, a := range rec.Answers {
		kind, ok := answerTypes()[a.Kind]
		if !ok {
			return got, want, fmt.Errorf("answer of kind %s", a.Kind)
		}
		value := reflect.New(kind)
		if err := json.Unmarshal(a.Value, value.Interface()); err != nil {
			return got, want, err
		}
		t.advance(set, in)
		given, ok := value.Elem().Interface().(flows.Answer)
		if !ok {
			return got, want, fmt.Errorf("%s is no answer", a.Kind)
		}
		in = flows.Input{Kind: flows.Reply, Answer: given, At: s.At}
	}
	t.advance(set, in)
	return t.out.State, rec.After, t.failure
}

// ExamplesKept is how many example pictures the runner can show.
func (r *Runner) ExamplesKept() int {
	if kept := r.examples.Load(); kept != nil {
		return len(*kept)
	}
	return 0
}
