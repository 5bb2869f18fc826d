package contacts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// The states of a newcomer: whose card waits for the lesson for new readers, or for a test.
const (
	LessonNeeded    = "needed" // nothing is chosen
	LessonBooked    = "booked"
	LessonCertified = "certified"
	LessonMissed    = "missed" // did not come: has to choose again
	LessonWaived    = "waived" // gets the card without it
)

// What a newcomer may pass.
const (
	ByLesson = "lesson"
	ByTest   = "test"
)

// What may stand in the way of a newcomer's choice, beside ErrState.
var (
	ErrNoSeat = errors.New("the lesson has no seat left")
	ErrBegun  = errors.New("the lesson has begun")
)

// Lesson is what a newcomer has chosen, as the conversation needs it.
type Lesson struct {
	State string                  `json:"state"`
	How   string                  `json:"how"` // lesson or test; empty: nothing is chosen
	At    *time.Time              `json:"at"`  // of a lesson
	Place map[library.Lang]string `json:"place"`
}

const (
	// Who has passed it does not sit through it again after a new registration.
	lessonPassed = `select exists (select from newcomers n join registrations g on g.library_id = n.library_id and g.id = n.registration_id
  where n.library_id = $1 and g.reader_id = $2 and n.state in ('certified', 'waived'))`
	holdCard = `insert into newcomers (library_id, registration_id, created_at) values ($1, $2, $3) on conflict do nothing`
)

// HoldCard notes that the card of the registration waits for a lesson, if the library's rule concerns this reader, and reports whether it does.
func HoldCard(ctx context.Context, tx pgx.Tx, lib library.Library, registration int64, at time.Time) (bool, error) {
	if lib.Settings.Registration.Newcomer == nil {
		return false, nil
	}
	reg, err := RegistrationByID(ctx, tx, lib.ID, registration)
	if err != nil {
		return false, err
	}
	reader, err := ReaderByID(ctx, tx, lib.ID, reg.ReaderID)
	if err != nil {
		return false, err
	}
	said := library.Given{}
	for _, a := range reg.Answers {
		said[a.Key] = a.Value
	}
	p := library.Person{Relation: reg.Relation, Today: lib.Today(at), Answers: said}
	if reader.Born != nil {
		p.Born = library.DateOf(*reader.Born)
	}
	if !lib.Settings.Registration.NeedsLesson(p) {
		return false, nil
	}
	var passed bool
	if err = tx.QueryRow(ctx, lessonPassed, lib.ID, reg.ReaderID).Scan(&passed); err == nil && !passed {
		_, err = tx.Exec(ctx, holdCard, lib.ID, registration, at)
	}
	if err != nil {
		return false, fmt.Errorf("newcomer of registration %d: %w", registration, err)
	}
	return !passed, nil
}

const cardHeld = `select exists (select from newcomers where library_id = $1 and registration_id = $2 and state not in ('certified', 'waived'))`

// CardFree is ErrState while the card of the registration waits for a lesson.
func CardFree(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error {
	var held bool
	if err := tx.QueryRow(ctx, cardHeld, lib, registration).Scan(&held); err != nil {
		return fmt.Errorf("newcomer of registration %d: %w", registration, err)
	}
	if held {
		return fmt.Errorf("newcomer of registration %d: %w", registration, ErrState)
	}
	return nil
}

// One lock a library and not one a lesson: bookings are rare, and nobody waits for two.
const lockSeats = `select pg_advisory_xact_lock(hashtextextended('lesson seats', l)) from (select unnest($1::bigint[]) as l order by l) as w`

// LockSeats lets one transaction at a time give seats in lessons of the libraries. It comes before Book.
func LockSeats(ctx context.Context, tx pgx.Tx, libs []library.ID) error {
	if _, err := tx.Exec(ctx, lockSeats, libs); err != nil {
		return fmt.Errorf("lock seats of %d libraries: %w", len(libs), err)
	}
	return nil
}

// Shared with a withdrawal of the consent, which ends the registration first.
const lockNewcomer = `with g as materialized (
  select library_id, id from registrations where library_id = $1 and id = $2 and state = 'accepted' for share)
select n.state, coalesce(n.how, '') as how, n.slot_at as at, n.place from newcomers n join g on n.library_id = g.library_id and n.registration_id = g.id
where n.state in ('needed', 'booked', 'missed') for update of n`

// choosing locks what the newcomer has chosen. ErrState when there is nothing to choose any more, ErrBegun when the lesson has begun.
func choosing(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, now time.Time) (Lesson, error) {
	rows, err := tx.Query(ctx, lockNewcomer, lib, registration)
	if err != nil {
		return Lesson{}, err
	}
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Lesson])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return l, ErrState
	case err == nil && l.State == LessonBooked && l.At != nil && !l.At.After(now):
		return l, ErrBegun
	}
	return l, err
}

const (
	seatsTaken = `select count(*) from newcomers
where library_id = $1 and slot_at = $2 and registration_id <> $3 and state in ('booked', 'certified')`
	chooseSlot = `update newcomers set state = 'booked', how = $3, slot_at = $4, slot_until = $5, place = $6, reminded_at = $7
where library_id = $1 and registration_id = $2`
)

// remindBefore is how long before the lesson a reader is reminded.
const remindBefore = 24 * time.Hour

// Book gives the newcomer a seat, instead of what was chosen before. The transaction holds the seats by LockSeats. ErrNoSeat leaves the earlier choice;
// ErrBegun when the earlier lesson, or this one, has begun; ErrState when there is nothing to choose any more.
func Book(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, slot library.Slot, now time.Time) error {
	fail := func(err error) error { return fmt.Errorf("seat for registration %d: %w", registration, err) }
	if _, err := choosing(ctx, tx, lib, registration, now); err != nil {
		return fail(err)
	}
	if !slot.At.After(now) {
		return fail(ErrBegun)
	}
	var taken int
	if err := tx.QueryRow(ctx, seatsTaken, lib, slot.At, registration).Scan(&taken); err != nil {
		return fail(err)
	}
	if taken >= slot.Seats {
		return fail(ErrNoSeat)
	}
	var reminded *time.Time
	if slot.At.Sub(now) <= remindBefore { // chosen the day before: nobody has forgotten it
		reminded = &now
	}
	place, err := json.Marshal(slot.Place)
	if err != nil {
		return fail(err)
	}
	if _, err := tx.Exec(ctx, chooseSlot, lib, registration, ByLesson, slot.At, slot.Until, place, reminded); err != nil {
		return fail(err)
	}
	return nil
}

// ChooseTest lets the newcomer take the test instead of a lesson. Errors are those of Book.
func ChooseTest(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, now time.Time) error {
	_, err := choosing(ctx, tx, lib, registration, now)
	if err == nil {
		_, err = tx.Exec(ctx, chooseSlot, lib, registration, ByTest, nil, nil, nil, nil)
	}
	if err != nil {
		return fmt.Errorf("test for registration %d: %w", registration, err)
	}
	return nil
}

const unbook = `update newcomers set state = 'needed', how = null, slot_at = null, slot_until = null, place = null, reminded_at = null
where library_id = $1 and registration_id = $2 and state = 'booked'`

// Unbook takes the choice back and frees the seat. Errors are those of Book; without a choice it changes nothing.
func Unbook(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, now time.Time) error {
	_, err := choosing(ctx, tx, lib, registration, now)
	if err == nil {
		_, err = tx.Exec(ctx, unbook, lib, registration)
	}
	if err != nil {
		return fmt.Errorf("free the seat of registration %d: %w", registration, err)
	}
	return nil
}

const seatCounts = `select slot_at, count(*)::int from newcomers
where library_id = $1 and slot_at > $2 and slot_at < $3 and state in ('booked', 'certified') group by slot_at`

// SeatsTaken gives how many seats are taken of the lessons that begin after one moment and before another, by the second in which they begin.
func SeatsTaken(ctx context.Context, db DB, lib library.ID, after, before time.Time) (map[int64]int, error) {
	rows, err := db.Query(ctx, seatCounts, lib, after, before)
	if err != nil {
		return nil, fmt.Errorf("seats of library %d: %w", lib, err)
	}
	out := map[int64]int{}
	var at time.Time
	var taken int
	_, err = pgx.ForEachRow(rows, []any{&at, &taken}, func() error {
		out[at.Unix()] = taken
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("seats of library %d: %w", lib, err)
	}
	return out, nil
}
