package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// refusal says why nothing could be done to a task.
func refusal(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID) error {
	t, err := one[Task](ctx, tx, getTask, lib, id)
	switch {
	case err != nil:
		return err
	case t.State == StateDone:
		return ErrDone
	}
	return ErrNotHolder
}

// taker is a member of staff who may work in the library.
type taker struct {
	Role       Role
	Department int64
	Name       string
}

func (t taker) scope() Scope { return scopeOf(t.Role, t.Department) }

// Shared with SwitchOff by the row's lock: who is being switched off takes nothing more.
const selectTaker = `select role, coalesce(department_id, 0) as department, name from staff where id = $2 and state = 'on' and (library_id = $1 or role = 'operator') for share`

func takerOf(ctx context.Context, tx pgx.Tx, lib library.ID, by StaffID) (taker, error) {
	who, err := one[taker](ctx, tx, selectTaker, lib, by)
	if errors.Is(err, ErrNotFound) {
		err = ErrNotAllowed
	}
	return who, err
}

const takeTask = `
with t as (
  update tasks set state = 'taken', holder = $3, taken_at = $4
  where library_id = $1 and id = $2 and state = 'open' and role = any($5)
    and (not $6 or coalesce(department_id, 0) in (0, $7)) returning *
)
select ` + taskColumns + ` from t left join staff h on h.id = t.holder`

// takeTries bounds how often a task may be let go again just when the reason for a refusal is looked up.
const takeTries = 3

// Take gives the task to by, alone: one statement decides. A *TakenError names the holder; ErrNotAllowed when it is another role's or department's
// work; ErrDone. Who holds it already gets it again.
func (d *Desk) Take(ctx context.Context, lib library.ID, id TaskID, by StaffID) (t Task, err error) {
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		t, err = d.TakeWithin(ctx, tx, lib, id, by)
		return err
	})
	return t, err
}

// TakeWithin is Take in the caller's transaction, such as one that finishes the task too.
func (d *Desk) TakeWithin(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID) (Task, error) {
	what := fmt.Sprintf("take task %d", id)
	who, err := takerOf(ctx, tx, lib, by)
	if err != nil {
		return Task{}, fmt.Errorf("%s: %w", what, err)
	}
	scope := who.scope()
	for range takeTries {
		t, err := one[Task](ctx, tx, takeTask, lib, id, by, d.now(), scope.Roles, scope.Bound, scope.Department)
		if err == nil {
			return t, logAct(ctx, tx, lib, id, by, "taken", "")
		}
		if !errors.Is(err, ErrNotFound) {
			return Task{}, fmt.Errorf("%s: %w", what, err)
		}
		t, err = one[Task](ctx, tx, getTask, lib, id)
		switch {
		case err != nil:
			return Task{}, fmt.Errorf("%s: %w", what, err)
		case !scope.Takes(t):
			return Task{}, fmt.Errorf("%s: %w", what, ErrNotAllowed)
		case t.State == StateDone:
			return Task{}, fmt.Errorf("%s: %w", what, ErrDone)
		case t.State == StateTaken && t.Holder == by:
			return t, nil
		case t.State == StateTaken:
			return Task{}, fmt.Errorf("%s: %w", what, &TakenError{By: t.HolderName})
		}
	}
	return Task{}, fmt.Errorf("%s: %w", what, &TakenError{})
}

const releaseTask = `
update tasks set state = 'open', holder = null, taken_at = null where library_id = $1 and id = $2 and state = 'taken' and (holder = $3 or $4)`

// Release puts a task back into the queue: by its holder, or by who supervises.
func (d *Desk) Release(ctx context.Context, lib library.ID, id TaskID, by StaffID) error {
	return d.within(ctx, fmt.Sprintf("release task %d", id), func(tx pgx.Tx) error {
		who, err := takerOf(ctx, tx, lib, by)
		if err != nil {
			return err
		}
		done, err := tx.Exec(ctx, releaseTask, lib, id, by, who.Role.Supervises())
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return refusal(ctx, tx, lib, id)
		}
		return logAct(ctx, tx, lib, id, by, "released", "")
	})
}

const finishTask = `
update tasks set state = 'done', outcome = $4, done_at = $5 where library_id = $1 and id = $2 and state = 'taken' and holder = $3`

// Finish ends the task with an outcome, a short code: by its holder only.
func (d *Desk) Finish(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID, outcome string) error {
	done, err := tx.Exec(ctx, finishTask, lib, id, by, outcome, d.now())
	if err != nil {
		return fmt.Errorf("finish task %d: %w", id, err)
	}
	if done.RowsAffected() == 0 {
		return fmt.Errorf("finish task %d: %w", id, refusal(ctx, tx, lib, id))
	}
	return logAct(ctx, tx, lib, id, by, "finished", outcome)
}

// LogRow is one thing that happened to a task: opened, note, taken, released, finished, withdrawn.
type LogRow struct {
	At        time.Time
	Staff     StaffID // 0 is the program itself
	StaffName string
	Act       string
	Detail    string
}

const selectLog = `
select l.at, coalesce(l.staff_id, 0) as staff, coalesce(s.name, '') as staff_name, l.act, l.detail
from task_log l left join staff s on s.id = l.staff_id
where l.library_id = $1 and l.task_id = $2 order by l.id`

// Log gives what happened to the task, oldest first.
func (d *Desk) Log(ctx context.Context, lib library.ID, id TaskID) ([]LogRow, error) {
	rows, err := all[LogRow](ctx, d.pool, selectLog, lib, id)
	if err != nil {
		return nil, fmt.Errorf("log of task %d: %w", id, err)
	}
	return rows, nil
}

const insertLog = `insert into task_log (library_id, task_id, staff_id, act, detail) values ($1, $2, nullif($3::bigint, 0), $4, $5)`

// logAct notes what was done to the task, and by staff also in the audit log, and tells who waits for the queue, in one round trip.
func logAct(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID, act, detail string) error {
	batch := &pgx.Batch{}
	batch.Queue(insertLog, lib, id, by, act, detail)
	if by != 0 {
		batch.Queue(insertAudit, lib, by, "task."+act, fmt.Sprintf("task %d", id), map[string]any{})
	}
	bots.QueueNotify(batch, signalsOf(lib, []TaskID{id})...)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("log %s of task %d: %w", act, id, err)
	}
	return nil
}
