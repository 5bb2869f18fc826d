package bots

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// ChangeConfig gives a channel another config of its kind's own form. It is switched off and on again with it.
func ChangeConfig(ctx context.Context, tx pgx.Tx, lib library.ID, id ChannelID, config json.RawMessage) error {
	tag, err := tx.Exec(ctx, `update channels set config = $3 where library_id = $1 and id = $2`, lib, id, config)
	if err != nil {
		return fmt.Errorf("config of channel %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("channel %d: %w", id, ErrNoSuch)
	}
	return Notify(ctx, tx, Signal{TopicChannels, lib, int64(id)})
}
