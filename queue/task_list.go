package queue

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"librarian/contacts/library"
)

// Cursor is a place in a list of tasks: the last one seen. The zero value is the start.
type Cursor struct {
	At time.Time // when it is due; in a list of done tasks, when it was done
	ID TaskID
}

// String is the cursor as part of an address.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d", c.At.UnixMicro(), c.ID)
}

// latest is beyond any task, and within what PostgreSQL can hold.
func latest() time.Time { return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) }

// ParseCursor reads what String wrote. Anything else is the start.
func ParseCursor(s string) Cursor {
	at, id, _ := strings.Cut(s, ".")
	micro, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err1 != nil || err2 != nil || micro < 0 || micro > latest().UnixMicro() {
		return Cursor{}
	}
	return Cursor{At: time.UnixMicro(micro).UTC(), ID: TaskID(n)}
}

// Filter chooses tasks.
type Filter struct {
	Scope Scope
	Kinds []string // none gives all
	Mine  StaffID  // held by; 0 gives all
	State string   // open, taken or done; empty gives open and taken
	After Cursor
	Limit int // 1 to 200, else 50
}

// TaskRow is a task as a list shows it; its note is cut at 300 characters.
type TaskRow struct {
	Task
	Age  time.Duration // since it was opened; of a done one, how long it took
	Late bool          // past its promise; of a done one, done past it
}

// Cursor is the row's place in its list.
func (r TaskRow) Cursor() Cursor {
	if r.Done != nil {
		return Cursor{At: *r.Done, ID: r.ID}
	}
	return Cursor{At: r.Due, ID: r.ID}
}

// The page is cut before the holders' names are joined: asked in one go, PostgreSQL guesses that few rows are left after a cursor among many
// equal times, and sorts them all. Who is bound to a department has two queues, its own and that of no department; an index serves both.
const (
	pageColumns = `select ` + listColumns + `, left(t.note, 300) as note from (`
	pageHolders = `) t left join staff h on h.id = t.holder`

	filtered  = ` and ($5::text[] is null or t.kind = any($5)) and ($6::bigint = 0 or t.holder = $6)`
	seenTasks = ` and (t.role = any($4) or $8::bool and t.department_id is not null)`
	boundTo   = ` and t.role = any($4) and t.role in ('department', 'head', 'digitiser') and coalesce(t.department_id, 0) = `

	openAfter = `(select * from tasks t where t.library_id = $1 and t.state <> 'done' and (t.due_at, t.id) > ($2, $3) and ($9::text = '' or t.state = $9)` + filtered
	openOrder = ` order by t.due_at, t.id`
	listOpen  = pageColumns + openAfter + seenTasks + openOrder + ` limit $7)` + pageHolders + openOrder

	doneBefore = `(select * from tasks t where t.library_id = $1 and t.state = 'done' and (t.done_at, t.id) < ($2, $3)` + filtered
	doneOrder  = ` order by t.done_at desc, t.id desc`
	listDone   = pageColumns + doneBefore + seenTasks + doneOrder + ` limit $7)` + pageHolders + doneOrder

	listOpenBound = pageColumns + `select * from (` + openAfter + boundTo + `0` + openOrder + ` limit $7) union all ` +
		openAfter + boundTo + `nullif($8::bigint, 0)` + openOrder + ` limit $7)) t` + openOrder + ` limit $7` + pageHolders + openOrder
	listDoneBound = pageColumns + `select * from (` + doneBefore + boundTo + `0` + doneOrder + ` limit $7) union all ` +
		doneBefore + boundTo + `nullif($8::bigint, 0)` + doneOrder + ` limit $7)) t` + doneOrder + ` limit $7` + pageHolders + doneOrder
)

// List gives the library's tasks after the cursor, those due first at the top; done ones the other way round, newest first.
func (d *Desk) List(ctx context.Context, lib library.ID, f Filter) ([]TaskRow, error) {
	var kinds []string
	if len(f.Kinds) > 0 {
		kinds = f.Kinds
	}
	args := []any{lib, f.After.At, f.After.ID, f.Scope.Roles, kinds, f.Mine, pageSize(f.Limit), f.Scope.Watch}
	open, done := listOpen, listDone
	if f.Scope.Bound {
		open, done, args[7] = listOpenBound, listDoneBound, f.Scope.Department
	}
	sql := done
	switch {
	case f.State != StateDone:
		sql, args = open, append(args, f.State)
	case f.After == (Cursor{}):
		args[1], args[2] = latest(), TaskID(math.MaxInt64)
	}
	tasks, err := all[Task](ctx, d.pool, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list tasks of library %d: %w", lib, err)
	}
	rows := make([]TaskRow, len(tasks))
	for i, t := range tasks {
		until := d.now()
		if t.Done != nil {
			until = *t.Done
		}
		rows[i] = TaskRow{Task: t, Age: until.Sub(t.Created), Late: t.Late(until)}
	}
	return rows, nil
}

// Counts are the numbers above every page.
type Counts struct {
	Open map[string]int // by kind: open and taken
	Late int
	Mine int // taken by the person, whatever the role
}

const countTasks = `
select kind, count(*) filter (where seen) as open, count(*) filter (where seen and late) as late, count(*) filter (where mine) as mine
from (
  select t.kind, coalesce(t.holder = $3, false) as mine, t.due_at < coalesce(t.paused_at, $2) as late,
    t.role = any($4) and (not $5 or coalesce(t.department_id, 0) in (0, $6)) or $7 and t.department_id is not null as seen
  from tasks t where t.library_id = $1 and t.state <> 'done'
) t group by kind`

// Counts gives the numbers of the tasks that are seen and of those that by holds.
func (d *Desk) Counts(ctx context.Context, lib library.ID, by StaffID, seen Scope) (Counts, error) {
	type kindCount struct {
		Kind             string
		Open, Late, Mine int
	}
	rows, err := all[kindCount](ctx, d.pool, countTasks, lib, d.now(), by, seen.Roles, seen.Bound, seen.Department, seen.Watch)
	if err != nil {
		return Counts{}, fmt.Errorf("count tasks of library %d: %w", lib, err)
	}
	c := Counts{Open: map[string]int{}}
	for _, r := range rows {
		c.Open[r.Kind] = r.Open
		c.Late += r.Late
		c.Mine += r.Mine
	}
	return c, nil
}
