package contacts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

const decideNewcomer = `with g as materialized (
  select library_id, id from registrations where library_id = $1 and id = $2 and state = 'accepted' for share)
update newcomers n set state = $3, how = coalesce($4, n.how), reason = $5, decided_by = $6, decided_at = $7,
  slot_at = case when $4 = 'test' then null else n.slot_at end, slot_until = case when $4 = 'test' then null else n.slot_until end -- the seat is free
from g where n.library_id = g.library_id and n.registration_id = g.id and n.state in ('needed', 'booked', 'missed')`

// Certify notes that the newcomer has passed the lesson or the test: the card may be issued. ErrState when it was decided before, or the registration is
// over.
func Certify(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, how string, by int64, at time.Time) error {
	return decideLesson(ctx, tx, registration, decideNewcomer, lib, registration, LessonCertified, how, "", by, at)
}

// WaiveLesson lets the newcomer have a card without a lesson. Errors are those of Certify.
func WaiveLesson(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, reason string, by int64, at time.Time) error {
	return decideLesson(ctx, tx, registration, decideNewcomer, lib, registration, LessonWaived, nil, reason, by, at)
}

const missLesson = `with g as materialized (
  select library_id, id from registrations where library_id = $1 and id = $2 and state = 'accepted' for share)
update newcomers n set state = 'missed', decided_by = $3, decided_at = $4
from g where n.library_id = g.library_id and n.registration_id = g.id and n.state = 'booked' and (n.slot_at is null or n.slot_at <= $4)`

// MissLesson notes that the newcomer did not come. ErrState when nothing was chosen, the lesson has not begun, or it was decided before.
func MissLesson(ctx context.Context, tx pgx.Tx, lib library.ID, registration, by int64, at time.Time) error {
	return decideLesson(ctx, tx, registration, missLesson, lib, registration, by, at)
}

func decideLesson(ctx context.Context, tx pgx.Tx, registration int64, sql string, args ...any) error {
	tag, err := tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrState
	}
	if err != nil {
		return fmt.Errorf("decide lesson of registration %d: %w", registration, err)
	}
	return nil
}

// Newcomer is a reader whose card waits for a lesson, as staff see it.
type Newcomer struct {
	Registration int64
	Reader       ReaderID
	Address      AddressID // the conversation in which they registered
	Name         string
	Email        string
	Phone        string
	State        string
	How          string
	At           *time.Time // of a lesson
	Until        *time.Time
	Place        map[library.Lang]string
	Since        time.Time // when the registration was accepted
}

const newcomerColumns = `select n.registration_id as registration, g.reader_id as reader, g.address_id as address, r.name,
  coalesce(r.email, '') as email, coalesce(r.phone, '') as phone, n.state, coalesce(n.how, '') as how, n.slot_at as at, n.slot_until as until, n.place,
  n.created_at as since
from newcomers n
join registrations g on g.library_id = n.library_id and g.id = n.registration_id
join readers r on r.library_id = g.library_id and r.id = g.reader_id
where n.library_id = $1 `

// Newcomers gives those whose card waits, and those certified for a lesson that began since the moment: lessons in order, then who has chosen none.
func Newcomers(ctx context.Context, db DB, lib library.ID, since time.Time, limit int) ([]Newcomer, error) {
	rows, err := db.Query(ctx, newcomerColumns+`and (n.state in ('needed', 'booked', 'missed') or n.state = 'certified' and n.slot_at > $2)
order by n.slot_at, n.registration_id limit $3`, lib, since, limit)
	if err != nil {
		return nil, fmt.Errorf("newcomers of library %d: %w", lib, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Newcomer])
	if err != nil {
		return nil, fmt.Errorf("newcomers of library %d: %w", lib, err)
	}
	return out, nil
}

// NewcomerOf gives the newcomer of the registration, or ErrNotFound.
func NewcomerOf(ctx context.Context, db DB, lib library.ID, registration int64) (Newcomer, error) {
	rows, err := db.Query(ctx, newcomerColumns+`and n.registration_id = $2`, lib, registration)
	if err != nil {
		return Newcomer{}, fmt.Errorf("newcomer of registration %d: %w", registration, err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Newcomer])
	return n, notFound(err, "newcomer of registration", registration)
}

// Unreminded is a lesson of which its reader has not been reminded.
type Unreminded struct {
	Library      library.ID
	Registration int64
	Reader       ReaderID
	Address      AddressID
	At           time.Time
}

const unreminded = `select n.library_id as library, n.registration_id as registration, g.reader_id as reader, g.address_id as address, n.slot_at as at
from newcomers n join registrations g on g.library_id = n.library_id and g.id = n.registration_id
where n.state = 'booked' and n.reminded_at is null and n.slot_at > $1 and n.slot_at <= $2 order by n.slot_at, n.registration_id limit $3`

// UnremindedLessons gives lessons of all libraries that begin within a day and of which nobody has been reminded, the next first.
func UnremindedLessons(ctx context.Context, db DB, now time.Time, limit int) ([]Unreminded, error) {
	rows, err := db.Query(ctx, unreminded, now, now.Add(remindBefore), limit)
	if err != nil {
		return nil, fmt.Errorf("lessons of tomorrow: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Unreminded])
	if err != nil {
		return nil, fmt.Errorf("lessons of tomorrow: %w", err)
	}
	return out, nil
}

const markReminded = `update newcomers set reminded_at = $4
where library_id = $1 and registration_id = $2 and state = 'booked' and slot_at = $3 and reminded_at is null returning true`

// Reminded notes that the reader is reminded of the lesson, and reports whether nobody was faster and the choice stands.
func (u Unreminded) Reminded(ctx context.Context, tx pgx.Tx, now time.Time) (first bool, err error) {
	err = tx.QueryRow(ctx, markReminded, u.Library, u.Registration, u.At, now).Scan(&first)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("remind of the lesson of registration %d: %w", u.Registration, err)
	}
	return first, nil
}
