package bots

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

const saidBefore = `select library_id, conversation_id, seq, channel_id, body, secret_id, provider_id from outbox
where ` + byOwnID + ` and channel_id = $4 and state in ('leased', 'sent', 'confirmed')`

// Again gives a message that went to the address under an id of the sender's, as it was sent, for a phone that could not read it. It is ErrNoSuch for an id
// that the address was never sent, and ErrDestroyed for words whose secret is wiped.
func (o *Outbox) Again(ctx context.Context, lib library.ID, channel ChannelID, address, id string) (Outbound, error) {
	conversation, ok, err := contacts.Lookup(ctx, o.pool, int64(channel), address)
	if err != nil || !ok {
		return Outbound{}, errors.Join(err, ErrNoSuch)
	}
	row := leased{address: address}
	err = o.pool.QueryRow(ctx, saidBefore, lib, conversation, []string{id}, channel).
		Scan(&row.LibraryID, &row.ConversationID, &row.Seq, &row.ChannelID, &row.Body, &row.SecretID, &row.ProviderID)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoSuch
	}
	if err != nil {
		return Outbound{}, fmt.Errorf("message of conversation %d once more: %w", conversation, err)
	}
	return row.open(ctx, o.secrets)
}
