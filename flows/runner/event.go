package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

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
  insert into events (library_id, conversation_id, seq, kind, external_id, body, state, urgent, muted, written_at, received_at, ready_at, fetch_at)
  select f.lib, f.conv, c.next_event - 1 + f.k, f.kind, f.ext, f.body::json, f.state, f.urgent, f.kind = 'message' and c.speaker is not null,
    f.written, $10::timestamptz, f.ready, case when f.state = 'waiting' then $10::timestamptz end
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
