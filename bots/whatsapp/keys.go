package whatsapp

import (
	"context"
	"fmt"

	"librarian/bots"
	"librarian/contacts/library"
)

// HasKeys reports that the keys of the number's linked device are in the store.
func (l *Links) HasKeys(ctx context.Context, lib library.ID, id bots.ChannelID) (bool, error) {
	r, err := l.row(ctx, lib, id)
	if err != nil || r.Device == "" {
		return false, err
	}
	var made, has bool
	if err := l.pool.QueryRow(ctx, `select to_regclass('whatsmeow_device') is not null`).Scan(&made); err != nil {
		return false, fmt.Errorf("keys of channel %d: %w", id, err)
	}
	if !made {
		return false, nil
	}
	if err := l.pool.QueryRow(ctx, `select exists (select from whatsmeow_device where jid = $1)`, r.Device).Scan(&has); err != nil {
		return false, fmt.Errorf("keys of channel %d: %w", id, err)
	}
	return has, nil
}
