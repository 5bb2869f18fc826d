package webchat

import (
	"context"
	"strconv"
	"time"

	"librarian/bots"
)

// Channel is the web chat as the sender knows it. The message is the outbox row itself: the reader's stream shows it once the row is marked sent
// and its conversation signalled, and the reader's side confirms it.
type Channel struct{}

// Kind is bots.WebChat.
func (Channel) Kind() bots.Kind { return bots.WebChat }

// Limits of the chat's page.
func (Channel) Limits() bots.Limits {
	return bots.Limits{
		Text:    bots.MaxText,
		Caption: bots.MaxText,
		Label:   60,
		Buttons: true,
		Files:   bots.MaxFiles,
		File:    bots.MaxFile,
		Acks:    true,
		Unseen:  10 * time.Minute,
	}
}

// Send leaves the message to the stream. Its id is its place in the conversation, so that it is the same however often it is sent.
func (Channel) Send(_ context.Context, m bots.Outbound) (string, error) {
	return strconv.Itoa(m.Seq), nil
}
