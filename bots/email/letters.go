package email

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// State is what became of a letter.
type State string

// The states of a letter. Arrived is passed over within the intake; Tray and Failed wait for a person.
const (
	StateArrived  State = "arrived"
	StateEvent    State = "event"    // it went to its conversation
	StateReturned State = "returned" // what a department was asked for
	StateTray     State = "tray"
	StateIgnored  State = "ignored"
	StateBounce   State = "bounce"
	StateFailed   State = "failed" // it cannot be read
)

// The reasons for a state, as the desk words them.
const (
	ReasonForeign    = "foreign"    // it answers a letter that was sent to another address
	ReasonUnknown    = "unknown"    // it names a letter that nobody knows
	ReasonOver       = "over"       // a department answers what is over
	ReasonList       = "list"       // it went to many
	ReasonSender     = "sender"     // there is no address to answer to
	ReasonEmpty      = "empty"      // there are neither words nor files of its own
	ReasonFlood      = "flood"      // its sender writes too often
	ReasonTooLarge   = "too_large"  // only its headers were fetched
	ReasonUnreadable = "unreadable" // its source is broken
	ReasonAutomatic  = "automatic"  // a robot wrote it
	ReasonOurs       = "ours"       // we wrote it
	ReasonStuck      = "stuck"      // handing it on fails again and again
	ReasonSlip       = "slip"       // some of its pictures stand behind a slip that is nobody's here
	ReasonWords      = "words"      // a department answers by words that a person has to read
	ReasonFailed     = "failed"     // of a bounce: given up
	ReasonPermanent  = "permanent"  // of a bounce: the address does not exist
	ReasonDelayed    = "delayed"    // of a bounce: still tried
)

// identity is by what a repeat of the letter is recognised.
func (l *Letter) identity() string {
	return hex.EncodeToString(l.Sum[:]) + " " + line(l.MessageID, maxSubject)
}

// kept is a letter's row while it is handed on.
type kept struct {
	ID    LetterID
	State State
	Files []files.ID
	Raw   files.ID
}

// known finds the letter's row if it was stored before.
func (in *Intake) known(ctx context.Context, identity string) (kept, bool, error) {
	rows, err := in.Pool.Query(ctx, `select id, state, files, raw_file as raw from letters where library_id = $1 and channel_id = $2 and identity = $3`,
		in.Library, in.Channel, identity)
	if err != nil {
		return kept{}, false, fmt.Errorf("look for a letter: %w", err)
	}
	k, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[kept])
	if errors.Is(err, pgx.ErrNoRows) {
		return kept{}, false, nil
	}
	if err != nil {
		return kept{}, false, fmt.Errorf("look for a letter: %w", err)
	}
	return k, true, nil
}

const insertLetter = `insert into letters (library_id, channel_id, identity, message_id, sender, sender_name, subject, raw_file, files, received_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (library_id, channel_id, identity) do nothing returning id`

// insert makes the row of the letter, whose files are in the store.
func (in *Intake) insert(ctx context.Context, l *Letter, raw files.ID, attached []files.ID) (kept, error) {
	k := kept{State: StateArrived, Files: attached, Raw: raw}
	err := pgx.BeginFunc(ctx, in.Pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, insertLetter, in.Library, in.Channel, l.identity(), storable(l.MessageID), l.From, l.Name, l.Subject, raw, attached, in.Now()).
			Scan(&k.ID)
		if err != nil {
			return err
		}
		return files.Link(ctx, tx, in.Library, append([]files.ID{raw}, attached...)...)
	})
	if err != nil {
		return kept{}, fmt.Errorf("keep a letter: %w", err)
	}
	return k, nil
}

// outcome is what became of a letter.
type outcome struct {
	state        State
	reason       string
	conversation bots.ConversationID
}

func note(ctx context.Context, tx pgx.Tx, lib library.ID, id LetterID, o outcome) error {
	_, err := tx.Exec(ctx, `update letters set state = $3, reason = $4, conversation_id = nullif($5::bigint, 0)
where library_id = $1 and id = $2 and state = 'arrived'`, lib, id, o.state, o.reason, o.conversation)
	if err != nil {
		return fmt.Errorf("note what became of letter %d: %w", id, err)
	}
	if o.state != StateTray && o.state != StateFailed {
		return nil
	}
	return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicQueue, Library: lib})
}

// giveUp leaves a letter to people that is stored and cannot be handed on. It fails where the letter is not even stored.
func (in *Intake) giveUp(ctx context.Context, a arrival) (State, error) {
	l, _ := in.convert(a.raw) // whether it can be read does not matter here
	k, found, err := in.known(ctx, l.identity())
	if err != nil {
		return "", err
	}
	if !found {
		return "", ErrNoLetter
	}
	return StateTray, pgx.BeginFunc(ctx, in.Pool, func(tx pgx.Tx) error {
		return note(ctx, tx, in.Library, k.ID, outcome{state: StateTray, reason: ReasonStuck})
	})
}

const (
	floodLetters = 30 // of one sender in an hour: nobody answers so fast but a robot
	floodTime    = time.Hour
	goneBounces  = 3 // permanent ones since the address wrote last
)

// flooded reports that the sender writes faster than a person.
func (in *Intake) flooded(ctx context.Context, sender string) (bool, error) {
	var n int
	err := in.Pool.QueryRow(ctx, `select count(*) from letters where library_id = $1 and channel_id = $2 and lower(sender) = lower($3) and received_at > $4`,
		in.Library, in.Channel, sender, in.Now().Add(-floodTime)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count the letters of a sender: %w", err)
	}
	return n > floodLetters, nil
}

// bouncedBefore counts the letters of the conversation that came back for good since its reader wrote last.
func (in *Intake) bouncedBefore(ctx context.Context, tx pgx.Tx, id bots.ConversationID) (int, error) {
	var n int
	err := tx.QueryRow(ctx, `select count(*) from letters where library_id = $1 and conversation_id = $2 and state = 'bounce' and reason = 'permanent'
and id > coalesce((select max(id) from letters where library_id = $1 and conversation_id = $2 and state = 'event'), 0)`, in.Library, id).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what came back to conversation %d: %w", id, err)
	}
	return n, nil
}

// storable is a text that the database takes.
func storable(text string) string {
	clean, _ := bots.Clean(text)
	return clean
}

// selectPast finds what is being handed on among the newest letters: they are handed on one by one.
const selectPast = `select message_id, subject from (
select id, message_id, subject from letters where library_id = $1 and conversation_id = $2 and state = 'event'
union all select id, message_id, subject from (select * from letters where library_id = $1 order by id desc limit 20) newest
where state = 'arrived' and lower(sender) = lower($4)) l
order by id desc limit $3`

// Past gives what a letter of the conversation continues: the Message-IDs of its reader's letters, oldest first, and the subject of the last.
// It waits until who holds a letter of the library has settled it. A letter that is being handed on counts: its answer may be quicker than the note of
// where it went.
func Past(ctx context.Context, db contacts.DB, lib library.ID, id bots.ConversationID) (Thread, error) {
	if _, err := db.Exec(ctx, `select pg_advisory_xact_lock_shared($1::int, $2::int)`, settleLock, lib); err != nil {
		return Thread{}, fmt.Errorf("letters of conversation %d: %w", id, err)
	}
	key := contacts.PartyKey{Library: lib, Address: contacts.AddressID(id)}
	writers, err := contacts.Externals(ctx, db, []contacts.PartyKey{key})
	if err != nil {
		return Thread{}, err
	}
	rows, err := db.Query(ctx, selectPast, lib, id, maxThread, writers[key])
	if err != nil {
		return Thread{}, fmt.Errorf("letters of conversation %d: %w", id, err)
	}
	var t Thread
	var message, subject string
	if _, err := pgx.ForEachRow(rows, []any{&message, &subject}, func() error {
		if t.Subject == "" {
			t.Subject = subject
		}
		if message != "" {
			t.IDs = append([]string{message}, t.IDs...)
		}
		return nil
	}); err != nil {
		return Thread{}, fmt.Errorf("letters of conversation %d: %w", id, err)
	}
	return t, nil
}
