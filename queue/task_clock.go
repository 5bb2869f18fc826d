package queue

import (
	"context"
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

// Clock is by when tasks are promised, when their holder is reminded (zero: never), and since when the clock stands still (nil: it runs).
type Clock struct {
	Due, Remind time.Time
	Paused      *time.Time
}

// Of a promise that is moved its holder is told anew.
const clockOfOrder = `
with set as (
  update tasks set due_at = $3, remind_at = $4, paused_at = $5, near_told_at = case when remind_at = $4 then near_told_at end,
    late_told_at = case when due_at = $3 then late_told_at end
  where library_id = $1 and order_id = $2 and state <> 'done' returning id
), logged as (
  insert into task_log (library_id, task_id, act) select $1, id, case when $5::timestamptz is null then 'resumed' else 'paused' end from set
)
select id from set`

// ClockOfOrder moves the promise of the order's tasks, and stops their clock or lets it go on.
func ClockOfOrder(ctx context.Context, tx pgx.Tx, lib library.ID, order int64, c Clock) error {
	return touchOrder(ctx, tx, lib, order, clockOfOrder, lib, order, c.Due, NewTask{Remind: c.Remind}.remind(), c.Paused)
}
