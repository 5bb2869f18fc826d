package queue

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
)

// Conversations is what the desk can do to a conversation; those of another library are ErrNotFound.
type Conversations interface {
	// History gives the entries after the cursor, oldest first, at most limit.
	History(ctx context.Context, lib library.ID, conv bots.ConversationID, after bots.Cursor, limit int) ([]bots.Entry, error)
	// Header says who is spoken with, and who speaks.
	Header(ctx context.Context, lib library.ID, conv bots.ConversationID) (Header, error)
	// Say sends what a member of staff wrote; ErrOtherSpeaks when another holds the conversation.
	Say(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by StaffID, text string, files []string) error
	// TakeOver makes by the speaker of all conversations of the contact; ErrOtherSpeaks when the speaker has changed since the epoch from.
	TakeOver(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by StaffID, from int) error
	// HandBack lets the bot speak again: it repeats its question.
	HandBack(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by StaffID) error
	// LetGo is HandBack without the question, for news will follow that shows ways on. It does nothing where by does not speak. It locks all
	// conversations of the contact in order, so it comes before a Hold of one of them.
	LetGo(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, by StaffID) error
	// Join makes one contact of the conversation's and another who was proposed as the same person; whoever of staff speaks with one then speaks with both.
	// ErrOtherSpeaks while a colleague speaks with either, ErrNotFound when the other is not proposed, and the errors of contacts.Merge.
	Join(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, with contacts.ID, by StaffID) (contacts.MergeID, error)
	// Part undoes a merge of the conversation's contact: ErrSpoken while a person speaks in any conversation of theirs, and the errors of contacts.Undo.
	Part(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, merge contacts.MergeID, by StaffID) error
	// Tell brings the result of what staff did. The flow words it, and it goes whoever speaks.
	Tell(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, n News) error
}

// Header is what stands above a conversation.
type Header struct {
	Conversation bots.ConversationID
	Contact      int64
	Name         string // what the contact calls themself
	Channel      bots.Kind
	ChannelName  string
	Lang         library.Lang
	Speaker      StaffID // 0 is the bot
	SpeakerName  string
	Epoch        int // grows with each change of speaker
	Flow, Step   string
	Blocked      bool // by staff
	Gone         bool // by the reader
	Readers      []HeaderReader
}

// HeaderReader is one for whom the contact acts.
type HeaderReader struct {
	ID   int64
	Name string
	Card string // valid number; empty when there is none
}

// News is the result of what staff did, for the reader.
type News struct {
	Kind   string
	Reader int64
	Fields map[string]string
	Secret string   // id in the table of secrets, such as that of a first password
	Files  []string // ids in the file store
}

// The kinds of news, and their fields.
const (
	NewsAccepted = "registration.accepted"
	NewsRefused  = "registration.refused" // reason
	NewsCard     = "card.issued"          // number; the secret is the first password
	NewsCardKept = "card.kept"            // number of the card that the reader has had; the secret is a new password, if there is one

	// NewsPapersReturned has the field pages: a line for each page that was sent back, "kind:number:reason". The reason is one of the
	// constants below, to be worded in the reader's language, or the librarian's own words.
	NewsPapersReturned = "papers.returned"

	NewsPapersArrived = "papers.arrived" // on paper, by post

	NewsLesson          = "lesson.needed"    // the registration is accepted, the card waits for the lesson for new readers
	NewsLessonTomorrow  = "lesson.tomorrow"  // at: when it begins, RFC 3339
	NewsLessonOff       = "lesson.off"       // the lesson that was chosen does not take place: the reader has to choose again
	NewsLessonMissed    = "lesson.missed"    // the reader has to choose again
	NewsLessonCertified = "lesson.certified" // also when it was waived

	// NewsDouble has the field name: they are a reader already, and this registration ends.
	NewsDouble = "registration.double"

	// NewsCorrected has the fields changes, a JSON list of objects with key, old and new as contacts.Correction has them, and reason, which may be empty.
	NewsCorrected     = "registration.corrected"
	NewsPapersRedrawn = "papers.redrawn" // what was corrected stands in them
)

// NewsQuestionPassed has the fields department, in the reader's language, and due, RFC 3339: who looks the answer up, and by when.
const NewsQuestionPassed = "question.passed"

// News of orders have the fields order, its id, kind, code, title and pages, by which the reader knows which one it is. What brings its
// pages has send, the number by which its messages are found again.
const (
	NewsOrderSent      = "order.sent"     // with the PDF
	NewsOrderRefused   = "order.refused"  // reason, as package fragments has them, and words, which may be empty
	NewsOrderQuestion  = "order.question" // words: what staff ask
	NewsOrderCancelled = "order.cancelled"
	NewsOrderAgain     = "order.again" // what was sent is being made anew
	NewsOrderLate      = "order.late"  // due: by when it is hoped for, RFC 3339
	NewsOrderLink      = "order.link"  // days and views; the secret is the address of the link
)

// The reasons to send a page back that need no words of one's own.
const (
	ReasonBlurred     = "blurred"
	ReasonCutOff      = "cut_off"
	ReasonUnsigned    = "unsigned"
	ReasonWrongPaper  = "wrong_paper"
	ReasonNameDiffers = "name_differs"
)

// ReasonDouble is why a registration is refused whose reader is one already.
const ReasonDouble = "already_registered"
