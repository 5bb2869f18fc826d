package web

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// partNeed makes another way of writing a group of its own again.
func partNeed(v *visit) error {
	writing, err := strconv.ParseInt(v.form("writing"), 10, 64)
	if err != nil {
		return errForm
	}
	return v.changeNeed(needAddress(queue.NeedID(writing))+"?did=need-parted", map[string]any{"writing": writing}, func(ctx context.Context, tx pgx.Tx, id queue.NeedID) error {
		return queue.PartNeed(ctx, tx, v.lib.ID, id, queue.NeedID(writing))
	})
}
