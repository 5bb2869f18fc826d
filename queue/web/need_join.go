package web

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// joinNeed says that the group is another way of writing another one: both count together.
func joinNeed(v *visit) error {
	same, err := strconv.ParseInt(v.form("same"), 10, 64)
	if err != nil {
		return errForm
	}
	return v.changeNeed(needAddress(queue.NeedID(same))+"?did=need-joined", map[string]any{"to": same}, func(ctx context.Context, tx pgx.Tx, id queue.NeedID) error {
		return queue.JoinNeeds(ctx, tx, v.lib.ID, id, v.needVersion(), queue.NeedID(same))
	})
}
