package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Notice tells a member of staff of a task that is new or late. It holds nothing of the reader.
type Notice struct {
	Library library.ID
	Task    TaskID
	Kind    string
	Late    bool
	Created time.Time
	Due     time.Time
}

// Key names the text of the notice.
func (n Notice) Key() string {
	if n.Late {
		return "desk_notice.late"
	}
	return "desk_notice.new"
}

// Deliver puts a notice on its way to one member of staff, by e-mail where NotifyEmail is set and to NotifyAt where there is one, in their
// language. It writes in the transaction and does not go over the network: the task is locked meanwhile.
type Deliver func(ctx context.Context, tx pgx.Tx, to Staff, n Notice) error

// noticesAtOnce bounds how many tasks are locked together.
const noticesAtOnce = 20

type untold struct {
	Notice
	Role   Role
	Holder StaffID
}

const selectUntold = `
select id as task, library_id as library, kind, role, coalesce(holder, 0) as holder, due_at < $1 as late, created_at as created, due_at as due
from tasks
where id > $2 and (state = 'open' and told_at is null or state <> 'done' and late_told_at is null and due_at < $1)
order by id limit $3 for update skip locked`

const selectTold = `
select ` + staffColumns + ` from staff s
where s.state = 'on' and (s.notify_email and s.email <> '' or s.notify_at is not null)
  and (s.library_id = $1 or s.role = 'operator') and case when $3::bigint = 0 then s.role = $2 else s.id = $3 end
order by s.id`

const markTold = `
update tasks set told_at = coalesce(told_at, $3), late_told_at = case when $4 then $3 else late_told_at end where library_id = $1 and id = $2`

// TellStaff tells of each task once that it is new and once that it is late, also when it runs twice at a time. It tells those of the task's
// role who want to know, and of a late task that somebody has taken, its holder alone. A task whose notices fail is tried again by the next
// run and holds up no other.
func (d *Desk) TellStaff(ctx context.Context, deliver Deliver) error {
	var failed []error
	for last := TaskID(0); ; {
		var batch []untold
		err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
			if batch, err = all[untold](ctx, tx, selectUntold, d.now(), last, noticesAtOnce); err != nil {
				return err
			}
			for _, u := range batch {
				if err := d.tell(ctx, tx, deliver, u); err != nil {
					failed = append(failed, err)
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return fmt.Errorf("tell staff: %w", errors.Join(append(failed, err)...))
		}
		if len(batch) < noticesAtOnce {
			return errors.Join(failed...)
		}
		last = batch[len(batch)-1].Task
	}
}

// tell works under a savepoint, so that what one task breaks does not undo the others.
func (d *Desk) tell(ctx context.Context, tx pgx.Tx, deliver Deliver, u untold) error {
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		people, err := all[Staff](ctx, tx, selectTold, u.Library, u.Role, u.Holder)
		if err != nil {
			return err
		}
		for _, to := range people {
			if err := deliver(ctx, tx, to, u.Notice); err != nil {
				return fmt.Errorf("to staff %d: %w", to.ID, err)
			}
		}
		_, err = tx.Exec(ctx, markTold, u.Library, u.Task, d.now(), u.Late)
		return err
	})
	if err != nil {
		return fmt.Errorf("tell of task %d: %w", u.Task, err)
	}
	return nil
}
