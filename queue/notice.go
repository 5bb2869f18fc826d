package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"librarian/bots"
	"librarian/contacts/library"
)

// Notice tells a member of staff of tasks that are new, near their time or late. It holds nothing of the reader.
type Notice struct {
	Library library.ID
	Task    TaskID         // when it is one
	Kind    string         // when it is one
	Account bots.ChannelID // that does not work, with its kind, its name and the provider's code; 0: the task is another
	Channel bots.Kind
	Name    string
	Problem string
	Near    bool // little of the promised time is left
	Late    bool
	Created time.Time // of the first
	Due     time.Time // of the first
	Count   int       // of the tasks: 1, or more than a person wants to be told of one by one
}

// Key names the text of the notice.
func (n Notice) Key() string {
	switch {
	case n.Kind == KindChannel:
		return "desk_channel.told"
	case n.Late && n.Count > 1:
		return "desk_notice.many_late"
	case n.Late:
		return "desk_notice.late"
	case n.Near && n.Count > 1:
		return "desk_notice.many_near"
	case n.Near:
		return "desk_notice.near"
	case n.Count > 1:
		return "desk_notice.many_new"
	}
	return "desk_notice.new"
}

// Deliver puts a notice on its way to one member of staff, by e-mail where NotifyEmail is set and to NotifyAt where there is one, in their
// language. It writes in the transaction and does not go over the network: the tasks are locked meanwhile.
type Deliver func(ctx context.Context, tx pgx.Tx, to Staff, n Notice) error

const (
	noticesAtOnce = 500 // tasks that are locked together
	oneByOne      = 5   // more that are new, near or late, at once are one notice
)

type untold struct {
	Notice
	Role       Role
	Holder     StaffID
	Department int64
	Asked      bool // a slip goes to the chats of its department
}

// Of a task that is near its time and lies open, nobody but its department is told: it has been told of once.
const selectUntold = `
select id as task, library_id as library, kind, role, coalesce(holder, 0) as holder, coalesce(department_id, 0) as department,
  paused_at is null and due_at < $1 as late, coalesce(paused_at is null and remind_at <= $1 and due_at >= $1, false) as near,
  created_at as created, due_at as due, 1 as count, coalesce(channel_id, 0) as account, channel,
  case when channel_id is null then '' else reader_name end as name, case when channel_id is null then '' else note end as problem,
  kind = 'find' and exists (select from departments d where d.library_id = t.library_id and d.id = t.department_id and d.way = 'telegram') as asked
from tasks t
where id > $2 and (state = 'open' and told_at is null or state <> 'done' and late_told_at is null and due_at < $1 and paused_at is null
  or state <> 'done' and near_told_at is null and remind_at <= $1 and due_at >= $1 and paused_at is null and (holder is not null or department_id is not null))
order by id limit $3 for update skip locked`

const selectTold = `
select ` + staffColumns + ` from staff s
where s.state = 'on' and (s.notify_email and s.email <> '' or s.notify_at is not null)
  and (s.library_id = $1 or s.role = 'operator') and (case when $3::bigint <> 0 then s.id = $3 when $4::bigint = 0 then s.role = $2 or $2 = 'director' and s.role = 'operator'
      else (s.role = $2 or $2 = 'department' and s.role = 'digitiser') and (s.department_id = $4 or s.role not in ('department', 'head', 'digitiser')) end
    or $5::bool and $4::bigint <> 0 and (s.role = 'head' and s.department_id = $4 or s.role = 'librarian'))
order by s.id`

const markTold = `
update tasks t set told_at = coalesce(t.told_at, $4), late_told_at = case when u.late then $4 else t.late_told_at end,
  near_told_at = case when u.near then $4 else t.near_told_at end
from unnest($1::bigint[], $2::bigint[], $3::bool[], $5::bool[]) as u (lib, id, late, near) where t.library_id = u.lib and t.id = u.id`

// TellStaff tells of each task once that it is new, once that it is near its time and once that it is late, also when it runs twice at a time.
// It tells those of the task's role who want to know, of a department's task those in the department, and of a task that somebody has taken its
// holder alone. Of a department's task that is late its head and the librarians hear too. What fails for one person is reported and holds up
// nobody else; a task of which nobody at all could be told is tried again by the next run.
func (d *Desk) TellStaff(ctx context.Context, deliver Deliver) error {
	var failed []error
	for last := TaskID(0); ; {
		var batch []untold
		var missed []error
		err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
			if batch, err = all[untold](ctx, tx, selectUntold, d.now(), last, noticesAtOnce); err != nil {
				return err
			}
			missed, err = d.tell(ctx, tx, deliver, batch)
			return err
		})
		failed = append(failed, missed...)
		if err != nil {
			return fmt.Errorf("tell staff: %w", errors.Join(append(failed, err)...))
		}
		if len(batch) < noticesAtOnce {
			return errors.Join(failed...)
		}
		last = batch[len(batch)-1].Task
	}
}

// tell delivers the tasks' notices and marks the tasks. The errors of the first result concern one person each.
func (d *Desk) tell(ctx context.Context, tx pgx.Tx, deliver Deliver, tasks []untold) (failed []error, err error) {
	plan, err := concerned(ctx, tx, tasks)
	if err != nil {
		return nil, err
	}
	heard, missed := map[TaskID]bool{}, map[TaskID]bool{}
	for _, c := range plan {
		for _, part := range c.parts() {
			err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return deliver(ctx, tx, c.to, notice(part)) })
			if Lost(err) || ctx.Err() != nil {
				return failed, errors.Join(err, ctx.Err())
			}
			into := heard
			if err != nil {
				into = missed
				failed = append(failed, fmt.Errorf("tell staff %d of %d tasks: %w", c.to.ID, len(part), err))
			}
			for _, n := range part {
				into[n.Task] = true
			}
		}
	}
	told := slices.DeleteFunc(slices.Clone(tasks), func(u untold) bool { return missed[u.Task] && !heard[u.Task] })
	return failed, d.mark(ctx, tx, told)
}

// Lost reports that PostgreSQL gave the transaction up for another's sake: done again, this one succeeds.
func Lost(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && (failure.Code == "40P01" || failure.Code == "40001")
}

func (d *Desk) mark(ctx context.Context, tx pgx.Tx, told []untold) error {
	_, err := tx.Exec(ctx, markTold,
		column(told, func(u untold) library.ID { return u.Library }), column(told, func(u untold) TaskID { return u.Task }),
		column(told, func(u untold) bool { return u.Late }), d.now(), column(told, func(u untold) bool { return u.Near }))
	if err != nil {
		return fmt.Errorf("mark %d tasks as told: %w", len(told), err)
	}
	return nil
}

// concern is what one member of staff is to be told of one library: the new tasks, those near their time, or the late ones.
type concern struct {
	to    Staff
	tasks []Notice
}

// concerned are the concerns in an order that is the same in every process, as they lock what they write.
func concerned(ctx context.Context, tx pgx.Tx, tasks []untold) ([]concern, error) {
	type audience struct {
		library    library.ID
		role       Role
		holder     StaffID
		department int64
		late       bool
	}
	type matter struct {
		to         StaffID
		library    library.ID
		near, late bool
		asked      bool
	}
	people, index := map[audience][]Staff{}, map[matter]int{}
	var out []concern
	for _, u := range tasks {
		a := audience{u.Library, u.Role, u.Holder, u.Department, u.Late}
		if _, known := people[a]; !known {
			found, err := all[Staff](ctx, tx, selectTold, a.library, a.role, a.holder, a.department, a.late)
			if err != nil {
				return nil, fmt.Errorf("who is told of task %d: %w", u.Task, err)
			}
			people[a] = found
		}
		for _, to := range people[a] {
			asked := u.Asked && !u.Near && !u.Late
			if asked {
				to.NotifyAt = nil // the slip is there
			}
			if to.NotifyAt == nil && (!to.NotifyEmail || to.Email == "") {
				continue
			}
			m := matter{to.ID, u.Library, u.Near, u.Late, asked}
			i, known := index[m]
			if !known {
				i = len(out)
				index[m], out = i, append(out, concern{to: to})
			}
			out[i].tasks = append(out[i].tasks, u.Notice)
		}
	}
	slices.SortStableFunc(out, func(a, b concern) int { return cmp.Compare(a.to.ID, b.to.ID) })
	return out, nil
}

// parts are the tasks of one notice each.
func (c concern) parts() [][]Notice {
	if len(c.tasks) > oneByOne {
		return [][]Notice{c.tasks}
	}
	return slices.Collect(slices.Chunk(c.tasks, 1))
}

// notice joins what is told of the tasks.
func notice(tasks []Notice) Notice {
	n := tasks[0]
	if n.Count = len(tasks); n.Count == 1 {
		return n
	}
	n.Task, n.Kind, n.Account = 0, "", 0
	for _, t := range tasks {
		if t.Due.Before(n.Due) {
			n.Due = t.Due
		}
		if t.Created.Before(n.Created) {
			n.Created = t.Created
		}
	}
	return n
}
