// Package bots is how people reach the library: what comes in, what goes out, the channels between, and the outbox from which everything is sent.
package bots

import (
	"context"
	"errors"
	"fmt"
	"time"

	"librarian/contacts/library"
)

// Kind is a provider of channels.
type Kind string

// The kinds of channel.
const (
	WebChat  Kind = "webchat"
	Telegram Kind = "telegram"
	Email    Kind = "email"
	WhatsApp Kind = "whatsapp"
)

// ChannelID names one account of a provider, such as one Telegram bot.
type ChannelID int64

// ConversationID names the conversation of one address. It is the address's own id.
type ConversationID int64

// Inbound is one message of a reader as the library keeps it, whatever channel it came by.
type Inbound struct {
	Library library.ID
	Channel ChannelID
	Sender  string // the address within the channel
	ID      string // unique for good within channel and sender; a repeat is recognised by it
	Text    string // at most MaxText runes of valid UTF-8 without null bytes; see Clean
	Choice  string // the id of the button that was pressed
	Turn    int    // the number of the turn that offered the choice
	Files   []InboundFile
	Album   string          // what the channel sent together bears the same value
	Answers string          // how the message of ours begins that the sender chose to answer; empty: none, or the channel does not say
	Phone   string          // a number that the channel proves to be the sender's own, with + and country code
	Name    string          // what the sender calls themself in the channel
	Locale  library.Lang    // a guess at the language, from the channel
	At      time.Time       // when it was written, by the channel's clock
	Gone    bool            // the sender has blocked the library, or left; Text is empty
	Refused []RefusedUpload // what the channel would not hand over at all
	Deletes string          // the ID of an earlier message that its sender took back; nothing else is in this one. One that is not here yet is passed over
	React   *Reaction       // to a message of ours; nothing else is in this one
	// Unproven means that anybody may have written in the sender's name: it may ask, and not change anything.
	Unproven bool
}

// InboundFile is a file of a message, still with the provider or already in the store.
type InboundFile struct {
	Ref       string `json:"ref,omitempty"`  // by which the channel fetches it; empty once it is stored
	File      string `json:"file,omitempty"` // its id in the store
	Name      string `json:"name,omitempty"`
	MediaType string `json:"media_type,omitempty"` // as the sender says
	Size      int64  `json:"size,omitempty"`       // bytes, as the sender says
	Photo     bool   `json:"photo,omitempty"`      // made smaller by the channel on its way
}

// Reaction is a sign that a reader put to a message of ours.
type Reaction struct {
	To   string // the provider's id of our message
	Sign string // an emoji; empty: it was taken away
}

// RefusedUpload is a file that cannot be had, with the reason as a flow knows it.
type RefusedUpload struct {
	Name   string `json:"name"`
	Reason string `json:"reason"` // too_large, unsupported, voice
}

// Outbound is one message to an address: it maps to one message of the provider.
type Outbound struct {
	Library      library.ID
	Channel      ChannelID
	Conversation ConversationID
	Seq          int    // its place in the conversation
	Address      string // the address within the channel
	Lang         library.Lang
	Subject      string // for channels that have one
	Text         string // secrets already opened
	Choices      []Choice
	Turn         int // the turn that offers the choices
	Files        []string
	ID           string // where Limits.OwnIDs: the message's id, chosen and stored before the first try and the same at each
}

// Choice is one way on that a message offers: a button, or a number where the channel has no buttons.
type Choice struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Phone bool   `json:"phone,omitempty"` // asks for the sender's own phone number, where the channel can
	URL   string `json:"url,omitempty"`
}

// Limits are what one message of a channel can hold.
type Limits struct {
	Text    int   // runes
	Caption int   // runes beside a file
	Label   int   // runes on a button
	Buttons bool  // choices are shown as buttons; otherwise they are numbered in the text
	Phone   bool  // a choice may ask for the sender's own number
	Files   int   // in one message
	File    int64 // bytes of one file
	Rate    int   // messages a second of the whole channel; 0: as many as there are
	Acks    bool  // the reader's side reports each message as shown; until then it is sent, not confirmed
	OwnIDs  bool  // a message bears an id of ours, by which the provider knows a repeat
	// Unseen is, where the channel has Acks, after what time a person's words of which no report came are tried by another address too; 0: never.
	Unseen time.Duration
}

// Channel sends by one account of a provider.
type Channel interface {
	Kind() Kind
	Limits() Limits
	// Send hands one message to the provider and gives the provider's id of it. Every error is a *SendError.
	Send(ctx context.Context, m Outbound) (providerID string, err error)
}

// Fetcher is a channel that leaves files with the provider until they are asked for.
type Fetcher interface {
	// Fetch opens the file. ErrGone means that it will never be had, ErrTooLarge that the provider does not hand over its size.
	Fetch(ctx context.Context, f InboundFile) (Download, error)
}

// Presence is a channel that can show that an answer is being written.
type Presence interface {
	Typing(ctx context.Context, address string) error
}

// Holder is a channel that one process at a time can use. Elsewhere it is known, for its limits, but neither sends nor fetches.
type Holder interface {
	// Ready reports that this process can use the channel now. It is asked often and under a lock: it must not wait.
	Ready() bool
}

// Phonebook is a channel whose addresses belong to phone numbers.
type Phonebook interface {
	// AddressOf gives the address at which the person with the number, with + and country code, is known; or would be, if they never wrote. It is
	// ErrUnreached where nothing can be sent for now, and where the number was another person's before: it may be either who is meant.
	AddressOf(ctx context.Context, phone string) (string, error)
}

// Receive stores what came in. When it returns nil the message is on disk and the provider may be told so.
type Receive func(ctx context.Context, in Inbound) error

// What a channel's Fetch may answer.
var (
	ErrGone     = errors.New("the provider no longer has the file")
	ErrTooLarge = errors.New("the file is larger than the provider hands over")
	ErrNoSuch   = errors.New("no such channel")
	// ErrUnreached means that nobody is to be written to at a number.
	ErrUnreached = errors.New("nobody is reached at the number")
	// ErrElsewhere means that this process does not hold the channel at the moment: it is no try, and another may have the file at once.
	ErrElsewhere = errors.New("the channel is not held by this process")
)

// Outcome says what became of a message that was not sent.
type Outcome string

// The outcomes of a failed Send.
const (
	Retry        Outcome = "retry"         // later, after SendError.After
	Refused      Outcome = "refused"       // never: the provider will not take this message
	Blocked      Outcome = "blocked"       // never: the reader has shut the door
	WindowClosed Outcome = "window_closed" // never: the reader has to write first
)

// SendError tells the sender what to do with a message that did not go. It holds no text and no address.
type SendError struct {
	Outcome Outcome
	After   time.Duration // with Retry: not earlier; 0 leaves it to the sender
	Whole   bool          // After holds for the whole channel, not this address alone
	Code    string        // of the provider, for the desk and the log
	Err     error
}

// Error says the outcome and the provider's code.
func (e *SendError) Error() string { return fmt.Sprintf("send: %s (%s): %v", e.Outcome, e.Code, e.Err) }

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }
