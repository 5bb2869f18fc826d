package whatsapptest

import (
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Sent is a message from a library.
type Sent struct {
	ID      string
	From    string         // the library's number
	To      string         // the address that the program gave
	Message *waE2E.Message // nil: it could not be read
	Err     error          // why it could not be read
	At      time.Time      // when it came first
	Copies  int            // how often it came, 1 and more: a phone shows it once

	at *device // that sent it
}

// Text is the text that a person reads: of a message, below a file, or instead of what was said before.
func (s Sent) Text() string {
	m := unwrap(s.Message)
	if edited := m.GetProtocolMessage().GetEditedMessage(); edited != nil {
		m = unwrap(edited)
	}
	for _, text := range []string{
		m.GetConversation(), m.GetExtendedTextMessage().GetText(), m.GetImageMessage().GetCaption(), m.GetDocumentMessage().GetCaption(), m.GetVideoMessage().GetCaption(),
	} {
		if text != "" {
			return text
		}
	}
	return ""
}

// Copies are the messages of linked devices, and what the library's phone shows of them.
func (a *Account) Copies() []Sent {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return append([]Sent(nil), a.copies...)
}

// Present counts how often devices of the account have said that they are present.
func (a *Account) Present() int {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.present
}
