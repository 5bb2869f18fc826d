package fragments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

const (
	moveOrder = `update orders set state = $3, department_id = nullif($4::bigint, 0), reason = $5, words = $6, question = '', asked_at = null,
  job_at = $7, tries = 0, again = $8, slip_at = $9, due_at = $10, wiped = false,
  late_told_at = case when due_at = $10 then late_told_at end, hoped_at = case when due_at = $10 then hoped_at end where library_id = $1 and id = $2`
	insertStep = `insert into order_steps (library_id, order_id, at, staff_id, act, was, became, department_id)
values ($1, $2, $3, nullif($4::bigint, 0), $5, $6, $7, nullif($8::bigint, 0))`
)

// change is a step with what belongs to it.
type change struct {
	act        Act
	department int64
	reason     string
	words      string
	again      string
	due        time.Time // by when it is promised from now on; zero: as before
}

// lock gives the order, which stays as it is until the transaction ends.
func lock(ctx context.Context, tx pgx.Tx, lib library.ID, id ID) (Order, error) {
	o, err := one(ctx, tx, lockOrder, lib, id)
	if err != nil {
		return o, fmt.Errorf("order %d: %w", id, err)
	}
	return o, nil
}

// step does the act, notes it, and gives the next task to whose work it is. The caller holds the conversation. ErrElsewhere for a department that has not got
// the order.
func step(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, now time.Time, c change) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	to, err := next(o.State, c.act, by)
	if err == nil {
		err = o.theirs(by)
	}
	if err != nil {
		return o, fmt.Errorf("%s order %d: %w", c.act, id, err)
	}
	hours, err := hoursOf(ctx, tx, lib, o.Department)
	if err != nil {
		return o, err
	}
	o = o.running(lib, hours, now) // whatever was asked, it is asked no more
	was, before := o.State, o.Department
	o.State, o.Reason, o.Words, o.Again = to, c.reason, c.words, c.again
	if c.department != 0 {
		o.Department = c.department
	}
	if !c.due.IsZero() {
		o.Due = c.due
	}
	if err := save(ctx, tx, o, now, o.State == Asked); err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, insertStep, lib.ID, id, now, by.Staff, c.act, was, to, before); err != nil {
		return o, fmt.Errorf("note the step %s of order %d: %w", c.act, id, err)
	}
	return o, hand(ctx, tx, lib, o, by, string(c.act), now)
}

// save writes the order as it is by now; owed says that its department is to be asked.
func save(ctx context.Context, tx pgx.Tx, o Order, now time.Time, owed bool) error {
	var job, slip *time.Time
	if o.State == Making {
		job = &now
	}
	if owed {
		slip = &now
	}
	if _, err := tx.Exec(ctx, moveOrder, o.Library, o.ID, o.State, o.Department, o.Reason, o.Words, job, o.Again, slip, o.Due); err != nil {
		return fmt.Errorf("move order %d: %w", o.ID, err)
	}
	return nil
}

// hand ends the tasks of the order and opens the one that it waits for by now.
func hand(ctx context.Context, tx pgx.Tx, lib library.Library, o Order, by Actor, outcome string, now time.Time) error {
	if err := queue.EndOfOrder(ctx, tx, o.Library, int64(o.ID), by.Staff, outcome, now); err != nil {
		return err
	}
	kind, role, waits := o.State.work()
	if !waits {
		return nil
	}
	said, err := queue.LastNote(ctx, tx, o.Library, int64(o.ID)) // what was said of the order goes with it
	if err != nil {
		return err
	}
	task := queue.NewTask{
		Library: o.Library, Kind: kind, Role: role, Conversation: o.Conversation, Reader: int64(o.Reader), Order: int64(o.ID), Channel: o.Channel, Note: cmp.Or(said, o.Note()),
		Created: now, Due: o.Due,
	}
	if o.State == Asked {
		task.Department = o.Department
	}
	hours, err := hoursOf(ctx, tx, lib, task.Department)
	if err != nil {
		return err
	}
	task.Remind, _ = lib.RemindBy(hours, now, lib.Worked(hours, now, o.Due))
	reader, err := contacts.ReaderByID(ctx, tx, o.Library, o.Reader)
	if err != nil {
		return err
	}
	task.ReaderName = reader.Name
	_, err = queue.Open(ctx, tx, []queue.NewTask{task})
	return err
}

// Note is the order in two lines, with which what its tasks say begins.
func (o Order) Note() string { return o.Title + "\n" + o.Pages }

// Step is one thing that was done to an order.
type Step struct {
	ID         int64
	At         time.Time
	Staff      queue.StaffID // 0: the reader, or the program itself
	Act        Act
	Was        State
	Became     State
	Department int64 // whose it was before
	Undone     bool
}

const (
	stepColumns = `select s.id, s.at, coalesce(s.staff_id, 0) as staff, s.act, s.was, s.became,
coalesce(s.department_id, 0) as department, s.undone from order_steps s where s.library_id = $1 and s.order_id = $2`
	allSteps = stepColumns + ` order by s.id`
	lastStep = stepColumns + ` and not s.undone and s.act not in ('undo', 'fetch', 'bind') order by s.id desc limit 1`
	mailed   = `select exists (select from orders o join order_slips s on s.library_id = o.library_id and s.order_id = o.id and s.department_id = o.department_id
where o.library_id = $1 and o.id = $2)`
	undone = `update order_steps set undone = true where library_id = $1 and order_id = $2 and id = $3`
)

// Steps gives what was done to the order, oldest first.
func Steps(ctx context.Context, tx querier, lib library.ID, id ID) ([]Step, error) {
	rows, err := tx.Query(ctx, allSteps, lib, id)
	if err != nil {
		return nil, fmt.Errorf("steps of order %d: %w", id, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	if err != nil {
		return nil, fmt.Errorf("steps of order %d: %w", id, err)
	}
	return list, nil
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Undoable is the last step, if it can be undone and by made it, ErrState otherwise; ErrWentOut when the department has been asked by letter or in its chat, or
// somebody else has begun what the step gave them to do.
func Undoable(ctx context.Context, db contacts.DB, lib library.ID, id ID, by queue.StaffID) (Step, error) {
	rows, err := db.Query(ctx, lastStep, lib, id)
	if err != nil {
		return Step{}, fmt.Errorf("last step of order %d: %w", id, err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Step])
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (s.Staff != by || by == 0 || !moves()[s.Act].undo) {
		err = ErrState
	}
	if err == nil {
		err = wentOut(ctx, db, lib, s, id, by)
	}
	if err != nil {
		return s, fmt.Errorf("last step of order %d: %w", id, err)
	}
	return s, nil
}

func wentOut(ctx context.Context, db contacts.DB, lib library.ID, s Step, id ID, by queue.StaffID) error {
	out, err := queue.BegunOfOrder(ctx, db, lib, int64(id), by)
	if err == nil && !out && s.Became == Asked {
		err = db.QueryRow(ctx, mailed, lib, id).Scan(&out)
	}
	if err == nil && out {
		err = ErrWentOut
	}
	return err
}

// Undo takes back the last step, by the one who made it and as long as nothing went out.
func Undo(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, now time.Time) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	last, err := Undoable(ctx, tx, lib.ID, id, by.Staff)
	if err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, undone, lib.ID, id, last.ID); err != nil {
		return o, fmt.Errorf("undo step %d of order %d: %w", last.ID, id, err)
	}
	hours, err := hoursOf(ctx, tx, lib, o.Department)
	if err != nil {
		return o, err
	}
	o = o.running(lib, hours, now)
	was := o.State
	o.State, o.Department = last.Was, last.Department
	owed, err := o.owesSlip(ctx, tx)
	if err != nil {
		return o, err
	}
	if err := save(ctx, tx, o, now, owed); err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, insertStep, lib.ID, id, now, by.Staff, ActUndo, was, o.State, o.Department); err != nil {
		return o, fmt.Errorf("note that a step of order %d was undone: %w", id, err)
	}
	return o, hand(ctx, tx, lib, o, by, string(ActUndo), now)
}
