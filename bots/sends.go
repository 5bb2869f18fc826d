package bots

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// Fate is how far the messages of one sending have come: as far as the one that is furthest behind.
type Fate struct {
	State   string // queued, sent, confirmed or failed; empty: nothing is written yet
	Problem string // the provider's code
	At      time.Time
}

// Place is where a message stands in the outbox.
type Place struct {
	Conversation ConversationID `json:"conversation"`
	Seq          int            `json:"seq"`
}

const sentMessage = `select o.conversation_id, o.seq, (o.body ->> 'send')::bigint as send, coalesce(o.body ->> 'files', o.body ->> 'text') as what, o.problem,
    case when o.state in ('failed', 'withdrawn') then 1 when o.state in ('queued', 'leased') then 2 when o.state = 'sent' then 3 else 4 end as stage,
    coalesce(o.confirmed_at, o.sent_at, o.created_at) as at, (o.body #>> '{copy,conversation}')::bigint as copy_in, (o.body #>> '{copy,seq}')::int as copy_seq`

// A message and its copies by another address have come as far as the one that came furthest. Then what fails or waits decides; several are sent when all are.
const fates = `with recursive written as (
  ` + sentMessage + ` from outbox o
  where o.library_id = $1 and o.conversation_id = any($2) and o.body ->> 'send' is not null and (o.body ->> 'send')::bigint = any($3)
  union
  ` + sentMessage + ` from written w join outbox o on o.library_id = $1 and o.conversation_id = w.copy_in and o.seq = w.copy_seq
), best as (
  select distinct on (send, what) send, stage, problem, at from written order by send, what, stage desc, at desc
)
select send, (array['failed', 'queued', 'sent', 'confirmed'])[min(stage)], max(problem), max(at) from best group by send`

// Fates gives how the sendings fared that went to these conversations.
func Fates(ctx context.Context, db contacts.DB, lib library.ID, conversations []ConversationID, sends []int64) (map[int64]Fate, error) {
	rows, err := db.Query(ctx, fates, lib, conversations, sends)
	if err != nil {
		return nil, fmt.Errorf("how %d sendings fared: %w", len(sends), err)
	}
	out := map[int64]Fate{}
	var id int64
	var f Fate
	if _, err := pgx.ForEachRow(rows, []any{&id, &f.State, &f.Problem, &f.At}, func() error { out[id] = f; return nil }); err != nil {
		return nil, fmt.Errorf("how %d sendings fared: %w", len(sends), err)
	}
	return out, nil
}

// Copied notes with the message that a copy of it goes by another address. The caller has the message, which failed or was not seen.
func Copied(ctx context.Context, tx pgx.Tx, f Failure, at Place) error {
	f.Body.Copy = &at
	body, err := json.Marshal(f.Body)
	if err == nil {
		_, err = tx.Exec(ctx, `update outbox set body = $4::text::json where library_id = $1 and conversation_id = $2 and seq = $3`, f.Library, f.Conversation, f.Seq, string(body))
	}
	if err != nil {
		return fmt.Errorf("copy of message %d of conversation %d: %w", f.Seq, f.Conversation, err)
	}
	return nil
}

const failedBefore = `select exists (select from outbox where library_id = $1 and conversation_id = $2 and seq <> all($4) and state = 'failed'
  and body ->> 'send' is not null and (body ->> 'send')::bigint = $3 and body -> 'copy' is null)`

// FailedBefore reports whether another part of the same sending has failed in this conversation and went by no other address; those that fail at the same time
// do not count.
func FailedBefore(ctx context.Context, tx pgx.Tx, f Failure, same []int) (failed bool, err error) {
	if err := tx.QueryRow(ctx, failedBefore, f.Library, f.Conversation, f.Body.Send, same).Scan(&failed); err != nil {
		return false, fmt.Errorf("what failed beside message %d of conversation %d: %w", f.Seq, f.Conversation, err)
	}
	return failed, nil
}

const writtenSince = `select exists (select from outbox o join unnest($2::bigint[], $3::int[]) as p (conversation, seq)
  on o.conversation_id = p.conversation and o.seq = p.seq where o.library_id = $1 and o.created_at >= $4)`

// WrittenSince reports whether any of the messages was put on its way at that moment or later.
func WrittenSince(ctx context.Context, db contacts.DB, lib library.ID, since time.Time, messages []Place) (written bool, err error) {
	conversations, seqs := make([]int64, len(messages)), make([]int32, len(messages))
	for i, m := range messages {
		conversations[i], seqs[i] = int64(m.Conversation), int32(m.Seq)
	}
	if err := db.QueryRow(ctx, writtenSince, lib, conversations, seqs, since).Scan(&written); err != nil {
		return false, fmt.Errorf("when %d messages were written: %w", len(messages), err)
	}
	return written, nil
}
