package queue

import (
	"context"
	"fmt"

	"librarian/contacts/library"
)

// Backlog is how much work of one kind waits in a library.
type Backlog struct {
	Library library.ID
	Kind    string
	Open    int // not done, late ones included
	Late    int // past their promise
}

const countBacklog = `
select library_id as library, kind, count(*) as open, count(*) filter (where due_at < coalesce(paused_at, $1)) as late
from tasks where state <> 'done' group by library_id, kind order by library_id, kind`

// Backlog counts the tasks of all libraries that are not done.
func (d *Desk) Backlog(ctx context.Context) ([]Backlog, error) {
	list, err := all[Backlog](ctx, d.pool, countBacklog, d.now())
	if err != nil {
		return nil, fmt.Errorf("count tasks: %w", err)
	}
	return list, nil
}
