package bots

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// byOwnID is of the rows of a conversation those with ids that the sender chose; the beginning stands for the index.
const byOwnID = `library_id = $1 and conversation_id = $2 and provider_id = any($3) and provider_id like '3EB0%'`

// A receipt may be faster than the note of sending, and than a lease that ended: whatever the row is, the reader has the message.
const delivered = `with told as (
  select library_id, conversation_id, seq from outbox where ` + byOwnID + ` and (state <> 'confirmed' or $4 and read_at is null) order by seq for update)
update outbox o set state = 'confirmed', problem = '', lease_until = null,
  sent_at = coalesce(sent_at, $5), confirmed_at = coalesce(confirmed_at, $5), read_at = case when $4 then coalesce(read_at, $5) else read_at end
from told t where o.library_id = t.library_id and o.conversation_id = t.conversation_id and o.seq = t.seq
returning coalesce(o.secret_id, '')`

// Delivered notes that the messages with these ids, which the sender chose, have reached the phone at the address, or that they were read there. Secrets that
// they carried are wiped. Ids that are not known are passed over, and so is what was noted before. The desk shows it at once.
func (o *Outbox) Delivered(ctx context.Context, lib library.ID, channel ChannelID, address string, ids []string, read bool) error {
	id, ok, err := contacts.Lookup(ctx, o.pool, int64(channel), address)
	if err != nil || !ok || len(ids) == 0 {
		return err
	}
	var secrets []string
	err = pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, delivered, lib, id, ids, read, o.now())
		if err != nil {
			return err
		}
		if secrets, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(secrets) == 0 {
			return err
		}
		return Notify(ctx, tx, Signal{TopicChat, lib, int64(id)}, Signal{Topic: TopicOutbox, Library: lib})
	})
	if err != nil {
		return fmt.Errorf("note %d receipts of conversation %d: %w", len(ids), id, err)
	}
	return o.wipe(ctx, lib, secrets)
}

// wipe destroys the secrets; an empty id is none.
func (o *Outbox) wipe(ctx context.Context, lib library.ID, ids []string) error {
	var secrets []string
	for _, id := range ids {
		if id != "" {
			secrets = append(secrets, id)
		}
	}
	if len(secrets) == 0 {
		return nil
	}
	return o.secrets.Destroy(ctx, lib, secrets...)
}

// signMost is the length in bytes of the longest sign: an emoji of several people is near it.
const signMost = 64

// React notes the reader's sign at the message that it was put to; an empty one takes it away. What is not known, or is no sign, is passed over.
func React(ctx context.Context, tx pgx.Tx, lib library.ID, conversation ConversationID, r Reaction) error {
	sign, _ := Clean(r.Sign)
	if len(sign) > signMost {
		return nil
	}
	if _, err := tx.Exec(ctx, `update outbox set reaction = $4 where `+byOwnID+` and reaction <> $4`, lib, conversation, []string{r.To}, sign); err != nil {
		return fmt.Errorf("reaction in conversation %d: %w", conversation, err)
	}
	return nil
}
