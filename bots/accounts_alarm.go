package bots

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// The problems of a number in WhatsApp, by the states of its link.
const (
	ProblemLoggedOut = string(LinkLoggedOut)
	ProblemBanned    = string(LinkBanned)
	ProblemOutdated  = string(LinkOutdated)
	ProblemReplaced  = string(LinkReplaced)
	ProblemUnreached = "unreached" // the provider is called and does not answer
)

// How long a problem may last before people are told of it.
const (
	graceRestart = time.Minute      // such as another process that still receives while this one starts
	graceServer  = 10 * time.Minute // a server that is started anew, or a line that is down
)

// grace is how long the problem may last that time alone can cure.
func grace(problem string) time.Duration {
	switch problem {
	case ProblemLoggedOut, ProblemBanned, ProblemOutdated, ProblemReplaced:
		return 0
	case ProblemUnreached, "connect", "mailbox":
		return graceServer
	}
	return graceRestart
}

// Alarms reports that the channel does not work, and for longer than it may take to heal by itself: somebody has to do something.
func (a Account) Alarms(now time.Time) bool {
	return a.State == "broken" && now.Sub(a.Since) >= grace(a.Problem)
}

// OfLibrary gives all channels of the library as they are this moment, oldest first.
func (a *Accounts) OfLibrary(ctx context.Context, lib library.ID) ([]Account, error) {
	rows, err := a.pool.Query(ctx, selectAccounts+` where library_id = $1 order by id`, lib)
	if err != nil {
		return nil, fmt.Errorf("channels of library %d: %w", lib, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return nil, fmt.Errorf("channels of library %d: %w", lib, err)
	}
	return found, nil
}

// Unchanged reports that the channel still is as it was read, and keeps it so until the transaction ends.
func (a Account) Unchanged(ctx context.Context, tx pgx.Tx) (same bool, err error) {
	err = tx.QueryRow(ctx, `select (state, problem, since) = ($2, $3, $4) from channels where id = $1 for share`, a.ID, a.State, a.Problem, a.Since).Scan(&same)
	if err != nil {
		return false, fmt.Errorf("channel %d: %w", a.ID, err)
	}
	return same, nil
}
