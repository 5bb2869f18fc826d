package fragments

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// Send is one way by which a finished order went to its reader, or is to go.
type Send struct {
	ID           int64
	Conversation bots.ConversationID // 0: a letter that is not written yet
	Mail         bool                // by a letter to the e-mail that the reader has proven
	Files        []files.ID          // what went, or what the link leads to
	Linked       bool
	Problem      string // why it could not be put on its way: one of the problems below
	Chosen       time.Time
	Sent         *time.Time // given to the outbox
}

// Why something could not even be put on its way.
const (
	TooLarge = "too_large" // for the channel, and no link can be given
	NoMail   = "no_mail"   // the library cannot send letters, or the e-mail is not the reader's any more
)

const (
	sendColumns = `select s.id, coalesce(s.conversation_id, 0) as conversation, s.mail, s.file_ids as files, s.linked, s.problem, s.chosen_at as chosen, s.sent_at as sent
from order_sends s where s.library_id = $1 and s.order_id = $2`
	allSends   = sendColumns + ` order by s.id desc limit 12`
	owedSends  = sendColumns + ` and s.sent_at is null order by s.id`
	dropOwed   = `delete from order_sends where library_id = $1 and order_id = $2 and sent_at is null`
	insertSend = `insert into order_sends (library_id, order_id, conversation_id, mail, chosen_at) values ($1, $2, nullif($3::bigint, 0), $4, $5)`
	noteSent   = `update order_sends set conversation_id = coalesce(nullif($4::bigint, 0), conversation_id), file_ids = $5, linked = $6, problem = $7, sent_at = $8
where library_id = $1 and order_id = $2 and id = $3 and sent_at is null`
	lockSent = `select from orders where library_id = $1 and id = (select order_id from order_sends where library_id = $1 and id = $2) for no key update`
	besides  = `select b.id, coalesce(b.conversation_id, 0) from order_sends a
join order_sends b on b.library_id = a.library_id and b.order_id = a.order_id and b.chosen_at = a.chosen_at and b.id <> a.id and b.problem = ''
where a.library_id = $1 and a.id = $2`
)

// SendTo says where a released order goes; without ways, to where it was ordered.
func SendTo(ctx context.Context, tx pgx.Tx, o Order, ways []Way, now time.Time) error {
	if len(ways) == 0 {
		ways = []Way{{Conversation: o.Conversation}}
	}
	if _, err := tx.Exec(ctx, dropOwed, o.Library, o.ID); err != nil {
		return fmt.Errorf("where order %d goes: %w", o.ID, err)
	}
	for _, w := range ways {
		if _, err := tx.Exec(ctx, insertSend, o.Library, o.ID, w.Conversation, w.Conversation == 0, now); err != nil {
			return fmt.Errorf("where order %d goes: %w", o.ID, err)
		}
	}
	return nil
}

// Owed gives the ways by which the order is to go.
func Owed(ctx context.Context, db contacts.DB, lib library.ID, id ID) ([]Send, error) {
	return listSends(ctx, db, owedSends, lib, id)
}

// Sends gives the latest ways by which the order went or is to go, newest first.
func Sends(ctx context.Context, db contacts.DB, lib library.ID, id ID) ([]Send, error) {
	return listSends(ctx, db, allSends, lib, id)
}

func listSends(ctx context.Context, db contacts.DB, sql string, lib library.ID, id ID) ([]Send, error) {
	rows, err := db.Query(ctx, sql, lib, id)
	if err != nil {
		return nil, fmt.Errorf("sendings of order %d: %w", id, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Send])
	if err != nil {
		return nil, fmt.Errorf("sendings of order %d: %w", id, err)
	}
	return out, nil
}

// SetsOf are what the sent order can be had as once more: the whole as it is kept, then what went by the ways of the last release, in fewer parts before more.
// What was complained of is not among them: a release chooses all its ways at one moment, which tells them from those of another.
func SetsOf(o Order, sends []Send) [][]files.ID {
	sets := [][]files.ID{o.Files}
	last := slices.IndexFunc(sends, func(s Send) bool { return s.Sent != nil })
	for _, s := range sends {
		if last >= 0 && s.Sent != nil && s.Chosen.Equal(sends[last].Chosen) && len(s.Files) > 0 {
			sets = append(sets, s.Files)
		}
	}
	slices.SortStableFunc(sets, func(a, b []files.ID) int { return len(a) - len(b) })
	return sets
}

// NoteSent notes what went this way, or why nothing could. ErrState when somebody was faster.
func NoteSent(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, s Send, now time.Time) error {
	if err := files.Link(ctx, tx, lib, s.Files...); err != nil {
		return err
	}
	if s.Files == nil {
		s.Files = []files.ID{}
	}
	tag, err := tx.Exec(ctx, noteSent, lib, id, s.ID, s.Conversation, s.Files, s.Linked, s.Problem, now)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrState
	}
	if err != nil {
		return fmt.Errorf("sending %d of order %d: %w", s.ID, id, err)
	}
	return nil
}

// Besides reports whether the same pages go to their reader by another way too, which has not failed. It locks the order: of two ways that fail at once the
// second sees that the first has failed.
func Besides(ctx context.Context, tx pgx.Tx, lib library.ID, send int64) (bool, error) {
	if _, err := tx.Exec(ctx, lockSent, lib, send); err != nil {
		return false, fmt.Errorf("order of sending %d: %w", send, err)
	}
	rows, err := tx.Query(ctx, besides, lib, send)
	if err != nil {
		return false, fmt.Errorf("beside sending %d: %w", send, err)
	}
	var ids []int64
	var convs []bots.ConversationID
	var id int64
	var conv bots.ConversationID
	if _, err := pgx.ForEachRow(rows, []any{&id, &conv}, func() error { ids, convs = append(ids, id), append(convs, conv); return nil }); err != nil {
		return false, fmt.Errorf("beside sending %d: %w", send, err)
	}
	if len(ids) == 0 {
		return false, nil
	}
	fates, err := bots.Fates(ctx, tx, lib, convs, ids)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(ids, func(id int64) bool { return fates[id].State != "failed" }), nil
}
