package fragments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// Laboratory is which of the departments the order can be handed to for a scan (F3): the first that scans. Not ok where none does, or one of them has the
// order already.
func Laboratory(all []queue.Department, o Order) (department int64, ok bool) {
	for _, d := range all {
		switch {
		case d.State != "on" || !slices.Contains(d.Purposes, queue.ForDigitisation):
		case d.ID == o.Department:
			return 0, false
		case !ok:
			department, ok = d.ID, true
		}
	}
	return department, ok
}

// Digitise hands the order of the department that has found the book to those who scan: from now on it is theirs. ErrDepartment where nobody scans.
func Digitise(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, now time.Time) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	all, err := queue.DepartmentsOf(ctx, tx, lib.ID)
	if err != nil {
		return o, err
	}
	lab, ok := Laboratory(all, o)
	if !ok {
		return o, fmt.Errorf("hand order %d to be scanned: %w", id, ErrDepartment)
	}
	return step(ctx, tx, lib, id, by, now, change{act: ActDigitise, department: lab})
}

const bookFrom = `
select case when act = 'digitise' then coalesce(department_id, 0) else 0 end from order_steps
where library_id = $1 and order_id = $2 and act in ('route', 'digitise', 'give_back') and not undone order by id desc limit 1`

// BookFrom is the department that handed the order to those who scan, who have it now; 0 where none did.
func BookFrom(ctx context.Context, db contacts.DB, o Order) (department int64, err error) {
	err = db.QueryRow(ctx, bookFrom, o.Library, o.ID).Scan(&department)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("whence the book of order %d came: %w", o.ID, err)
	}
	return department, nil
}

// GiveBack gives the order that cannot be scanned back to the department that has the book, and says why. ErrState where it came from nobody, ErrDepartment
// where that one works no more.
func GiveBack(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, by Actor, words string, now time.Time) (Order, error) {
	o, err := lock(ctx, tx, lib.ID, id)
	if err != nil {
		return o, err
	}
	from, err := BookFrom(ctx, tx, o)
	if err == nil && from == 0 {
		err = ErrState
	}
	if err == nil {
		err = works(ctx, tx, lib.ID, from)
	}
	if err != nil {
		return o, fmt.Errorf("give order %d back: %w", id, err)
	}
	o, err = step(ctx, tx, lib, id, by, now, change{act: ActGiveBack, department: from, again: words})
	if err != nil {
		return o, err
	}
	return o, queue.NoteOfOrder(ctx, tx, lib.ID, int64(id), words)
}
