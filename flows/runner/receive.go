package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/templates"
)

// How much is stored at a time, and how long files are waited for.
const (
	receiveMost = 64
	fileWait    = 1500 * time.Millisecond // after the last file of a burst
	albumWait   = 3 * time.Second         // after the last file of an album
	bundleMost  = 10 * time.Second        // since the first
	fetchMost   = 30 * time.Second        // a file that is not here by then holds nobody up
)

// arrival is a message on its way into the database.
type arrival struct {
	in   bots.Inbound
	done chan error
}

// body is what an event holds of a message.
type body struct {
	Text    string               `json:"text,omitempty"`
	Choice  string               `json:"choice,omitempty"`
	Turn    int                  `json:"turn,omitempty"`
	Phone   string               `json:"phone,omitempty"`
	Cut     bool                 `json:"cut,omitempty"`
	Album   string               `json:"album,omitempty"`
	Files   []file               `json:"files,omitempty"`
	Refused []bots.RefusedUpload `json:"refused,omitempty"`
	News    *flows.News          `json:"news,omitempty"`
	Wake    int                  `json:"wake,omitempty"` // the turn in which a timer was set
}

// file is a file of a message: as it came, and what was found when it was fetched and looked at.
type file struct {
	bots.InboundFile
	Kind    string `json:"kind,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// Receive stores one message. When it returns nil the message is on disk; a repeat of a message that is there already is nil too.
func (r *Runner) Receive(ctx context.Context, in bots.Inbound) error {
	a := arrival{in, make(chan error, 1)}
	select {
	case r.inbox <- a:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return ctx.Err() // it may be stored all the same: the sender will repeat it
	}
}

// storeArrivals stores whatever waits in one transaction: nobody waits for company, and under load many share a commit.
func (r *Runner) storeArrivals(ctx context.Context) error {
	for {
		var group []arrival
		select {
		case <-ctx.Done():
			return nil
		case a := <-r.inbox:
			group = append(group, a)
		}
		for len(group) < receiveMost {
			select {
			case a := <-r.inbox:
				group = append(group, a)
				continue
			default:
			}
			break
		}
		r.storeGroup(ctx, group)
	}
}

// storeGroup stores the group, or each alone when the group cannot be: one bad message must not refuse its neighbours.
func (r *Runner) storeGroup(ctx context.Context, group []arrival) {
	err := r.store(ctx, group)
	if err != nil && !blameless(err) && len(group) > 1 {
		for _, a := range group {
			a.done <- r.store(ctx, []arrival{a})
		}
		return
	}
	for _, a := range group {
		a.done <- err
	}
}

const lockConversations = `select from conversations c join unnest($1::bigint[], $2::bigint[]) as w (lib, id) on c.library_id = w.lib and c.id = w.id
order by c.library_id, c.id for no key update of c`

// Whoever adds events holds the locks: what is there already is seen, and the numbers have no gaps.
const insertEvents = `with given as (
  select distinct on (lib, conv, ext) *
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::timestamptz[], $9::timestamptz[])
    with ordinality as u (lib, conv, kind, ext, body, state, urgent, written, ready, n)
  order by lib, conv, ext, n),
fresh as (
  select g.*, row_number() over (partition by lib, conv order by n) as k from given g
  where not exists (select from events e where e.library_id = g.lib and e.conversation_id = g.conv and e.external_id = g.ext)),
added as (
  insert into events (library_id, conversation_id, seq, kind, external_id, body, state, urgent, written_at, received_at, ready_at, fetch_at)
  select f.lib, f.conv, c.next_event - 1 + f.k, f.kind, f.ext, f.body::jsonb, f.state, f.urgent, f.written, $10::timestamptz, f.ready, case when f.state = 'waiting' then $10::timestamptz end
  from fresh f join conversations c on c.library_id = f.lib and c.id = f.conv
  returning library_id, conversation_id, ready_at),
counted as (
  select library_id, conversation_id, count(*)::int as n, min(ready_at) as ready from added group by 1, 2)
update conversations c set next_event = c.next_event + w.n, ready_at = least(c.ready_at, w.ready)
from counted w where c.library_id = w.library_id and c.id = w.conversation_id`

// newEvent is an event to be added to a conversation.
type newEvent struct {
	lib      library.ID
	conv     bots.ConversationID
	kind     string
	external string
	body     body
	state    string
	urgent   bool
	written  time.Time
	ready    time.Time
}

// conflictTries is how often a group is stored that others were in the way of.
const conflictTries = 5

// store writes the group: two round trips when every sender is known.
func (r *Runner) store(ctx context.Context, group []arrival) (err error) {
	for range conflictTries {
		if err = r.storeOnce(ctx, group); !conflict(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("store %d messages: %w", len(group), err)
	}
	wakeUp(r.eventCame)
	if slices.ContainsFunc(group, func(a arrival) bool { return len(a.in.Files) > 0 }) {
		wakeUp(r.filesCame)
	}
	return nil
}

func wakeUp(one chan struct{}) {
	select {
	case one <- struct{}{}:
	default: // somebody is about to look
	}
}

func (r *Runner) storeOnce(ctx context.Context, group []arrival) error {
	now := r.Now()
	who := make([]contacts.Who, len(group))
	for i, a := range group {
		who[i] = contacts.Who{
			Library: a.in.Library, Channel: int64(a.in.Channel), External: a.in.Sender, Name: a.in.Name, Proven: true,
		}
	}
	return r.transact(ctx, func(tx pgx.Tx) error {
		known, err := contacts.Addresses(ctx, tx, who, now)
		if err != nil {
			return err
		}
		var events []newEvent
		var signals []bots.Signal
		gone := map[contacts.AddressID]bool{}
		for i, a := range group {
			id := known[i].ID
			if known[i].New {
				if err := r.begin(ctx, tx, a.in, id); err != nil {
					return err
				}
				signals = append(signals, bots.Signal{Topic: bots.TopicEvents, Library: a.in.Library}) // a web page waits for its conversation to begin
			}
			if known[i].Blocked {
				continue // told to nobody: a blocked sender is not to learn of it
			}
			was, noted := gone[id]
			if !noted {
				was = known[i].Gone
			}
			if gone[id] = a.in.Gone; was != a.in.Gone { // who writes again has come back
				if err := contacts.Gone(ctx, tx, a.in.Library, id, a.in.Gone, now); err != nil {
					return err
				}
			}
			if !a.in.Gone {
				events = append(events, r.event(a.in, bots.ConversationID(id), now))
				signals = append(signals, bots.Signal{Topic: bots.TopicChat, Library: a.in.Library, ID: int64(id)})
			}
		}
		if len(events) == 0 {
			return nil
		}
		batch := &pgx.Batch{}
		if err := queueNewEvents(batch, now, events); err != nil {
			return err
		}
		bots.QueueNotify(batch, signals...)
		batch.Queue("commit")
		return tx.SendBatch(ctx, batch).Close()
	})
}

// addEvents gives conversations something to react to, in one round trip. It locks them in order and wakes the workers of all processes.
func addEvents(ctx context.Context, tx pgx.Tx, now time.Time, events []newEvent) error {
	if len(events) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	if err := queueNewEvents(batch, now, events); err != nil {
		return err
	}
	var signals []bots.Signal
	for _, e := range events {
		signals = append(signals, bots.Signal{Topic: bots.TopicEvents, Library: e.lib}, bots.Signal{Topic: bots.TopicChat, Library: e.lib, ID: int64(e.conv)})
	}
	bots.QueueNotify(batch, signals...)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("add %d events: %w", len(events), err)
	}
	return nil
}

// queueNewEvents locks the conversations in order and gives each event the next number of its own. An event that is there already is left out.
func queueNewEvents(batch *pgx.Batch, now time.Time, events []newEvent) error {
	n := len(events)
	libs, convs := make([]int64, n), make([]int64, n)
	kinds, externals, bodies, states := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	urgent, written, ready := make([]bool, n), make([]time.Time, n), make([]time.Time, n)
	for i, e := range events {
		text, err := json.Marshal(e.body)
		if err != nil {
			return fmt.Errorf("event of conversation %d: %w", e.conv, err)
		}
		libs[i], convs[i], kinds[i], externals[i], bodies[i], states[i] = int64(e.lib), int64(e.conv), e.kind, e.external, string(text), e.state
		urgent[i], written[i], ready[i] = e.urgent, e.written, e.ready
	}
	batch.Queue(lockConversations, libs, convs)
	batch.Queue(insertEvents, libs, convs, kinds, externals, bodies, states, urgent, written, ready, now)
	return nil
}

// begin makes the conversation of a new address, in the language that the channel guesses.
func (r *Runner) begin(ctx context.Context, tx pgx.Tx, in bots.Inbound, id contacts.AddressID) error {
	lib, err := r.Libraries.ByID(ctx, in.Library)
	if err != nil {
		return err
	}
	lang := lib.Offered()[0]
	for _, l := range lib.Offered() {
		if l == in.Locale {
			lang = l
		}
	}
	return newConversation(ctx, tx, in.Library, bots.ConversationID(id), lang)
}

func newConversation(ctx context.Context, tx pgx.Tx, lib library.ID, id bots.ConversationID, lang library.Lang) error {
	if _, err := tx.Exec(ctx, `insert into conversations (library_id, id, lang) values ($1, $2, $3) on conflict do nothing`, lib, id, lang); err != nil {
		return fmt.Errorf("begin conversation %d: %w", id, err)
	}
	return nil
}

// event is the message as it is stored. A file that is still to be fetched and looked at keeps it waiting.
func (r *Runner) event(in bots.Inbound, conv bots.ConversationID, now time.Time) newEvent {
	text, cut := bots.Clean(in.Text)
	e := newEvent{
		lib: in.Library, conv: conv, kind: "message", external: "m:" + in.ID, state: "ready", written: in.At, ready: now,
		body: body{
			Text: text, Choice: in.Choice, Turn: in.Turn, Phone: in.Phone, Cut: cut, Album: in.Album, Refused: in.Refused,
		},
	}
	wait, tooMuch := r.pace.admit(in, now)
	for _, f := range in.Files {
		if tooMuch {
			e.body.Refused = append(e.body.Refused, bots.RefusedUpload{Name: f.Name, Reason: "too_many"})
			continue
		}
		e.body.Files = append(e.body.Files, file{InboundFile: f})
	}
	if e.written.IsZero() {
		e.written = now
	}
	switch {
	case len(e.body.Files) > 0:
		e.state, e.ready = "waiting", now.Add(fileWait)
		if in.Album != "" {
			e.ready = now.Add(albumWait)
		}
	default:
		word, ok := r.Texts.Word(text)
		e.urgent = ok && (word == templates.Cancel || word == templates.Human)
		e.ready = now.Add(wait)
	}
	return e
}
