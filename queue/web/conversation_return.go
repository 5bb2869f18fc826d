package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// returnConversation lets the bot speak again.
func returnConversation(v *visit) error {
	return v.turnOver("returned", func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) error {
		return v.Conversations.HandBack(ctx, tx, v.lib.ID, conv, v.me())
	})
}
