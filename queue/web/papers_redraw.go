package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// redrawPapers closes the task: the papers are drawn anew with what was corrected, and the reader signs those.
func redrawPapers(v *visit) error {
	return v.decide(decision{queue.KindRegistration, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		return queue.News{Kind: queue.NewsPapersRedrawn}, v.Redraw(ctx, tx, v.lib.ID, t.Registration)
	}, outcomeRedrawn, "redrawn"})
}
