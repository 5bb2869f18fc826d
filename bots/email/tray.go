package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// LetterID names a stored letter.
type LetterID int64

// TrayLetter is a letter as the desk shows it.
type TrayLetter struct {
	ID           LetterID
	Channel      bots.ChannelID
	Sender       string
	Name         string
	Subject      string
	State        State
	Reason       string
	Conversation bots.ConversationID // 0: none
	Raw          files.ID            // the source, for Reread
	Files        []files.ID          // in the letter's order
	ReceivedAt   time.Time
	SettledAt    *time.Time // by a person; nil: not yet, or it was never theirs to settle
	SettledBy    int64      // of staff
	Order        int64      // that got its pages; 0: none
	Words        string     // why it was put aside
}

// Waits reports whether a person is to decide what becomes of the letter.
func (l TrayLetter) Waits() bool {
	return (l.State == StateTray || l.State == StateFailed) && l.SettledAt == nil
}

const (
	waiting       = `state in ('tray', 'failed') and settled_at is null`
	selectLetters = `select id, channel_id as channel, sender, sender_name as name, subject, state, reason, coalesce(conversation_id, 0) as conversation,
raw_file as raw, files, received_at, settled_at, coalesce(settled_by, 0) as settled_by, coalesce(order_id, 0) as "order", settled_words as words
from letters where library_id = $1 and `
)

// Tray gives the letters that wait for a person, the oldest first, at most so many.
func Tray(ctx context.Context, db contacts.DB, lib library.ID, limit int) ([]TrayLetter, error) {
	rows, err := db.Query(ctx, selectLetters+waiting+` order by received_at, id limit $2`, lib, limit)
	if err != nil {
		return nil, fmt.Errorf("letters in the tray: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[TrayLetter])
	if err != nil {
		return nil, fmt.Errorf("letters in the tray: %w", err)
	}
	return out, nil
}

// CountTray gives how many letters wait for a person, and whether any letter has ever come to the library.
func CountTray(ctx context.Context, db contacts.DB, lib library.ID) (n int, used bool, err error) {
	err = db.QueryRow(ctx, `select (select count(*) from letters where library_id = $1 and `+waiting+`), exists (select from letters where library_id = $1)`, lib).
		Scan(&n, &used)
	if err != nil {
		return 0, false, fmt.Errorf("count letters in the tray: %w", err)
	}
	return n, used, nil
}

// ErrNoLetter means that the library has no such letter, or that it waits for nobody.
var ErrNoLetter = errors.New("no such letter")

// FindLetter gives one letter, whatever its state, or ErrNoLetter.
func FindLetter(ctx context.Context, db contacts.DB, lib library.ID, id LetterID) (TrayLetter, error) {
	return findLetter(ctx, db, selectLetters+`id = $2`, lib, id)
}

// HoldLetter gives a letter that waits in the tray and keeps others from settling it until the transaction ends; ErrNoLetter when it waits no longer.
// Until then Past waits too: what answers the letter is to know where it went.
func HoldLetter(ctx context.Context, tx pgx.Tx, lib library.ID, id LetterID) (TrayLetter, error) {
	l, err := findLetter(ctx, tx, selectLetters+`id = $2 and `+waiting+` for update`, lib, id)
	if err != nil {
		return l, err
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1::int, $2::int)`, settleLock, lib); err != nil {
		return l, fmt.Errorf("hold letter %d: %w", id, err)
	}
	return l, nil
}

// settleLock is the class of the advisory locks of libraries whose letters are being settled.
const settleLock = 0x6c74 // "lt"

func findLetter(ctx context.Context, db contacts.DB, sql string, lib library.ID, id LetterID) (TrayLetter, error) {
	rows, err := db.Query(ctx, sql, lib, id)
	if err != nil {
		return TrayLetter{}, fmt.Errorf("letter %d: %w", id, err)
	}
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[TrayLetter])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoLetter
	}
	if err != nil {
		return TrayLetter{}, fmt.Errorf("letter %d: %w", id, err)
	}
	return l, nil
}

// Settlement is what a person made of a letter.
type Settlement struct {
	State        State               // what it is from now on
	Conversation bots.ConversationID // that it went to; 0: none
	Order        int64               // that got its pages; 0: none
	Words        string              // why it was put aside
	By           int64               // of staff
}

// Settle takes a letter out of the tray and lets the pages that show it know. ErrNoLetter when it does not wait there.
func Settle(ctx context.Context, tx pgx.Tx, lib library.ID, id LetterID, s Settlement, now time.Time) error {
	tag, err := tx.Exec(ctx, `update letters set state = $3, conversation_id = coalesce(nullif($4::bigint, 0), conversation_id), order_id = nullif($5::bigint, 0),
settled_words = $6, settled_by = $7, settled_at = $8 where library_id = $1 and id = $2 and `+waiting, lib, id, s.State, s.Conversation, s.Order, s.Words, s.By, now)
	if err != nil {
		return fmt.Errorf("settle letter %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("settle letter %d: %w", id, ErrNoLetter)
	}
	return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicQueue, Library: lib})
}

// Reread gives what is understood of a kept letter that came to the address own. ErrLetter when it cannot be read.
func Reread(ctx context.Context, store *files.Store, lib library.ID, l TrayLetter, own string) (letter Letter, err error) {
	if l.Reason == ReasonUnreadable {
		return letter, fmt.Errorf("letter %d: %w", l.ID, ErrLetter)
	}
	if own, err = ParseAddress(own); err != nil {
		return letter, fmt.Errorf("%w: address: %w", ErrConfig, err)
	}
	r, _, err := store.Open(ctx, lib, l.Raw)
	if err != nil {
		return letter, fmt.Errorf("open letter %d: %w", l.ID, err)
	}
	defer func() { _ = r.Close() }() // reading has proved the bytes
	raw, err := io.ReadAll(r)
	if err != nil {
		return letter, fmt.Errorf("read letter %d: %w", l.ID, err)
	}
	if letter, err = Convert(raw, own); err != nil {
		return letter, fmt.Errorf("letter %d: %w", l.ID, err)
	}
	return letter, nil
}

// ErrEmpty means that a letter has nobody to be answered, or neither words nor files.
var ErrEmpty = errors.New("the letter says nothing")

// Pass gives a letter of the tray to its sender's conversation as the intake does, as one whose sender nothing proves, and gives the conversation: 0 where
// there is none, for its sender is blocked. A blocked one's conversation takes nothing. It may be repeated: the conversation takes the letter once. ErrEmpty
// when there is nothing to be given.
func Pass(ctx context.Context, pool *pgxpool.Pool, receive bots.Receive, lib library.ID, l TrayLetter, letter Letter) (bots.ConversationID, error) {
	if letter.From == "" {
		return 0, fmt.Errorf("letter %d: %w", l.ID, ErrEmpty)
	}
	letter.Files = letter.Files[:min(len(letter.Files), len(l.Files))] // as an earlier version has read it
	in := Intake{IntakeConfig: IntakeConfig{Library: lib, Channel: l.Channel, Pool: pool, Receive: receive}}
	o, err := in.tell(ctx, &Stored{ID: l.ID, Letter: letter, Raw: l.Raw, Files: l.Files}, false, arrival{at: l.ReceivedAt})
	if err == nil && o.state != StateEvent {
		err = ErrEmpty
	}
	if err != nil {
		return 0, fmt.Errorf("pass letter %d on: %w", l.ID, err)
	}
	return o.conversation, nil
}
