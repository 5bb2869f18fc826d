// Package contacts knows who writes to the library and who is served by it: contacts with their addresses, readers, what they agreed to, and their
// registrations.
package contacts

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ID names a contact: one who writes.
type ID int64

// ReaderID names a reader: one who is served.
type ReaderID int64

// AddressID names one way to reach a contact. A conversation bears the id of its address.
type AddressID int64

// ErrNotFound means that there is no such thing in this library.
var ErrNotFound = errors.New("not found")

// DB is a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
