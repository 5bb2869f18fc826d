package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
)

// keepTime wakes conversations whose time has come, and finds those that a dead process had in hand.
func (r *Runner) keepTime(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for _, sweep := range []func(context.Context) error{r.wakeSleepers, r.findOrphans, r.remindLessons, r.tellLate, r.releaseHeld} {
			sweeping, cancel := context.WithTimeout(ctx, sweepTime)
			err := sweep(sweeping)
			cancel()
			if err != nil && ctx.Err() == nil {
				r.Log.Error("timers are not kept", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweepTime bounds one look for timers or orphans.
const sweepTime = 30 * time.Second

// wakeMost bounds what one transaction wakes.
const wakeMost = 100

const sleepers = `select library_id, id, wake_turn from conversations where wake_at <= $1 order by library_id, id limit $2 for no key update skip locked`

// wakeSleepers turns every timer that has run out into an event.
func (r *Runner) wakeSleepers(ctx context.Context) error {
	for {
		n, err := r.wakeSome(ctx)
		if err != nil || n < wakeMost {
			return err
		}
	}
}

// wakeSome wakes some conversations. The event names the turn in which the timer was set: a newer turn makes it void.
func (r *Runner) wakeSome(ctx context.Context) (n int, err error) {
	err = pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		now := r.Now()
		rows, err := tx.Query(ctx, sleepers, now, wakeMost)
		if err != nil {
			return fmt.Errorf("look for timers: %w", err)
		}
		var events []newEvent
		var libs, ids []int64
		var k key
		var wake int
		_, err = pgx.ForEachRow(rows, []any{&k.lib, &k.id, &wake}, func() error {
			libs, ids = append(libs, int64(k.lib)), append(ids, int64(k.id))
			events = append(events, newEvent{
				lib: k.lib, conv: k.id, kind: string(flows.Timeout), external: fmt.Sprintf("w:%d", wake), body: body{Wake: wake}, state: "ready", written: now, ready: now,
			})
			return nil
		})
		if n = len(events); err != nil || n == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `update conversations c set wake_at = null from unnest($1::bigint[], $2::bigint[]) as w (l, i)
where c.library_id = w.l and c.id = w.i`, libs, ids); err != nil {
			return fmt.Errorf("stop timers: %w", err)
		}
		return addEvents(ctx, tx, now, events)
	})
	return n, err
}

// unpromised is the working time for what no library can have promised.
const unpromised = 4 * time.Hour

// openStuck tells staff that the program cannot go on in a conversation.
func (r *Runner) openStuck(ctx context.Context, tx pgx.Tx, k key) error {
	now := r.Now()
	due := now.Add(unpromised)
	lib, err := r.Libraries.ByID(ctx, k.lib)
	switch {
	case err == nil:
		due = lib.Due(now, lib.Settings.Work(queue.KindStuck))
	case blameless(err) || ctx.Err() != nil:
		return err
	default: // that it cannot be read may be why the conversation is stuck
		r.Log.Error("library cannot be read", "library", k.lib, "err", err)
	}
	_, err = queue.Open(ctx, tx, []queue.NewTask{{
		Library: k.lib, Kind: queue.KindStuck, Role: queue.RoleLibrarian, Conversation: k.id, Created: now, Due: due,
	}})
	return err
}

// randomID is 128 random bits as text.
func randomID() (string, error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("random id: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

const oldDrafts = `select id, state from conversations where library_id = $1 and heard_at < $2 and ready_at is null
  and (state -> 'vars' is not null or state -> 'held' -> 'vars' is not null or state -> 'came' is not null or state -> 'held' -> 'came' is not null) order by id for no key update`

// draft is a conversation that was left in the middle.
type draft struct {
	ID    bots.ConversationID
	State []byte
}

// ForgetDrafts ends conversations of the library that were left in the middle before the moment, with what was answered in them and the photos that were
// sent for it. It says how many.
func (r *Runner) ForgetDrafts(ctx context.Context, lib library.ID, before time.Time) (n int64, err error) {
	err = pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, oldDrafts, lib, before)
		if err != nil {
			return err
		}
		drafts, err := pgx.CollectRows(rows, pgx.RowToStructByName[draft])
		if err != nil {
			return err
		}
		ids := make([]bots.ConversationID, len(drafts))
		keys := make([]contacts.PartyKey, len(drafts))
		for i, d := range drafts {
			ids[i], keys[i] = d.ID, contacts.PartyKey{Library: lib, Address: contacts.AddressID(d.ID)}
			if err := r.purgePhotos(ctx, tx, lib, d); err != nil {
				return err
			}
		}
		if err := forgetTyped(ctx, tx, lib, keys, before); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update conversations set state = '{}', wake_at = null where library_id = $1 and id = any($2)`, lib, ids)
		n = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget drafts of library %d: %w", lib, err)
	}
	return n, nil
}

// purgePhotos removes the photos that the draft names, also in the conversation that a question has interrupted.
func (r *Runner) purgePhotos(ctx context.Context, tx pgx.Tx, lib library.ID, d draft) error {
	var state stored
	if json.Unmarshal(d.State, &state) != nil {
		r.Log.Warn("draft cannot be read, its photos stay", "library", lib, "conversation", d.ID) // the cause may quote it
		return nil
	}
	for at := &state.State; at != nil; at = at.Held {
		for _, photo := range strings.Fields(at.Vars["photos"]) {
			if err := files.Purge(ctx, tx, lib, files.ID(photo), r.Now()); err != nil && !errors.Is(err, files.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

// What was typed to a person is theirs, and the questions to one are no draft.
const forgetTurns = `update events set turn = (turn::jsonb #- '{before,vars}' #- '{before,held,vars}' #- '{after,vars}' #- '{after,held,vars}')::json,
  body = case when turn #>> '{before,flow}' = 'register' and turn -> 'muted' is null then (body::jsonb - 'text' - 'phone')::json else body end
where library_id = $1 and conversation_id = any($2) and received_at < $3 and state = 'done' and turn is not null`

// forgetTyped removes what was answered in the drafts from what is kept of their turns, for those who have not registered anybody.
func forgetTyped(ctx context.Context, tx pgx.Tx, lib library.ID, keys []contacts.PartyKey, before time.Time) error {
	if len(keys) == 0 {
		return nil
	}
	parties := map[contacts.PartyKey]contacts.Party{}
	batch := &pgx.Batch{}
	contacts.QueueParties(batch, keys, parties)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("who wrote %d drafts: %w", len(keys), err)
	}
	var ids []int64
	for _, k := range keys {
		if len(parties[k].People) == 0 {
			ids = append(ids, int64(k.Address))
		}
	}
	if _, err := tx.Exec(ctx, forgetTurns, lib, ids, before); err != nil {
		return fmt.Errorf("turns of %d drafts: %w", len(ids), err)
	}
	return nil
}
