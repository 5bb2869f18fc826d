// Package queue is the work for staff: tasks, the people who do them, how they sign in, and the record of what they did.
package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// What callers branch on.
var (
	ErrNotFound      = errors.New("no such thing in this library")
	ErrNotAllowed    = errors.New("not theirs to do")
	ErrInvalid       = errors.New("a value is missing or cannot be")
	ErrChanged       = errors.New("it was changed meanwhile")
	ErrLoginTaken    = errors.New("the login is taken")
	ErrSignIn        = errors.New("login or password is wrong")
	ErrLocked        = errors.New("too many failures")
	ErrNoSession     = errors.New("no open session")
	ErrWeakPassword  = errors.New("the password is too weak")
	ErrWrongPassword = errors.New("the old password is wrong")
	ErrHasTOTP       = errors.New("a second factor is already set up")
	ErrCode          = errors.New("the code is wrong or was used before")
	ErrTaken         = errors.New("the task is taken")
	ErrNotHolder     = errors.New("the task is held by nobody or by another")
	ErrDone          = errors.New("the task is done")
	ErrOtherSpeaks   = errors.New("another speaks in the conversation")
	ErrSpoken        = errors.New("a person speaks in the conversation: the bot has to be let in first")
)

// TakenError says who holds the task. It is an ErrTaken.
type TakenError struct{ By string }

// Error does not name the holder: errors are logged.
func (e *TakenError) Error() string { return ErrTaken.Error() }

// Unwrap gives ErrTaken.
func (e *TakenError) Unwrap() error { return ErrTaken }

// Sealer keeps a small secret unreadable in the database.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// Desk holds what the functions of this package need: the database, the key of the second factors, the clock.
type Desk struct {
	pool    *pgxpool.Pool
	keys    Sealer
	issuer  string
	now     func() time.Time
	hashing chan struct{} // bounds the memory that password checks take together
}

// hashingAtOnce times 19 MiB is the most memory that sign-ins can make the program take.
const hashingAtOnce = 4

// NewDesk makes the desk. The issuer is the name under which an authenticator app shows the account.
func NewDesk(pool *pgxpool.Pool, keys Sealer, issuer string, now func() time.Time) *Desk {
	return &Desk{pool: pool, keys: keys, issuer: issuer, now: now, hashing: make(chan struct{}, hashingAtOnce)}
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// one reads a single row; none is ErrNotFound.
func one[T any](ctx context.Context, db querier, sql string, args ...any) (T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNotFound
	}
	return row, err
}

// all reads every row.
func all[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// within runs the work in a transaction of its own.
func (d *Desk) within(ctx context.Context, what string, work func(tx pgx.Tx) error) error {
	if err := pgx.BeginFunc(ctx, d.pool, work); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
