package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/ledger"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/fragments"
)

// read claims conversations and fetches, in one round trip, what waits in them and what the flows may know, and makes a turn of each.
func (r *Runner) read(ctx context.Context, tx pgx.Tx, now time.Time, claim string, args []any) ([]*turn, error) {
	batch := &pgx.Batch{}
	var claimed []*conversation
	parties, questions, orders := map[contacts.PartyKey]contacts.Party{}, map[queue.Talk]queue.OpenQuestion{}, map[queue.Talk]fragments.Known{}
	queueClaim(batch, claim, args, &claimed)
	queueUnfinished(batch, &claimed, now)
	contacts.QueueParties(batch, nil, parties)
	queue.QueueOpenQuestions(batch, questions)
	fragments.QueueKnown(batch, orders)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("claim and read conversations: %w", err)
	}
	turns := make([]*turn, len(claimed))
	for i, c := range claimed {
		turns[i] = newTurn(c, now)
		turns[i].party = parties[contacts.PartyKey{Library: c.libID, Address: contacts.AddressID(c.id)}]
		talk := queue.Talk{Library: c.libID, Conversation: c.id}
		turns[i].orders = orders[talk]
		if err := r.know(ctx, turns[i], questions[talk]); err != nil {
			if blameless(err) || ctx.Err() != nil {
				return nil, err
			}
			turns[i].failure = errors.Join(turns[i].failure, err) // of this library alone: the others go on
		}
	}
	return turns, nil
}

// know fills in the library, the channel and the input.
func (r *Runner) know(ctx context.Context, t *turn, open queue.OpenQuestion) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("prepare conversation %d: %w", t.id, panicked(p))
		}
	}()
	if len(t.take) == 0 {
		return nil
	}
	if t.lib, err = r.Libraries.ByID(ctx, t.libID); err != nil {
		return err
	}
	account, err := r.Accounts.ByID(ctx, bots.ChannelID(t.party.Channel))
	if err != nil {
		return err
	}
	t.kind, t.limits = account.Kind, r.limits(account.ID)
	mail, err := r.Accounts.OfKind(ctx, t.libID, bots.Email)
	if err != nil {
		return err
	}
	t.prepare(r.Flows, open, len(mail) > 0)
	t.beginDialogue()
	return nil
}

// plain are the limits of a channel that this process does not run: what every channel can do.
var plain = bots.Limits{Text: 4000, Caption: 1000, Label: 60, Files: 1, File: 20 << 20}

func (r *Runner) limits(id bots.ChannelID) bots.Limits {
	if c, ok := r.Channels.Get(id); ok {
		return c.Limits()
	}
	return plain
}

// move plays the turns and writes all that came of them: one round trip for each round of asks, one to write and commit.
func (r *Runner) move(ctx context.Context, tx pgx.Tx, worker int, turns []*turn) error {
	var ready []*turn
	for _, t := range turns {
		if len(t.take) > 0 {
			ready = append(ready, t)
		}
	}
	if err := r.play(ctx, tx, worker, ready); err != nil {
		return err
	}
	return r.write(ctx, tx, turns, ready)
}

// play advances every turn, carries out what the flows ask for, and goes on with the answers.
func (r *Runner) play(ctx context.Context, tx pgx.Tx, worker int, turns []*turn) error {
	for _, t := range turns {
		t.alone = len(turns) == 1
		if !t.idle && t.failure == nil {
			t.advance(r.Flows, t.input)
		}
	}
	for round := 0; ; round++ {
		var asking []*turn
		for _, t := range turns {
			if t.failure != nil {
				return t.failure
			}
			if t.out.Ask != nil {
				asking = append(asking, t)
			}
		}
		if len(asking) == 0 {
			return nil
		}
		if round == askMost {
			return fmt.Errorf("conversation %d asks more than %d times in one turn", asking[0].id, askMost)
		}
		noted := func() error { return nil }
		if round == 0 {
			noted = r.instance.note(ctx, worker, asking)
		}
		err := r.carryOut(ctx, tx, asking)
		if e := noted(); e != nil || err != nil { // waited for in any case: the note is not to be cut off with the turn
			return errors.Join(e, err)
		}
		for _, t := range asking {
			t.advance(r.Flows, flows.Input{Kind: flows.Reply, Answer: t.answers[len(t.answers)-1], At: t.now})
		}
	}
}

func columns(turns []*turn) (libs, ids []int64) {
	libs, ids = make([]int64, len(turns)), make([]int64, len(turns))
	for i, t := range turns {
		libs[i], ids[i] = int64(t.libID), int64(t.id)
	}
	return libs, ids
}

const finishEvents = `update events e set state = 'done', done_at = $5, turn = w.record::json
from unnest($1::bigint[], $2::bigint[], $3::int[], $4::text[]) as w (lib, conv, seq, record)
where e.library_id = w.lib and e.conversation_id = w.conv and e.seq = w.seq`

const saveConversations = `update conversations c set
  state = w.state::json, lang = w.lang, lang_chosen = w.chosen, turn = w.turn, next_out = w.next_out, ready_at = w.ready,
  wake_at = w.wake, wake_turn = case when w.wake is not null then w.turn end, dialogue = w.dial, heard_at = w.heard
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bool[], $6::int[], $7::int[], $8::timestamptz[], $9::timestamptz[], $10::int[], $11::timestamptz[])
  as w (lib, id, state, lang, chosen, turn, next_out, ready, wake, dial, heard)
where c.library_id = w.lib and c.id = w.id`

// What was only heard, or is still waited for, moves nothing; a timer that was set meanwhile stays.
const passConversations = `update conversations c set ready_at = w.ready, dialogue = w.dial, heard_at = w.heard
from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::int[], $5::timestamptz[]) as w (lib, id, ready, dial, heard)
where c.library_id = w.lib and c.id = w.id`

// record is how an input was answered, kept with it so that it can be played again.
type record struct {
	Settings int         `json:"settings"`
	Before   flows.State `json:"before"`
	After    flows.State `json:"after"`
	Choice   string      `json:"choice,omitempty"` // as the input was understood
	Stale    bool        `json:"stale,omitempty"`
	Phone    bool        `json:"phone,omitempty"` // the reader gave their own number
	Knew     knowledge   `json:"knew"`
	Answers  []answer    `json:"answers,omitempty"`
	Muted    bool        `json:"muted,omitempty"` // nobody answered: a person was speaking, or the timer was void
	Label    string      `json:"label,omitempty"` // of the button that was pressed
}

// knowledge is what the flow knew besides, as far as it decides where the conversation goes.
type knowledge struct {
	Lang      library.Lang    `json:"lang"`
	Chosen    bool            `json:"chosen,omitempty"`
	First     bool            `json:"first,omitempty"`
	CanPhone  bool            `json:"can_phone,omitempty"`
	CanMail   bool            `json:"can_mail,omitempty"`
	Question  int64           `json:"question,omitempty"`
	Dialogue  int             `json:"dialogue,omitempty"`
	HasOrders bool            `json:"has_orders,omitempty"`
	Awaited   int64           `json:"awaited,omitempty"` // the order about which staff have asked
	Slips     []int64         `json:"slips,omitempty"`
	May       map[string]bool `json:"may,omitempty"`
	People    []flows.Person  `json:"people,omitempty"` // without their names
}

// answer is an answer with its kind, so that it can be read again.
type answer struct {
	Kind  string       `json:"kind"`
	Value flows.Answer `json:"value"`
}

// write notes everything and commits, in one round trip.
func (r *Runner) write(ctx context.Context, tx pgx.Tx, turns, ready []*turn) error {
	batch := &pgx.Batch{}
	var messages []bots.Message
	var facts []ledger.Fact
	var signals []bots.Signal
	for _, t := range ready {
		signals = append(signals, bots.Signal{Topic: bots.TopicChat, Library: t.libID, ID: int64(t.id)})
		if t.idle {
			continue
		}
		said, err := r.messages(t)
		if err != nil {
			return err
		}
		if messages = append(messages, said...); len(said) > 0 {
			signals = append(signals, bots.Signal{Topic: bots.TopicOutbox, Library: t.libID})
		}
		facts = append(facts, t.ledger()...)
	}
	if err := queueEvents(batch, ready); err != nil {
		return err
	}
	if err := queueConversations(batch, turns); err != nil {
		return err
	}
	if err := bots.QueueMessages(batch, r.Now(), messages); err != nil {
		return err
	}
	ledger.Queue(batch, facts)
	bots.QueueNotify(batch, signals...)
	batch.Queue("commit")
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write %d turns: %w", len(turns), err)
	}
	return nil
}

func queueEvents(batch *pgx.Batch, turns []*turn) error {
	if len(turns) == 0 {
		return nil
	}
	var libs, convs []int64
	var seqs []int32
	var records []string
	for _, t := range turns {
		text, err := json.Marshal(t.record())
		if err != nil {
			return fmt.Errorf("record of conversation %d: %w", t.id, err)
		}
		for _, seq := range t.seqs() {
			libs, convs, seqs, records = append(libs, int64(t.libID)), append(convs, int64(t.id)), append(seqs, seq), append(records, string(text))
		}
	}
	batch.Queue(finishEvents, libs, convs, seqs, records, turns[0].now)
	return nil
}

func (t *turn) record() record {
	rec := record{
		Settings: t.lib.Version, Before: t.before, After: t.out.State, Choice: t.input.Choice, Stale: t.input.Stale, Phone: t.input.Phone != "", Knew: t.knew, Muted: t.idle, Label: t.label,
	}
	for _, a := range t.answers {
		rec.Answers = append(rec.Answers, answer{fmt.Sprintf("%T", a), a})
	}
	return rec
}

// queueConversations saves those that moved, and notes when to look again at the others.
func queueConversations(batch *pgx.Batch, turns []*turn) error {
	var moved, passed []*turn
	for _, t := range turns {
		if t.idle {
			passed = append(passed, t)
		} else {
			moved = append(moved, t)
		}
	}
	if len(passed) > 0 {
		libs, ids := columns(passed)
		batch.Queue(passConversations, libs, ids, column(passed, (*turn).next), column(passed, (*turn).dialogue), column(passed, (*turn).heard))
	}
	if len(moved) == 0 {
		return nil
	}
	states := make([]string, len(moved))
	for i, t := range moved {
		state, err := json.Marshal(t.stored)
		if err != nil {
			return fmt.Errorf("state of conversation %d: %w", t.id, err)
		}
		states[i] = string(state)
	}
	libs, ids := columns(moved)
	batch.Queue(saveConversations, libs, ids, states,
		column(moved, func(t *turn) string { return string(t.lang) }),
		column(moved, func(t *turn) bool { return t.chosen }),
		column(moved, func(t *turn) int32 { return int32(t.turn) }),
		column(moved, func(t *turn) int32 { return int32(t.nextOut) }),
		column(moved, (*turn).next),
		column(moved, func(t *turn) *time.Time { return moment(t.out.WakeAt) }),
		column(moved, (*turn).dialogue), column(moved, (*turn).heard))
	return nil
}

func column[T any](turns []*turn, of func(*turn) T) []T {
	values := make([]T, len(turns))
	for i, t := range turns {
		values[i] = of(t)
	}
	return values
}

// next is when to look at the conversation again: at once if more waits, nil for when something new comes.
func (t *turn) next() *time.Time {
	if len(t.take) > 0 && t.rest {
		return &t.now
	}
	return moment(t.again)
}

func (t *turn) dialogue() int32   { return int32(t.dial) }
func (t *turn) heard() *time.Time { return t.heardAt }

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
