package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

const tasksOfRegistration = `select id from tasks where library_id = $1 and registration_id = $2 and kind = $3 and state <> 'done' order by id`

// OfRegistration gives the tasks of the kind that are not done, in whichever conversation, oldest first.
func OfRegistration(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, kind string) ([]TaskID, error) {
	rows, err := tx.Query(ctx, tasksOfRegistration, lib, registration, kind)
	if err != nil {
		return nil, fmt.Errorf("tasks of registration %d: %w", registration, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[TaskID])
	if err != nil {
		return nil, fmt.Errorf("tasks of registration %d: %w", registration, err)
	}
	return ids, nil
}

const moveTasks = `
with moved as (
  update tasks set due_at = $3, note = $4, remind_at = null, late_told_at = null where library_id = $1 and id = any($2) and state <> 'done' returning id
), logged as (
  insert into task_log (library_id, task_id, act) select $1, id, 'note' from moved
)
select id from moved`

// Move gives tasks another time and note: what they are about happens at another time. Whoever holds them goes on holding them.
func Move(ctx context.Context, tx pgx.Tx, lib library.ID, ids []TaskID, due time.Time, note string) error {
	rows, err := tx.Query(ctx, moveTasks, lib, ids, due, clean(note, maxNote))
	if err != nil {
		return fmt.Errorf("move %d tasks: %w", len(ids), err)
	}
	moved, err := pgx.CollectRows(rows, pgx.RowTo[TaskID])
	if err != nil {
		return fmt.Errorf("move %d tasks: %w", len(ids), err)
	}
	return bots.Notify(ctx, tx, signalsOf(lib, moved)...)
}

// OutcomeCancelled ends a task whose reader has taken back what it was about.
const OutcomeCancelled = "cancelled"
