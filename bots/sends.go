package bots

import (
	"context"
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

// What fails or waits decides; several messages are sent when all are.
const fates = `select (body ->> 'send')::bigint, case when bool_or(state in ('failed', 'withdrawn')) then 'failed' when bool_or(state in ('queued', 'leased')) then 'queued'
  when bool_or(state = 'sent') then 'sent' else 'confirmed' end, max(problem), max(coalesce(confirmed_at, sent_at, created_at))
from outbox where library_id = $1 and conversation_id = any($2) and body ->> 'send' is not null and (body ->> 'send')::bigint = any($3) group by 1`

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
