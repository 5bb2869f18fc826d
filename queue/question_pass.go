package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// promiseQuery names the promise for what departments look up.
const promiseQuery = "query"

const passQuestion = `
update tasks set role = 'department', department_id = $4, state = 'open', holder = null, taken_at = null, due_at = $5, remind_at = $6, told_at = null,
  near_told_at = null, late_told_at = null, reply = '', replied_by = null, note = left(note, $8 - length($7)) || $7
where library_id = $1 and id = $2 and kind = 'question' and role = 'librarian' and state = 'taken' and holder = $3
  and exists (select from staff s where s.library_id = $1 and s.department_id = $4 and s.state = 'on')`

// PassQuestion gives the question to a department, with words of the one who passes it on, and promises the answer anew by that department's hours (F7). Who
// does it takes it first, with the errors of Take. ErrInvalid when it is no question of a reader to librarians, or the department is off or has nobody.
func (d *Desk) PassQuestion(ctx context.Context, tx pgx.Tx, lib library.Library, id TaskID, by StaffID, department int64, words string) (due time.Time, err error) {
	what := fmt.Sprintf("pass question %d on", id)
	dep, err := getDepartment(ctx, tx, lib.ID, department)
	if errors.Is(err, ErrNotFound) || err == nil && dep.State != "on" {
		err = ErrInvalid
	}
	if err != nil {
		return due, fmt.Errorf("%s: %w", what, err)
	}
	t, err := d.TakeWithin(ctx, tx, lib.ID, id, by)
	if err != nil {
		return due, fmt.Errorf("%s: %w", what, err)
	}
	now, hours, work := d.now(), dep.WorkingHours(lib), lib.Settings.Work(promiseQuery)
	due = lib.DueBy(hours, now, work)
	remind := NewTask{}
	remind.Remind, _ = lib.RemindBy(hours, now, work)
	done, err := tx.Exec(ctx, passQuestion, lib.ID, id, by, department, due, remind.remind(), signed(t.HolderName, words), maxNote)
	if err == nil && done.RowsAffected() == 0 {
		err = ErrInvalid
	}
	if err != nil {
		return due, fmt.Errorf("%s: %w", what, err)
	}
	return due, logAct(ctx, tx, lib.ID, id, by, "passed", dep.Title(lib.RecordLang(), lib.RecordLang()))
}

// Back to the librarians goes the promise that the reader was given.
const returnQuestion = `
update tasks set role = 'librarian', department_id = null, state = 'open', holder = null, taken_at = null, told_at = null, near_told_at = null,
  reply = $4, replied_by = case when $4 <> '' then department_id end, note = left(note, $6 - length($5)) || $5
where library_id = $1 and id = $2 and kind = 'question' and role = 'department' and state = 'taken' and holder = $3`

// ReplyQuestion brings what the department answers to the librarians, who send it. Its errors are those of Take, and ErrInvalid for what is no question that
// was passed on.
func (d *Desk) ReplyQuestion(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID, reply string) error {
	return d.returnQuestion(ctx, tx, lib, id, by, "replied", reply, "")
}

// ReturnQuestion gives the question that the department cannot answer back to the librarians, and says why. Its errors are those of ReplyQuestion.
func (d *Desk) ReturnQuestion(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID, words string) error {
	return d.returnQuestion(ctx, tx, lib, id, by, "given_back", "", words)
}

func (d *Desk) returnQuestion(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID, act, reply, words string) error {
	t, err := d.TakeWithin(ctx, tx, lib, id, by)
	if err != nil {
		return fmt.Errorf("%s question %d: %w", act, id, err)
	}
	done, err := tx.Exec(ctx, returnQuestion, lib, id, by, strings.TrimSpace(reply), signed(t.HolderName, words), maxNote)
	if err == nil && done.RowsAffected() == 0 {
		err = ErrInvalid
	}
	if err != nil {
		return fmt.Errorf("%s question %d: %w", act, id, err)
	}
	return logAct(ctx, tx, lib, id, by, act, "")
}

// signed are the words of a colleague as they stand below the question; empty for none.
func signed(name, words string) string {
	if words = clean(words, maxNote/2); words == "" {
		return ""
	}
	return "\n\n— " + name + ": " + words
}

const replySent = `update tasks set reply = '' where library_id = $1 and id = $2`

// ReplySent says that the department's answer is with the reader, or another one instead.
func ReplySent(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID) error {
	if _, err := tx.Exec(ctx, replySent, lib, id); err != nil {
		return fmt.Errorf("reply to question %d is sent: %w", id, err)
	}
	return nil
}

const staffed = `select distinct department_id from staff where library_id = $1 and state = 'on' and department_id is not null`

// Staffed gives the departments in which somebody works at the desk.
func (d *Desk) Staffed(ctx context.Context, lib library.ID) ([]int64, error) {
	rows, err := d.pool.Query(ctx, staffed, lib)
	if err != nil {
		return nil, fmt.Errorf("departments with people of library %d: %w", lib, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("departments with people of library %d: %w", lib, err)
	}
	return ids, nil
}

const recallQuestion = `
update tasks set role = 'librarian', department_id = null, told_at = coalesce(told_at, clock_timestamp()), near_told_at = null
where library_id = $1 and id = $2 and kind = 'question' and role = 'department' and state = 'open'`

// RecallQuestion takes back what was passed on and nobody in the department has begun: a *TakenError when somebody has, otherwise ErrInvalid or ErrDone. The
// librarian who does it then holds it.
func (d *Desk) RecallQuestion(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, by StaffID) error {
	what := fmt.Sprintf("take question %d back", id)
	done, err := tx.Exec(ctx, recallQuestion, lib, id)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if done.RowsAffected() == 0 {
		t, err := one[Task](ctx, tx, getTask, lib, id)
		switch {
		case err != nil:
		case t.State == StateDone:
			err = ErrDone
		case t.State == StateTaken && t.Holder != by:
			err = &TakenError{By: t.HolderName}
		default:
			err = ErrInvalid
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	if _, err := d.TakeWithin(ctx, tx, lib, id, by); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return logAct(ctx, tx, lib, id, by, "recalled", "")
}
