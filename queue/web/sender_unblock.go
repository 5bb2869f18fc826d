package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

func unblockSender(v *visit) error {
	return v.turnOver("unblocked", func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) error {
		return v.Block(ctx, tx, v.lib.ID, conv, v.me(), false)
	})
}
