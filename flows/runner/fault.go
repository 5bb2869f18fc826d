package runner

import (
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// errInHand means that what a turn needs is another's at the moment.
var errInHand = errors.New("another transaction has it in hand")

// conflict reports that two transactions were in each other's way: done again, this one succeeds.
func conflict(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, errInHand) || errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// blameless reports an error that says nothing about the turn: the database is away, full or overloaded.
func blameless(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "57014": // the time of a statement is up
			return false
		case len(pg.Code) == 5:
			switch pg.Code[:2] {
			case "08", "40", "53", "57", "58": // connection, conflict, resources, operator, system
				return true
			}
		}
		return false
	}
	var away net.Error // also a deadline of ours
	return errors.As(err, &away) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, errNotHeld) || pgconn.SafeToRetry(err)
}
