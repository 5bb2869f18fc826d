package flows

import (
	"time"

	"librarian/contacts/library"
)

// Ask is something that a flow wants from the library. The set is closed: the runner knows how to carry out each.
type Ask interface{ ask() }

// Answer is what came of an ask.
type Answer interface{ answer() }

// GiveConsent records that the reader agrees to the library's text on personal data.
type GiveConsent struct {
	Version string
	Lang    library.Lang
	Renew   bool // for all whose consent is to another version
}

// ConsentGiven answers GiveConsent.
type ConsentGiven struct{ ID int64 }

// SendCode sends six digits to an address, to see whether it is the reader's.
type SendCode struct{ Email string }

// CodeSent answers SendCode. It is the same whether the address is known or not.
type CodeSent struct {
	TooMany bool // asked for too often: the reader has to wait, or give another address
	Bad     bool // no address that a letter could be sent to
}

// CheckCode compares what the reader typed with the code sent last.
type CheckCode struct{ Email, Code string }

// CodeChecked answers CheckCode.
type CodeChecked struct {
	Right bool
	Left  int  // tries left; with none the code is worth nothing any more
	Old   bool // the code was sent too long ago
}

// OpenQuestion gives a question to the librarians.
type OpenQuestion struct{ Text string }

// AddToQuestion adds to a question that waits or is being answered.
type AddToQuestion struct {
	Task int64
	Text string
}

// QuestionOpened answers OpenQuestion and AddToQuestion.
type QuestionOpened struct {
	Task   int64
	Due    time.Time // by which an answer is promised
	Denied bool      // by the library's table of who may ask: there is no task
}

// Register hands a registration to the librarians.
type Register struct {
	Relation    string // self, child, other
	Name        string
	Born        library.Date
	Email       string
	EmailProven bool
	Phone       string
	PhoneProven bool
	Consent     int64
	Photos      []string
	Answers     []Answered // to what the library asks besides, in that order
	Rules       RulesAccepted
	Papers      bool // it waits for signed papers
}

// RulesAccepted is the acceptance of the library's rules; without a version there was nothing to accept.
type RulesAccepted struct {
	Version string
	Lang    library.Lang // of the text that was shown
	Hash    string       // SHA-256 of that text in hex
	Day     library.Date
}

// Answered is what the reader said to one of the library's own questions.
type Answered struct {
	Key   string // of the field
	Value string // as library.Field.Say reads it
}

// Registered answers Register.
type Registered struct {
	ID    int64
	Again bool // this contact is registered, or waits to be: nothing new was made
	Due   time.Time
	// Papers: the papers to sign are being drawn and come by themselves.
	Papers bool
	// NoConsent: the consent was taken back meanwhile, in another conversation.
	NoConsent bool
}

// JoinDesk says that the conversation is that of the member of staff to whom the desk gave the word.
type JoinDesk struct{ Word string }

// DeskJoined answers JoinDesk: it is not OK when the word is unknown, used, old, or another library's.
type DeskJoined struct{ OK bool }

func (GiveConsent) ask()   {}
func (SendCode) ask()      {}
func (CheckCode) ask()     {}
func (OpenQuestion) ask()  {}
func (AddToQuestion) ask() {}
func (Register) ask()      {}
func (JoinDesk) ask()      {}

func (ConsentGiven) answer()   {}
func (CodeSent) answer()       {}
func (CodeChecked) answer()    {}
func (QuestionOpened) answer() {}
func (Registered) answer()     {}
func (DeskJoined) answer()     {}
