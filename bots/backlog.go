package bots

import (
	"context"
	"fmt"
	"time"
)

// Backlog is what waits to be sent, of all libraries.
type Backlog struct {
	Waiting int
	Oldest  time.Time // when the oldest was written; zero when none waits
}

const countUnsent = `select count(*), min(created_at) from outbox where state in ('queued', 'leased')`

// Backlog counts the messages that are not sent yet.
func (o *Outbox) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	var oldest *time.Time
	if err := o.pool.QueryRow(ctx, countUnsent).Scan(&b.Waiting, &oldest); err != nil {
		return Backlog{}, fmt.Errorf("count unsent messages: %w", err)
	}
	if oldest != nil {
		b.Oldest = *oldest
	}
	return b, nil
}
