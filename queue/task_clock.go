package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Late reports whether the task is past its promise at the moment. While its clock stands still it does not become late.
func (t Task) Late(now time.Time) bool {
	if t.Paused != nil && t.Paused.Before(now) {
		now = *t.Paused
	}
	return t.Due.Before(now)
}

const pauseTask = `update tasks set paused_at = $3 where library_id = $1 and id = $2 and state <> 'done' and paused_at is null`

// Pause stops the task's clock: somebody else is waited for. A clock that stands still already goes on standing. ErrDone, ErrNotFound.
func (d *Desk) Pause(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID) error {
	t, err := lockClock(ctx, tx, lib, id)
	if err != nil {
		return fmt.Errorf("pause task %d: %w", id, err)
	}
	if t.Paused != nil {
		return nil
	}
	if _, err := tx.Exec(ctx, pauseTask, lib, id, d.now()); err != nil {
		return fmt.Errorf("pause task %d: %w", id, err)
	}
	return logAct(ctx, tx, lib, id, 0, "paused", "")
}

const resumeTask = `
update tasks set paused_at = null, due_at = $3, remind_at = $4, near_told_at = case when remind_at = $4 then near_told_at end,
  late_told_at = case when due_at = $3 then late_told_at end
where library_id = $1 and id = $2`

// Resume lets the task's clock go on with the working time that was left by the hours, and gives when it is due now. What was late stays late.
// ErrDone, ErrNotFound.
func (d *Desk) Resume(ctx context.Context, tx pgx.Tx, lib library.Library, hours library.Hours, id TaskID) (time.Time, error) {
	t, err := lockClock(ctx, tx, lib.ID, id)
	if err != nil {
		return time.Time{}, fmt.Errorf("resume task %d: %w", id, err)
	}
	if t.Paused == nil {
		return t.Due, nil
	}
	later := func(moment time.Time) time.Time {
		if !moment.After(*t.Paused) {
			return moment
		}
		return lib.DueBy(hours, d.now(), lib.Worked(hours, *t.Paused, moment))
	}
	due, remind := later(t.Due), t.Remind
	if remind != nil {
		moved := later(*remind)
		remind = &moved
	}
	if _, err := tx.Exec(ctx, resumeTask, lib.ID, id, due, remind); err != nil {
		return time.Time{}, fmt.Errorf("resume task %d: %w", id, err)
	}
	return due, logAct(ctx, tx, lib.ID, id, 0, "resumed", "")
}

// taskClock is what the clock of a task shows.
type taskClock struct {
	State  string
	Due    time.Time
	Remind *time.Time
	Paused *time.Time
}

const selectClock = `
select state, due_at as due, remind_at as remind, paused_at as paused from tasks where library_id = $1 and id = $2 for no key update`

func lockClock(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID) (taskClock, error) {
	t, err := one[taskClock](ctx, tx, selectClock, lib, id)
	if err == nil && t.State == StateDone {
		err = ErrDone
	}
	return t, err
}
