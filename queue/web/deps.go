package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/templates"
)

// What the functions of Deps report beside ErrNotFound of queue, contacts or files, which is what another library's things are.
var (
	ErrState       = contacts.ErrState // somebody else was faster
	ErrNumberTaken = errors.New("the card number was used before")
	ErrNumberForm  = errors.New("not the form of a card number")
)

// Deps is all that the desk stands on; cmd fills it in. Every function takes the library whose things it may touch.
//
// What takes a transaction only changes what it names: the desk itself closes the task, opens the next one, tells the reader and writes the
// audit row, in the same transaction.
type Deps struct {
	Pool          *pgxpool.Pool
	Desk          *queue.Desk
	Conversations queue.Conversations
	Signals       *bots.Signals
	Accounts      *bots.Accounts
	Texts         *templates.Texts
	Log           *slog.Logger
	Now           func() time.Time
	Secure        bool         // the cookie goes over https only
	Proxies       bots.Proxies // whose word is taken for where a visitor comes from

	Library   func(ctx context.Context, id library.ID) (library.Library, error)
	Libraries func(ctx context.Context) ([]library.Library, error) // for operators, by name
	Forget    func()                                               // what is remembered of them: one was changed

	// Hold locks the conversation before an act touches anything else, in the order in which turns lock.
	Hold func(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) error

	Registration func(ctx context.Context, lib library.ID, id int64) (Registration, error)
	Accept       func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID) error                // ErrState; also while a page is not accepted
	Refuse       func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, reason string) error // ErrState
	// Double refuses the registration, for its reader is this other one: ErrState, and ErrNotFound when that one was not proposed.
	Double func(ctx context.Context, tx pgx.Tx, lib library.ID, id, of int64, by queue.StaffID) error

	// The papers of a full registration. An act that was too late, or on a page that shows another photo by now, is ErrState.
	Papers     func(ctx context.Context, lib library.ID, registration int64) ([]PaperPage, error) // in their order; none for a simple one
	AcceptPage func(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, seen PageSeen, by queue.StaffID) error
	ReturnPage func(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, seen PageSeen, by queue.StaffID, reason string) error
	ReopenPage func(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, seen PageSeen) error                   // decided: it is to be looked at again
	SendBack   func(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, by queue.StaffID) ([]PaperPage, error) // sent: it waits again; what was returned
	ByPost     func(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, by queue.StaffID) error                // waiting: the missing pages are accepted on paper, it is sent
	Waiting    func(ctx context.Context, lib library.ID) ([]WaitingPapers, error)                                              // who waits longest first, at most 200

	// Proof is all that shows how a registration came about. Its files are opened by File, which says of one whose term is over that it is purged.
	Proof func(ctx context.Context, lib library.ID, registration int64) (Proof, error)

	// Sample draws a paper as PDF for the eye, with an invented reader; nothing of it is kept.
	Sample func(ctx context.Context, sample PaperSample) (pdf []byte, err error)

	// ReadGiven reads what staff type for the value of the key, as a reader's own words are read, and gives it as contacts stores it.
	ReadGiven func(lib library.Library, today library.Date, key, text string) (value string, ok bool)
	Redraw    func(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error // the papers: it waits for them again; ErrState

	NextNumber func(ctx context.Context, lib library.ID) (number string, series bool, err error) // a proposal: nothing is reserved
	IssueCard  func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, number, password string) (Issued, error)
	// KeepCard notes the card that the reader has had all along; an empty password leaves theirs as it is. Errors as of IssueCard.
	KeepCard func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, number, password string) (Issued, error)

	// Keep stores a file that staff bring, at most limit bytes of it, and looks at it: files.ErrTooLarge when there is more.
	Keep func(ctx context.Context, lib library.ID, name string, src io.Reader, limit int64) (files.File, files.Finding, error)

	Letters Letters

	// File opens what was sent, or the picture made of it; of such a picture, asked for by its own id, itself.
	File  func(ctx context.Context, lib library.ID, id string, preview bool) (io.ReadCloser, FileInfo, error)
	Block func(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by queue.StaffID, on bool) error

	Links bots.Linker // of channels that are linked to a phone

	// Typing shows in a messenger, where it can, that an answer is being written.
	Typing func(ctx context.Context, lib library.ID, conv bots.ConversationID) error

	SignInOffer func() []Offer // nil but in the demo, which also serves POST /desk/demo-sign-in
}

// Registration is what a reader gave to be registered, as the librarian and the registrar see it.
type Registration struct {
	ID             int64
	State          string // papers (it waits for them), sent, accepted, refused, done, withdrawn
	Reader         int64
	Name           string
	Born           library.Date // zero: not given
	Email          string
	EmailProven    bool
	Phone          string
	PhoneProven    bool
	Contact        string // what the one who asked calls themself
	Relation       string // of the contact to the reader: self, child, other
	ConsentVersion string
	ConsentAt      time.Time
	Photos         []string // files of the signed consent
	Sent           time.Time
	Reason         string // of a refusal
	Card           string // number; empty before it is issued
	Same           []SamePerson
	Answers        []Answer // to the library's own questions
	Papers         bool     // signed papers belong to it
	Conversation   bots.ConversationID
}

// Answer is what the reader said to one of the library's own questions, worded for the desk.
type Answer struct{ Label, Value string }

// SamePerson is a reader who may be the same person, the likeliest first.
type SamePerson struct {
	Reader       int64
	Name         string
	Born         library.Date
	Card         string              // empty when there is none
	Why          []string            // as contacts.Alike has them
	Contact      contacts.ID         // who acts for them; 0: nobody
	Conversation bots.ConversationID // theirs; 0: none
	Two          bool                // both are readers themselves: they cannot be joined
}

// Issued is what came of a card.
type Issued struct {
	Secret string   // id in the table of secrets under which the first password waits to be sent
	Files  []string // the card's picture, if it is made at once
}

// FileInfo is what the desk must know of a file to send it.
type FileInfo struct {
	Name      string // as the reader named it; may be empty
	MediaType string // told by the content
	Size      int64  // bytes; below zero: not known
}

// PaperSample is a paper to be drawn for the eye.
type PaperSample struct {
	Library library.Library // with the words to be shown
	Lang    library.Lang    // of the reader
	Paper   string          // form, application, consent, surety
	Child   bool            // it is signed by a parent
}

// Offer is an account with which the demo's sign-in page lets anybody in by one click.
type Offer struct {
	Login string
	Name  string
	Role  queue.Role
}
