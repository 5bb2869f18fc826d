package runner

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

// mark is what a reader does to a message that is there already: they take their own back, or put a sign to ours. It is no event: it is not answered, and
// begins nothing.
type mark struct {
	lib     library.ID
	conv    bots.ConversationID
	deletes string
	react   *bots.Reaction
}

// marks reports that the message only marks an earlier one.
func (a arrival) marks() bool { return a.in.Deletes != "" || a.in.React != nil }

// apart gives the messages, and those that only mark earlier ones.
func apart(group []arrival) (messages, marking []arrival) {
	if !slices.ContainsFunc(group, arrival.marks) {
		return group, nil
	}
	for _, a := range group {
		if a.marks() {
			marking = append(marking, a)
		} else {
			messages = append(messages, a)
		}
	}
	return messages, marking
}

// placed gives the marks with their conversations. Those of strangers and of blocked senders are dropped: no address is made for them.
func placed(ctx context.Context, tx pgx.Tx, marking []arrival) ([]mark, error) {
	if len(marking) == 0 {
		return nil, nil
	}
	known, err := contacts.Find(ctx, tx, senders(marking))
	if err != nil {
		return nil, err
	}
	var out []mark
	for i, k := range known {
		if k.ID != 0 && !k.Blocked {
			out = append(out, mark{marking[i].in.Library, bots.ConversationID(k.ID), marking[i].in.Deletes, marking[i].in.React})
		}
	}
	return out, nil
}

// queueLocks locks the conversations of both in one order, before either is written.
func queueLocks(batch *pgx.Batch, events []newEvent, marks []mark) {
	var libs, convs []int64
	for _, e := range events {
		libs, convs = append(libs, int64(e.lib)), append(convs, int64(e.conv))
	}
	for _, m := range marks {
		libs, convs = append(libs, int64(m.lib)), append(convs, int64(m.conv))
	}
	batch.Queue(lockConversations, libs, convs)
}

// What no flow was given yet is never given to one; a message goes with all that its sender has made of it since, which channels tell by something behind its
// id. A message that is not here, or comes later than its deletion, is left as it is.
const takeBack = `with old as (
  select library_id, conversation_id, seq, state in ('waiting', 'ready') as unseen from events
  where library_id = $1 and conversation_id = $2 and (external_id = $3 or starts_with(external_id, $3 || '@')) and kind = 'message'
    and deleted_at is null),
gone as (
  update events e set deleted_at = $4, state = case when unseen then 'done' else state end, done_at = case when unseen then $4 else done_at end, fetch_at = null
  from old where e.library_id = old.library_id and e.conversation_id = old.conversation_id and e.seq = old.seq
  returning e.library_id, e.conversation_id, e.body, unseen),
next as (
  update conversations c set ready_at = least(c.ready_at, $4) from gone where c.library_id = gone.library_id and c.id = gone.conversation_id and unseen)
select f ->> 'file' from gone, json_array_elements(body -> 'files') as f where unseen and f ->> 'file' <> ''`

// put notes the marks. The caller holds the conversations' locks.
func (r *Runner) put(ctx context.Context, tx pgx.Tx, marks []mark, now time.Time) error {
	for _, m := range marks {
		if m.react != nil {
			if err := bots.React(ctx, tx, m.lib, m.conv, *m.react); err != nil {
				return err
			}
		}
		if m.deletes == "" {
			continue
		}
		rows, err := tx.Query(ctx, takeBack, m.lib, m.conv, "m:"+m.deletes, now)
		if err != nil {
			return fmt.Errorf("take a message of conversation %d back: %w", m.conv, err)
		}
		kept, err := pgx.CollectRows(rows, pgx.RowTo[files.ID])
		if err != nil {
			return fmt.Errorf("take a message of conversation %d back: %w", m.conv, err)
		}
		if err := files.Link(ctx, tx, m.lib, kept...); err != nil { // staff see it as they see the words
			return err
		}
	}
	return nil
}
