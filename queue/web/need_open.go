package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// openNeed puts a group on which somebody decided back on the list.
func openNeed(v *visit) error {
	return v.changeNeed("/desk/needs/"+v.r.PathValue("id")+"?did=need-opened", nil, func(ctx context.Context, tx pgx.Tx, id queue.NeedID) error {
		return queue.OpenNeed(ctx, tx, v.lib.ID, id, v.needVersion())
	})
}
