package bots

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts/library"
)

// OutKind says on whose behalf a message goes.
type OutKind string

// The kinds of outgoing message. Bot talk stops when a person takes over; everything else goes.
const (
	OutBot      OutKind = "bot"
	OutReminder OutKind = "reminder" // bot talk that nobody asked for
	OutStaff    OutKind = "staff"
	OutNotice   OutKind = "notice" // the result of something that staff did
	OutCode     OutKind = "code"
	OutDesk     OutKind = "desk" // news of tasks, for a member of staff: where they cannot be delivered they are let go
)

// Body is what an outgoing message says. Secrets stand in it as SecretMark.
type Body struct {
	Lang    library.Lang `json:"lang,omitempty"`
	Subject string       `json:"subject,omitempty"`
	Text    string       `json:"text"`
	Choices []Choice     `json:"choices,omitempty"`
	Turn    int          `json:"turn,omitempty"`
	Files   []string     `json:"files,omitempty"`
	Send    int64        `json:"send,omitempty"`  // of an order's finished pages, of which this is a part or all
	Again   bool         `json:"again,omitempty"` // it is a copy of what did not arrive at another address: no more are made of it
	Copy    *Place       `json:"copy,omitempty"`  // of such a part: what went by another address because this one did not arrive
}

// Message is a row to be added to the outbox. The caller holds the conversation's lock and has taken Seq from it.
type Message struct {
	Library      library.ID
	Conversation ConversationID
	Seq          int
	Channel      ChannelID
	Kind         OutKind
	Epoch        int
	Staff        int64 // 0: not written by a person
	Body         Body
	Secret       string // id; empty: none
}

const insertMessages = `insert into outbox
  (library_id, conversation_id, seq, channel_id, kind, epoch, staff_id, body, secret_id, until, next_at, created_at)
select l, c, s, ch, k, e, nullif(st, 0), b::json, nullif(sec, ''), u, $11, $11
from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::text[], $6::int[], $7::bigint[], $8::text[], $9::text[], $10::timestamptz[])
  as m (l, c, s, ch, k, e, st, b, sec, u)`

// life is how long a message of the kind is tried.
func (k OutKind) life() time.Duration {
	switch k {
	case OutCode:
		return 10 * time.Minute
	case OutStaff, OutNotice:
		return 72 * time.Hour
	case OutBot, OutReminder, OutDesk:
	}
	return 24 * time.Hour
}

// QueueMessages adds the messages to the outbox, in one statement of the batch however many they are. They are written and
// ready to go at now, by the clock that readers' messages have too. The caller signals TopicOutbox.
func QueueMessages(batch *pgx.Batch, now time.Time, messages []Message) error {
	if len(messages) == 0 {
		return nil
	}
	n := len(messages)
	libs, convs, channels, staff := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	seqs, epochs := make([]int32, n), make([]int32, n)
	kinds, bodies, secrets, untils := make([]string, n), make([]string, n), make([]string, n), make([]time.Time, n)
	for i, m := range messages {
		body, err := json.Marshal(m.Body)
		if err != nil {
			return fmt.Errorf("message %d of conversation %d: %w", m.Seq, m.Conversation, err)
		}
		libs[i], convs[i], channels[i], staff[i] = int64(m.Library), int64(m.Conversation), int64(m.Channel), m.Staff
		seqs[i], epochs[i] = int32(m.Seq), int32(m.Epoch)
		kinds[i], bodies[i], secrets[i], untils[i] = string(m.Kind), string(body), m.Secret, now.Add(m.Kind.life())
	}
	batch.Queue(insertMessages, libs, convs, seqs, channels, kinds, epochs, staff, bodies, secrets, untils, now)
	return nil
}

// Withdraw takes back all bot talk of the conversation that has not been sent. What is on its way this moment goes, but is not tried again. The
// caller holds the conversation's lock.
func Withdraw(ctx context.Context, tx pgx.Tx, lib library.ID, conversation ConversationID) error {
	_, err := tx.Exec(ctx, `update outbox
set state = case state when 'queued' then 'withdrawn' else state end, fenced = true
where library_id = $1 and conversation_id = $2 and state in ('queued', 'leased') and kind in ('bot', 'reminder')`, lib, conversation)
	if err != nil {
		return fmt.Errorf("withdraw from conversation %d: %w", conversation, err)
	}
	return nil
}

// Outbox reads and marks what is sent.
type Outbox struct {
	pool    *pgxpool.Pool
	secrets *Secrets
	now     func() time.Time
}

// NewOutbox makes the reader of the outbox.
func NewOutbox(pool *pgxpool.Pool, secrets *Secrets, now func() time.Time) *Outbox {
	return &Outbox{pool: pool, secrets: secrets, now: now}
}

const confirm = `update outbox set state = 'confirmed', confirmed_at = $4
where library_id = $1 and conversation_id = $2 and seq <= $3 and state = 'sent' returning coalesce(secret_id, '')`

// Confirm notes that the reader has been shown the messages up to the number, and wipes the secrets that they carried. The desk shows it at once.
func (o *Outbox) Confirm(ctx context.Context, lib library.ID, conversation ConversationID, upTo int) error {
	var ids []string
	err := pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, confirm, lib, conversation, upTo, o.now())
		if err != nil {
			return err
		}
		if ids, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(ids) == 0 {
			return err
		}
		return Notify(ctx, tx, Signal{TopicChat, lib, int64(conversation)})
	})
	if err != nil {
		return fmt.Errorf("confirm up to %d of conversation %d: %w", upTo, conversation, err)
	}
	return o.wipe(ctx, lib, ids)
}

const (
	bounceTime   = 24 * time.Hour // in which a mail server says that it could not deliver
	settleAtOnce = 1000
)

const settle = `update outbox o set state = 'confirmed', confirmed_at = $1
from (select s.library_id, s.conversation_id, s.seq from outbox s join channels c on c.library_id = s.library_id and c.id = s.channel_id
  where c.kind = 'email' and s.state = 'sent' and s.sent_at < $2 order by s.library_id, s.conversation_id, s.seq limit $3 for update of s skip locked) as due
where o.library_id = due.library_id and o.conversation_id = due.conversation_id and o.seq = due.seq`

// Settle takes letters of which nothing bad was heard for a day as delivered, and gives their number.
func (o *Outbox) Settle(ctx context.Context) (settled int64, err error) {
	now := o.now()
	for {
		done, err := o.pool.Exec(ctx, settle, now, now.Add(-bounceTime), settleAtOnce)
		if err != nil {
			return settled, fmt.Errorf("settle letters: %w", err)
		}
		settled += done.RowsAffected()
		if done.RowsAffected() < settleAtOnce {
			return settled, nil
		}
	}
}

// outEntry is a row of the outbox as history shows it.
type outEntry struct {
	Seq       int
	Kind      OutKind
	StaffID   *int64
	Body      Body
	SecretID  *string
	State     string
	Problem   string
	Reaction  string
	CreatedAt time.Time
}

// Entries gives the library's half of the conversation after the number, oldest first.
func (o *Outbox) Entries(ctx context.Context, lib library.ID, conversation ConversationID, after, limit int) ([]Entry, error) {
	rows, err := o.pool.Query(ctx, `select seq, kind, staff_id, body, secret_id, case when read_at is null then state else 'read' end as state, problem, reaction, created_at from outbox
where library_id = $1 and conversation_id = $2 and seq > $3 order by seq limit $4`, lib, conversation, after, limit)
	if err != nil {
		return nil, fmt.Errorf("messages of conversation %d: %w", conversation, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[outEntry])
	if err != nil {
		return nil, fmt.Errorf("messages of conversation %d: %w", conversation, err)
	}
	out := make([]Entry, len(found))
	for i, r := range found {
		e := Entry{
			At: Cursor{Out: r.Seq}, Side: SideBot, Kind: string(r.Kind), Text: r.Body.Text, Choices: r.Body.Choices, Turn: r.Body.Turn,
			Written: r.CreatedAt, State: r.State, Problem: r.Problem, Reaction: r.Reaction,
		}
		if r.StaffID != nil {
			e.Side, e.StaffID = SideStaff, *r.StaffID
		}
		if r.SecretID != nil {
			e.Secret = *r.SecretID
		}
		for _, id := range r.Body.Files {
			e.Files = append(e.Files, EntryFile{ID: id})
		}
		out[i] = e
	}
	return out, nil
}

// Owns reports whether the file was shown to the reader in the conversation.
func (o *Outbox) Owns(ctx context.Context, lib library.ID, conversation ConversationID, file string) (bool, error) {
	var owns bool
	err := o.pool.QueryRow(ctx, `select exists (select from outbox where library_id = $1 and conversation_id = $2
  and state in ('sent', 'confirmed') and (body -> 'files')::jsonb ? $3)`, lib, conversation, file).Scan(&owns)
	if err != nil {
		return false, fmt.Errorf("files sent in conversation %d: %w", conversation, err)
	}
	return owns, nil
}
