package web

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
)

// partContact undoes a merge: two contacts again.
func partContact(v *visit) error {
	merge, err := strconv.ParseInt(v.form("merge"), 10, 64)
	if err != nil {
		return errForm
	}
	return v.rejoin("parted", func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) (map[string]any, error) {
		err := v.Conversations.Part(ctx, tx, v.lib.ID, conv, contacts.MergeID(merge), v.me())
		return map[string]any{"merge": merge}, err
	})
}
