package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// blockSender shuts the sender out: what they write is not even stored.
func blockSender(v *visit) error {
	return v.turnOver("blocked", func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) error {
		return v.Block(ctx, tx, v.lib.ID, conv, v.me(), true)
	})
}
