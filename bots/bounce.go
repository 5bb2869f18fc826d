package bots

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// Sent is a letter of ours that another letter names.
type Sent struct {
	Library      library.ID
	Conversation ConversationID
	Seq          int
	ProviderID   string
}

const findSent = `select library_id as library, conversation_id as conversation, seq, provider_id from outbox
where library_id = $1 and channel_id = $2 and provider_id = any($3) and provider_id like '%@%'
order by array_position($3, provider_id) limit 1`

// FindSent gives the first of the letters with these Message-IDs, without angle brackets, that the channel has sent. It reports false where it sent none.
func FindSent(ctx context.Context, db contacts.DB, lib library.ID, channel ChannelID, ids []string) (Sent, bool, error) {
	if len(ids) == 0 {
		return Sent{}, false, nil
	}
	rows, err := db.Query(ctx, findSent, lib, channel, ids)
	if err != nil {
		return Sent{}, false, fmt.Errorf("find a sent letter of channel %d: %w", channel, err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Sent])
	if errors.Is(err, pgx.ErrNoRows) {
		return Sent{}, false, nil
	}
	if err != nil {
		return Sent{}, false, fmt.Errorf("find a sent letter of channel %d: %w", channel, err)
	}
	return s, true, nil
}

const (
	findTried = `select library_id as library, conversation_id as conversation, seq, '' as provider_id from outbox
where library_id = $1 and channel_id = $2 and state in ('queued', 'leased') and attempts > 0 and provider_id is null
order by next_at desc limit $3`

	triedMost = 1000 // what a server that is away leaves behind need not all be looked through
)

// FindTried gives the letters of the channel of which nobody knows whether its server took them: they are on their way, or a process died with them. They
// have no ProviderID yet.
func FindTried(ctx context.Context, db contacts.DB, lib library.ID, channel ChannelID) ([]Sent, error) {
	rows, err := db.Query(ctx, findTried, lib, channel, triedMost)
	if err != nil {
		return nil, fmt.Errorf("letters on their way of channel %d: %w", channel, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Sent])
	if err != nil {
		return nil, fmt.Errorf("letters on their way of channel %d: %w", channel, err)
	}
	return all, nil
}

const takeBounced = `update outbox set state = 'failed', problem = $4, confirmed_at = null
where library_id = $1 and conversation_id = $2 and seq = $3 and state in ('sent', 'confirmed')
returning kind, body, coalesce(secret_id, '')`

// Bounced notes that a letter which was handed over came back, and hands it on as any message that did not reach its address. Problem is the mail server's
// status; gone says that no letter will ever reach the address. Told again it does nothing.
func (s *Sender) Bounced(ctx context.Context, tx pgx.Tx, sent Sent, problem string, gone bool) error {
	f := Failure{Library: sent.Library, Conversation: sent.Conversation, Seq: sent.Seq, Problem: problem, Blocked: gone}
	err := tx.QueryRow(ctx, takeBounced, sent.Library, sent.Conversation, sent.Seq, problem).Scan(&f.Kind, &f.Body, &f.Secret)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("message %d of conversation %d came back: %w", sent.Seq, sent.Conversation, err)
	}
	if err := s.failed(ctx, tx, []Failure{f}); err != nil {
		return err
	}
	return Notify(ctx, tx, Signal{TopicChat, sent.Library, int64(sent.Conversation)})
}

// Position gives where the reading of the channel goes on, as its provider counts; 0 at the beginning.
func Position(ctx context.Context, db contacts.DB, id ChannelID) (int64, error) {
	var at int64
	if err := db.QueryRow(ctx, `select position from channels where id = $1`, id).Scan(&at); err != nil {
		return 0, fmt.Errorf("position of channel %d: %w", id, err)
	}
	return at, nil
}

// SetPosition keeps where the reading of the channel goes on.
func SetPosition(ctx context.Context, db contacts.DB, id ChannelID, at int64) error {
	if _, err := db.Exec(ctx, `update channels set position = $2 where id = $1 and position <> $2`, id, at); err != nil {
		return fmt.Errorf("position of channel %d: %w", id, err)
	}
	return nil
}
