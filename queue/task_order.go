package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
)

// Whoever did it is the holder of what is done: their colleagues see who it was.
const endOfOrder = `
with ended as (
  update tasks set state = 'done', outcome = $4, done_at = $5, holder = coalesce(nullif($3::bigint, 0), holder)
  where library_id = $1 and order_id = $2 and state <> 'done' returning id
), logged as (
  insert into task_log (library_id, task_id, staff_id, act, detail) select $1, id, nullif($3::bigint, 0), 'finished', $4 from ended
)
select id from ended`

// EndOfOrder ends the tasks of the order, for what they were about has been done; by is 0 for the reader or the program.
func EndOfOrder(ctx context.Context, tx pgx.Tx, lib library.ID, order int64, by StaffID, outcome string, now time.Time) error {
	return touchOrder(ctx, tx, lib, order, endOfOrder, lib, order, by, outcome, now)
}

const heldOfOrder = `
select t.id, h.name as holder_name from tasks t join staff h on h.id = t.holder
where t.library_id = $1 and t.order_id = $2 and t.state = 'taken' and t.holder <> $3 limit 1`

// FreeOfOrder is a *TakenError when somebody else works on the order.
func FreeOfOrder(ctx context.Context, tx pgx.Tx, lib library.ID, order int64, by StaffID) error {
	type held struct {
		ID         TaskID
		HolderName string
	}
	list, err := all[held](ctx, tx, heldOfOrder, lib, order, by)
	if err != nil {
		return fmt.Errorf("who works on order %d: %w", order, err)
	}
	if len(list) > 0 {
		return fmt.Errorf("order %d: %w", order, &TakenError{By: list[0].HolderName})
	}
	return nil
}

const checkOfOrder = `select id from tasks where library_id = $1 and order_id = $2 and kind = 'check' and state = 'open'`

// BeginCheck gives the task of looking at what came to by, who begins to, if it lies open. A *TakenError when a colleague was first.
func (d *Desk) BeginCheck(ctx context.Context, tx pgx.Tx, lib library.ID, order int64, by StaffID) error {
	var id TaskID
	err := tx.QueryRow(ctx, checkOfOrder, lib, order).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = d.TakeWithin(ctx, tx, lib, id, by)
	}
	if err != nil {
		return fmt.Errorf("begin to check order %d: %w", order, err)
	}
	return nil
}

const begunOfOrder = `
select exists (select from tasks t join task_log l on l.library_id = t.library_id and l.task_id = t.id
  where t.library_id = $1 and t.order_id = $2 and t.state <> 'done' and l.act = 'taken' and l.staff_id <> $3)`

// BegunOfOrder reports whether somebody else has begun what is to be done about the order now, though they may have put it back since.
func BegunOfOrder(ctx context.Context, db contacts.DB, lib library.ID, order int64, by StaffID) (begun bool, err error) {
	if err := db.QueryRow(ctx, begunOfOrder, lib, order, by).Scan(&begun); err != nil {
		return false, fmt.Errorf("who has begun order %d: %w", order, err)
	}
	return begun, nil
}

const noteOfOrder = `
with noted as (
  update tasks set note = left(note || E'\n' || $3, $4) where library_id = $1 and order_id = $2 and state <> 'done' returning id
), logged as (
  insert into task_log (library_id, task_id, act) select $1, id, 'note' from noted
)
select id from noted`

const lastNote = `select note from tasks where library_id = $1 and order_id = $2 order by id desc limit 1`

// LastNote is what the latest task of the order says; empty if it had none.
func LastNote(ctx context.Context, db contacts.DB, lib library.ID, order int64) (note string, err error) {
	err = db.QueryRow(ctx, lastNote, lib, order).Scan(&note)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("what the tasks of order %d say: %w", order, err)
	}
	return note, nil
}

// NoteOfOrder adds to what the tasks of the order say.
func NoteOfOrder(ctx context.Context, tx pgx.Tx, lib library.ID, order int64, text string) error {
	return touchOrder(ctx, tx, lib, order, noteOfOrder, lib, order, clean(text, maxNote), maxNote)
}

const signalOfOrder = `select id from tasks where library_id = $1 and order_id = $2 and state <> 'done'`

// OrderChanged lets the pages that show the order's tasks know.
func OrderChanged(ctx context.Context, tx pgx.Tx, lib library.ID, order int64) error {
	return touchOrder(ctx, tx, lib, order, signalOfOrder, lib, order)
}

// touchOrder runs what gives the ids of tasks of the order, and signals them.
func touchOrder(ctx context.Context, tx pgx.Tx, lib library.ID, order int64, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("tasks of order %d: %w", order, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[TaskID])
	if err != nil {
		return fmt.Errorf("tasks of order %d: %w", order, err)
	}
	return bots.Notify(ctx, tx, signalsOf(lib, ids)...)
}
