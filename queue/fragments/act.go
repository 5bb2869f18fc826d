package fragments

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/stock"
)

// The reasons of a refusal (F9). Other goes with words of staff.
const (
	NotFound  = "not_found"
	Lost      = "lost"
	Fragile   = "fragile"
	Forbidden = "forbidden"
	Other     = "other"
)

// Reasons are all reasons of a refusal.
func Reasons() []string { return []string{NotFound, Lost, Fragile, Forbidden, Other} }

// Route gives the order to a department, or to another one: ErrDepartment where it is none of the library's, or off.
func Route(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, department int64, now time.Time) (Order, error) {
	if err := works(ctx, tx, lib.ID, department); err != nil {
		return Order{}, fmt.Errorf("route order %d: %w", id, err)
	}
	return step(ctx, tx, lib, id, by, now, change{act: ActRoute, department: department})
}

// works is ErrDepartment for a department that takes no orders.
func works(ctx context.Context, tx pgx.Tx, lib library.ID, department int64) error {
	dep, err := queue.DepartmentByID(ctx, tx, lib, department)
	if errors.Is(err, queue.ErrNotFound) || err == nil && dep.State != "on" {
		err = ErrDepartment
	}
	return err
}

// HandOver says that the department has brought all. ErrNoPages when nothing has come.
func HandOver(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, now time.Time) (Order, error) {
	if err := hasPages(ctx, tx, lib.ID, id); err != nil {
		return Order{}, err
	}
	o, err := step(ctx, tx, lib, id, by, now, change{act: ActHandOver})
	if err != nil || by.Who != byStaff {
		return o, err
	}
	return trust(ctx, tx, lib, o, now)
}

// trust lets go out what a department says is all, where the library trusts its output. What is more than the rules allow, or than was ordered, waits for a
// librarian.
func trust(ctx context.Context, tx pgx.Tx, lib library.Library, o Order, now time.Time) (Order, error) {
	dep, err := queue.DepartmentByID(ctx, tx, lib.ID, o.Department)
	if err != nil || !dep.Trusted {
		return o, err
	}
	pages, err := countPages(ctx, tx, o)
	if err != nil || o.Count > 0 && pages > o.Count {
		return o, err
	}
	var limit *LimitError
	out, err := Release(ctx, tx, lib, o.ID, ByProgram(), false, now)
	if errors.As(err, &limit) {
		return o, nil
	}
	return out, err
}

// Return asks the department again; the words say for what, and stand in its task.
func Return(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, words string, now time.Time) (Order, error) {
	words = strings.TrimSpace(words)
	o, err := step(ctx, tx, lib, id, by, now, change{act: ActReturn, again: words})
	if err != nil || words == "" {
		return o, err
	}
	return o, queue.NoteOfOrder(ctx, tx, lib.ID, int64(id), words)
}

const (
	countParts = `select count(*) from order_parts where library_id = $1 and order_id = $2 and not dropped`
	setCount   = `update orders set count = $3, permit = permit or $4 where library_id = $1 and id = $2`
)

func countPages(ctx context.Context, tx pgx.Tx, o Order) (pages int, err error) {
	if err := tx.QueryRow(ctx, countParts, o.Library, o.ID).Scan(&pages); err != nil {
		return 0, fmt.Errorf("count pages of order %d: %w", o.ID, err)
	}
	return pages, nil
}

// Release lets the order go out: its pages are joined, and then it is sent to where it was ordered, unless SendTo says where else. ErrNoPages when all of them
// are dropped. More pages than were ordered, or than anybody knew of, are held to the rules: a *LimitError, unless they are permitted.
func Release(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, permit bool, now time.Time) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	pages, err := countPages(ctx, tx, o)
	if err == nil && pages == 0 {
		err = ErrNoPages
	}
	if err != nil {
		return o, fmt.Errorf("release order %d: %w", id, err)
	}
	if pages > o.Count {
		if err := setLength(ctx, tx, lib, o, pages, permit); err != nil {
			return o, err
		}
	}
	if err := SendTo(ctx, tx, o, nil, now); err != nil {
		return o, err
	}
	return step(ctx, tx, lib, id, by, now, change{act: ActRelease})
}

// setLength gives an order its length by the pages that came.
func setLength(ctx context.Context, tx pgx.Tx, lib library.Library, o Order, pages int, permit bool) error {
	if o.Edition != 0 {
		if err := holdReader(ctx, tx, lib.ID, o.Reader); err != nil {
			return err
		}
		book, err := stock.GetIn(ctx, tx, lib.ID, o.Edition)
		if err != nil {
			return err
		}
		if err := meter(ctx, tx, lib, o, book, pages, o.Permit || permit); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, setCount, lib.ID, o.ID, pages, permit); err != nil {
		return fmt.Errorf("length of order %d: %w", o.ID, err)
	}
	return nil
}

// Refuse ends the order with a reason; words are the reader's to see. queue.ErrInvalid for an unknown reason, or Other without words.
func Refuse(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, reason, words string, now time.Time) (Order, error) {
	words = strings.TrimSpace(words)
	known := false
	for _, r := range Reasons() {
		known = known || r == reason
	}
	if !known || reason == Other && words == "" {
		return Order{}, fmt.Errorf("refuse order %d: %w", id, queue.ErrInvalid)
	}
	return step(ctx, tx, lib, id, by, now, change{act: ActRefuse, reason: reason, words: words})
}

// Cancel ends the order because its reader, or staff for them, wants it no more.
func Cancel(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, now time.Time) (Order, error) {
	return step(ctx, tx, lib, id, by, now, change{act: ActCancel})
}

// Complain brings what was sent back to the librarian, with the reader's words and a promise of its own.
func Complain(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, words string, now time.Time) (Order, error) {
	o, err := step(ctx, tx, lib, id, by, now, change{act: ActComplain, due: lib.Due(now, lib.Settings.Work(Fragment))})
	if err != nil {
		return o, err
	}
	return o, queue.NoteOfOrder(ctx, tx, lib.ID, int64(id), words)
}

const (
	askReader = `update orders set question = $3, asked_at = $4 where library_id = $1 and id = $2`
	answered  = `update orders set question = '', asked_at = null, due_at = $3 where library_id = $1 and id = $2`
)

// Ask puts a question to the reader: the clock stands still until they answer. ErrState when one is open, or nobody works on the order.
func Ask(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, question string, now time.Time) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	question = strings.TrimSpace(question)
	switch {
	case question == "":
		err = queue.ErrInvalid
	case o.Question != "" || !o.Open():
		err = ErrState
	}
	if err != nil {
		return o, fmt.Errorf("ask about order %d: %w", id, err)
	}
	if _, err := tx.Exec(ctx, askReader, lib.ID, id, question, now); err != nil {
		return o, fmt.Errorf("ask about order %d: %w", id, err)
	}
	o.Question, o.AskedAt = question, &now
	if err := queue.ClockOfOrder(ctx, tx, lib.ID, int64(id), queue.Clock{Due: o.Due, Paused: &now}); err != nil {
		return o, err
	}
	return o, queue.NoteOfOrder(ctx, tx, lib.ID, int64(id), "? "+question)
}

// Add is what the reader says to an order that is open: an answer to the question of staff, with which the clock goes on, or more of their own. ErrState when
// the order is over.
func Add(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, words string, now time.Time) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	if !o.Open() {
		return o, fmt.Errorf("add to order %d: %w", id, ErrState)
	}
	if o.AskedAt != nil {
		if o, err = goOn(ctx, tx, lib, o, now); err != nil {
			return o, err
		}
	}
	return o, queue.NoteOfOrder(ctx, tx, lib.ID, int64(id), words)
}

// goOn sets the clock of the order and of its tasks going again.
func goOn(ctx context.Context, tx pgx.Tx, lib library.Library, o Order, now time.Time) (Order, error) {
	hours, err := hoursOf(ctx, tx, lib, o.Department)
	if err != nil {
		return o, err
	}
	o = o.running(lib, hours, now)
	if _, err := tx.Exec(ctx, answered, lib.ID, o.ID, o.Due); err != nil {
		return o, fmt.Errorf("answer about order %d: %w", o.ID, err)
	}
	clock := queue.Clock{Due: o.Due}
	clock.Remind, _ = lib.RemindBy(hours, now, lib.Worked(hours, now, o.Due))
	return o, queue.ClockOfOrder(ctx, tx, lib.ID, int64(o.ID), clock)
}

// running is the order whose reader is not waited for any more: promised by the working time that was left when they were asked. What was late by then stays
// late.
func (o Order) running(lib library.Library, hours library.Hours, now time.Time) Order {
	if o.AskedAt != nil && o.Due.After(*o.AskedAt) {
		o.Due = lib.DueBy(hours, now, lib.Worked(hours, *o.AskedAt, o.Due))
	}
	o.Question, o.AskedAt = "", nil
	return o
}

// hoursOf are the working hours of a department, or with 0 the library's.
func hoursOf(ctx context.Context, tx pgx.Tx, lib library.Library, department int64) (library.Hours, error) {
	if department == 0 {
		return lib.Settings.Hours, nil
	}
	d, err := queue.DepartmentByID(ctx, tx, lib.ID, department)
	return d.WorkingHours(lib), err
}
