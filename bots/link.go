package bots

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// LinkState is how an account stands that works as a device linked to a phone.
type LinkState string

// The states of a link.
const (
	LinkNone       LinkState = "unlinked"   // no phone has been linked yet, or it was unlinked here
	LinkConnecting LinkState = "connecting" // it is linked; the provider is being called
	LinkConnected  LinkState = "connected"
	LinkLoggedOut  LinkState = "logged_out" // the phone or the provider has ended the link: it is to be linked again
	LinkBanned     LinkState = "banned"     // until Link.Until
	LinkOutdated   LinkState = "outdated"   // the provider refuses this version of the service
	LinkReplaced   LinkState = "replaced"   // another program took the session; it is not fought
)

// LinkAsk is what the process that holds the account is to do.
type LinkAsk string

// What may be asked.
const (
	AskNothing LinkAsk = ""
	AskQR      LinkAsk = "qr"      // show a picture to scan, and a new one each time it ends
	AskCode    LinkAsk = "code"    // show letters to type on the phone
	AskConnect LinkAsk = "connect" // try again after it was replaced, banned or refused
	AskUnlink  LinkAsk = "unlink"  // end the link and wipe its keys
)

// Why a try to link came to nothing.
const (
	PairTimeout  = "timeout"  // nobody scanned the picture or typed the letters
	PairOutdated = "outdated" // the provider refuses this version of the service
	PairPhone    = "phone"    // the provider does not know the number, or gives no letters for it
	PairError    = "error"
)

// Link is how an account stands.
type Link struct {
	State       LinkState
	Since       time.Time
	Until       *time.Time // of a ban
	Problem     string     // the provider's code
	Number      string     // with +; empty: none is linked
	Held        bool       // a process of the service has the account in its hands
	Asked       LinkAsk
	Code        string // while one is asked for and works: the text of the picture, or the letters
	CodeUntil   *time.Time
	PairProblem string     // why the last try to link came to nothing: PairTimeout …
	Heard, Said *time.Time // the last message from and to a reader
}

// Linked reports that a phone is linked, whether or not it can be reached.
func (l Link) Linked() bool { return l.State != LinkNone && l.State != LinkLoggedOut }

// Linker shows and steers the links of accounts. What is asked is carried out by whichever process holds the account; a change is signalled as TopicChannels.
type Linker interface {
	// Link gives how the account stands, or ErrNoSuch.
	Link(ctx context.Context, lib library.ID, id ChannelID) (Link, error)
	// Ask leaves word for the process that holds the account; the last word counts. ErrLinkPhone for a number that is none, needed by AskCode alone.
	Ask(ctx context.Context, tx pgx.Tx, lib library.ID, id ChannelID, ask LinkAsk, phone string) error
}

// ErrLinkPhone means that a code was asked for without the number of the phone on which it is to be typed.
var ErrLinkPhone = errors.New("no number of a phone")
