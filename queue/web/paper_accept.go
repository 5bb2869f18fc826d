package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

func acceptPaper(v *visit) error {
	return v.decidePage(verdict{state: pageAccepted, act: func(ctx context.Context, tx pgx.Tx, t queue.Task, seen PageSeen) error {
		return v.AcceptPage(ctx, tx, v.lib.ID, t.Registration, seen, v.me())
	}})
}
