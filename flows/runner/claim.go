package runner

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/flows"
)

// event is an unfinished event.
type event struct {
	Seq        int
	Kind       string
	Body       body
	State      string
	Urgent     bool
	Muted      bool // a person spoke when it was received
	Attempts   int
	ReceivedAt time.Time
	ReadyAt    time.Time
}

func (e event) hasFiles() bool { return len(e.Body.Files) > 0 }

// conversation is a claimed row: this transaction holds its lock.
type conversation struct {
	libID   library.ID
	id      bots.ConversationID
	lang    library.Lang
	chosen  bool
	stored  stored
	turn    int
	nextOut int
	speaker *int64
	epoch   int
	dial    int // the number of the dialogue
	heardAt *time.Time
	events  []event
	broken  error // what is stored cannot be read
}

// stored is the state of a conversation as it lies in the database.
type stored struct {
	flows.State
	Offers []offer `json:"offers,omitempty"`
}

// offer is what one turn let the reader choose from.
type offer struct {
	Turn    int       `json:"turn"`
	Choices []offered `json:"choices"`
}

type offered struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Phone bool   `json:"phone,omitempty"` // it gives the sender's own number
	Word  bool   `json:"word,omitempty"`  // it has no number, where the others have
	menu  bool
}

// The keys are noted for the statements that follow in the same batch.
const (
	claimed = `with claimed as materialized (
  select library_id, id, lang, lang_chosen, state, turn, next_out, speaker, epoch, dialogue, heard_at from conversations `
	noted = `), noted as materialized (
  select set_config('librarian.libs', string_agg(library_id::text, ','), true), set_config('librarian.ids', string_agg(id::text, ','), true) from claimed)
select claimed.* from claimed, noted`
)

// Skipping what is locked keeps workers out of each other's way: whoever holds a conversation leaves it ready if there is more to do.
const (
	claimReady = claimed + `where ready_at <= $1 order by ready_at limit $2 for no key update skip locked` + noted
	claimOne   = claimed + `where library_id = $1 and id = $2 and ready_at is not null for no key update skip locked` + noted
)

// queueClaim locks conversations.
func queueClaim(batch *pgx.Batch, sql string, args []any, out *[]*conversation) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*out, err = pgx.CollectRows(rows, scanConversation)
		return err
	})
}

func scanConversation(row pgx.CollectableRow) (*conversation, error) {
	var c conversation
	var state []byte
	err := row.Scan(&c.libID, &c.id, &c.lang, &c.chosen, &state, &c.turn, &c.nextOut, &c.speaker, &c.epoch, &c.dial, &c.heardAt)
	if err == nil && json.Unmarshal(state, &c.stored) != nil {
		c.broken = fmt.Errorf("state of conversation %d cannot be read", c.id) // the cause may quote it
	}
	return &c, err
}

// It has to be another statement than the one that locks: that one sees events as they were before it waited for its locks, and would answer again
// what was answered meanwhile. What is still waited for after its time holds nobody up any more, and is not looked at.
const unfinished = `select w.n, e.seq, e.kind, e.body, e.state, e.urgent, e.muted, e.attempts, e.received_at, e.ready_at
from in_hand(null, null) as w
cross join lateral (
  select * from events e where e.library_id = w.lib and e.conversation_id = w.id
    and (e.state = 'ready' or e.state = 'waiting' and e.received_at > $1) order by e.seq limit 40) e
order by w.n, e.seq`

// queueUnfinished reads what waits in the conversations that are claimed earlier in the batch.
func queueUnfinished(batch *pgx.Batch, all *[]*conversation, now time.Time) {
	batch.Queue(unfinished, now.Add(-fetchMost)).Query(func(rows pgx.Rows) error {
		var n int
		var e event
		var text []byte
		_, err := pgx.ForEachRow(rows, []any{&n, &e.Seq, &e.Kind, &text, &e.State, &e.Urgent, &e.Muted, &e.Attempts, &e.ReceivedAt, &e.ReadyAt}, func() error {
			c := (*all)[n-1]
			e.Body = body{}
			if json.Unmarshal(text, &e.Body) != nil {
				c.broken = fmt.Errorf("event %d of conversation %d cannot be read", e.Seq, c.id)
			}
			c.events = append(c.events, e)
			return nil
		})
		return err
	})
}

// next picks the events that are one input, or says when to look again; a zero time means when something new comes.
func next(events []event, now time.Time) (take []event, again time.Time) {
	if len(events) == 0 {
		return nil, time.Time{}
	}
	switch head := events[0]; {
	case head.hasFiles():
		take, again = bundle(events, now)
	case head.ReadyAt.After(now): // its sender writes faster than a person
		again = head.ReadyAt
	default:
		take = events[:1]
	}
	if len(take) > 0 {
		return take, time.Time{}
	}
	for _, e := range events { // what waits for nothing: some words, and what staff did
		if e.Urgent && e.State == "ready" && !e.ReadyAt.After(now) {
			return []event{e}, time.Time{}
		}
	}
	return nil, again
}

// bundle takes files that came together as one input. It waits a little for more of them, until something else follows.
func bundle(events []event, now time.Time) (take []event, again time.Time) {
	first := events[0]
	if first.State == "waiting" {
		return nil, first.ReceivedAt.Add(fetchMost) // the job that fetches it looks in earlier
	}
	due, most := first.ReadyAt, first.ReceivedAt.Add(bundleMost)
	for _, e := range events {
		if !e.hasFiles() || e.Muted != first.Muted {
			return take, time.Time{}
		}
		if e.State == "waiting" {
			due = most // it belongs to the others, if it comes in time
			break
		}
		if e.ReadyAt.After(due) {
			due = e.ReadyAt
		}
		take = append(take, e)
	}
	if due.After(most) {
		due = most
	}
	if now.Before(due) {
		return nil, due
	}
	return take, time.Time{}
}
