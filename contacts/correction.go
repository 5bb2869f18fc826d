package contacts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// The keys of what a registration holds and staff may correct. An answer to one of the library's own questions has the key of AnswerKey.
const (
	KeyName  = "name"
	KeyBorn  = "born" // YYYY-MM-DD
	KeyEmail = "email"
	KeyPhone = "phone"

	keyAnswer = "answer."
)

// AnswerKey is the key under which the answer to a field is corrected.
func AnswerKey(field string) string { return keyAnswer + field }

// AnsweredField is the field whose answer has the key; false for the other keys.
func AnsweredField(key string) (string, bool) { return strings.CutPrefix(key, keyAnswer) }

// Value is one thing that a registration holds, as it is stored; empty: it was not given.
type Value struct{ Key, Value string }

// Correction is one value with what it is to become.
type Correction struct{ Key, Old, New string }

// Corrections are made by one of staff at one moment.
type Corrections struct {
	Registration int64
	All          []Correction
	Reason       string // for the reader; may be empty
	By           int64
	At           time.Time
}

// What may stand in the way of a correction.
var (
	ErrChanged   = errors.New("the value has been changed meanwhile")
	ErrNoAddress = errors.New("neither e-mail nor phone would be left")
)

// ChangedError says which value is another by now. It is an ErrChanged.
type ChangedError struct{ Key, Now string }

func (e *ChangedError) Error() string { return ErrChanged.Error() + ": " + e.Key }
func (e *ChangedError) Unwrap() error { return ErrChanged }

const givenOf = `select g.state, r.id, r.name, coalesce(to_char(r.born, 'YYYY-MM-DD'), ''), coalesce(r.email, ''), coalesce(r.phone, ''), g.answers
from registrations g join readers r on r.library_id = g.library_id and r.id = g.reader_id where g.library_id = $1 and g.id = $2`

// given is all that a registration holds.
type given struct {
	state                    string
	reader                   ReaderID
	name, born, email, phone string
	answers                  []Answer
}

func readGiven(ctx context.Context, db DB, sql string, lib library.ID, id int64) (g given, err error) {
	err = db.QueryRow(ctx, sql, lib, id).Scan(&g.state, &g.reader, &g.name, &g.born, &g.email, &g.phone, &g.answers)
	return g, notFound(err, "registration", id)
}

// Given are the values of the registration: name, birth and addresses first, the answers in their order.
func Given(ctx context.Context, db DB, lib library.ID, registration int64) ([]Value, error) {
	g, err := readGiven(ctx, db, givenOf, lib, registration)
	if err != nil {
		return nil, err
	}
	out := []Value{{KeyName, g.name}, {KeyBorn, g.born}, {KeyEmail, g.email}, {KeyPhone, g.phone}}
	for _, a := range g.answers {
		out = append(out, Value{AnswerKey(a.Key), a.Value})
	}
	return out, nil
}

// Correct puts right what a registration that waits for staff holds, notes each change, and gives those that were made: what is as wanted already is left out.
// An e-mail or a phone number that is corrected is not proven any more. A *ChangedError when a value is another than the old one by now, ErrState when the
// registration does not wait for staff, ErrNoAddress, ErrNotFound.
func Correct(ctx context.Context, tx pgx.Tx, lib library.ID, c Corrections) ([]Correction, error) {
	g, err := readGiven(ctx, tx, givenOf+` for update`, lib, c.Registration)
	if err != nil {
		return nil, err
	}
	if g.state != "sent" && g.state != "accepted" {
		return nil, fmt.Errorf("correct registration %d, which is %s: %w", c.Registration, g.state, ErrState)
	}
	var made []Correction
	for _, one := range c.All {
		switch now := g.value(one.Key); now {
		case one.New:
		case one.Old:
			g.set(one.Key, one.New)
			made = append(made, one)
		default:
			return nil, fmt.Errorf("correct registration %d: %w", c.Registration, &ChangedError{one.Key, now})
		}
	}
	switch {
	case len(made) == 0:
		return nil, nil
	case g.email == "" && g.phone == "":
		return nil, fmt.Errorf("correct registration %d: %w", c.Registration, ErrNoAddress)
	}
	return made, c.write(ctx, tx, lib, g, made)
}

// own is where the value of the key stands, or nil when it is an answer.
func (g *given) own(key string) *string {
	switch key {
	case KeyName:
		return &g.name
	case KeyBorn:
		return &g.born
	case KeyEmail:
		return &g.email
	case KeyPhone:
		return &g.phone
	}
	return nil
}

func (g *given) answer(key string) int {
	field, _ := AnsweredField(key)
	return slices.IndexFunc(g.answers, func(a Answer) bool { return a.Key == field })
}

func (g *given) value(key string) string {
	if own := g.own(key); own != nil {
		return *own
	}
	if i := g.answer(key); i >= 0 {
		return g.answers[i].Value
	}
	return ""
}

func (g *given) set(key, value string) {
	if own := g.own(key); own != nil {
		*own = value
		return
	}
	i := g.answer(key)
	if i < 0 {
		field, _ := AnsweredField(key)
		g.answers, i = append(g.answers, Answer{Key: field}), len(g.answers)
	}
	g.answers[i].Value = value
}

const (
	writeReader = `update readers set name = $3, born = nullif($4, '')::date,
  email = nullif($5, ''), email_proven = email_proven and coalesce(email, '') = $5, phone = nullif($6, ''), phone_proven = phone_proven and coalesce(phone, '') = $6
where library_id = $1 and id = $2`
	writeAnswers = `update registrations set answers = $3 where library_id = $1 and id = $2`
	noteChange   = `insert into field_changes (library_id, registration_id, key, old, new, reason, changed_by, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`
)

func (c Corrections) write(ctx context.Context, tx pgx.Tx, lib library.ID, g given, made []Correction) error {
	batch := &pgx.Batch{}
	batch.Queue(writeReader, lib, g.reader, g.name, g.born, g.email, g.phone)
	batch.Queue(writeAnswers, lib, c.Registration, g.answers)
	for _, one := range made {
		batch.Queue(noteChange, lib, c.Registration, one.Key, one.Old, one.New, c.Reason, c.By, c.At)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("correct registration %d: %w", c.Registration, err)
	}
	return nil
}

// Change is one correction that was made.
type Change struct {
	Key, Old, New string
	Reason        string
	By            int64
	At            time.Time
}

// ChangesOf gives what staff have corrected in the registration, oldest first.
func ChangesOf(ctx context.Context, db DB, lib library.ID, registration int64) ([]Change, error) {
	rows, err := db.Query(ctx, `select key, old, new, reason, changed_by as by, changed_at as at from field_changes
where library_id = $1 and registration_id = $2 order by id`, lib, registration)
	if err != nil {
		return nil, fmt.Errorf("changes of registration %d: %w", registration, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Change])
	if err != nil {
		return nil, fmt.Errorf("changes of registration %d: %w", registration, err)
	}
	return out, nil
}
