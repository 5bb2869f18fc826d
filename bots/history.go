package bots

import (
	"context"
	"fmt"
	"time"

	"librarian/contacts/library"
)

// Side says who speaks in an entry.
type Side string

// The sides of a conversation.
const (
	SideReader Side = "reader"
	SideBot    Side = "bot"
	SideStaff  Side = "staff"
)

// Cursor is a place in a conversation: the last number seen on each of its two sides.
type Cursor struct{ Event, Out int }

// String is the cursor as the web chat's event id.
func (c Cursor) String() string { return fmt.Sprintf("%d.%d", c.Event, c.Out) }

// ParseCursor reads what String wrote. Anything else is the start of the conversation.
func ParseCursor(s string) Cursor {
	var c Cursor
	if n, err := fmt.Sscanf(s, "%d.%d", &c.Event, &c.Out); n != 2 || err != nil || c.Event < 0 || c.Out < 0 {
		return Cursor{}
	}
	return c
}

// Entry is one line of a conversation as it is shown to the reader or to staff.
type Entry struct {
	At       Cursor // exactly one of its numbers is set
	Side     Side
	Kind     string // of an outgoing message: bot, staff, notice, code, reminder
	StaffID  int64  // who wrote it; 0: no person
	Staff    string // their name, where it is known
	Text     string // a secret stands as SecretMark
	Secret   string // id of the secret that belongs at SecretMark; empty when there is none
	Choices  []Choice
	Chosen   string // of a reader's message: the id of the button that was pressed
	Turn     int    // of the choices, or to which the chosen one belongs
	Files    []EntryFile
	Refused  []RefusedUpload
	Written  time.Time
	State    string // of an outgoing message: queued, leased, sent, confirmed, read, failed, withdrawn
	Problem  string // why it failed: the provider's code
	External string // identity that the channel gave a reader's message
	Deleted  bool   // the reader took it back: staff alone still see it
	Reaction string // the reader's sign to an outgoing message
}

// EntryFile is a file as an entry shows it.
type EntryFile struct {
	ID        string
	Name      string
	MediaType string
	Size      int64
}

// History gives the entries after the cursor, oldest first, at most limit. A conversation of another library does not exist.
type History func(ctx context.Context, lib library.ID, conversation ConversationID, after Cursor, limit int) ([]Entry, error)
