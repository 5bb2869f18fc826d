package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// reopenPaper takes back what was decided about a page by mistake, as long as the registration is not decided.
func reopenPaper(v *visit) error {
	return v.decidePage(verdict{state: pageReceived, act: func(ctx context.Context, tx pgx.Tx, t queue.Task, seen PageSeen) error {
		return v.ReopenPage(ctx, tx, v.lib.ID, t.Registration, seen)
	}})
}
