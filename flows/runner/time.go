package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
)

// keepTime wakes conversations whose time has come, and finds those that a dead process had in hand.
func (r *Runner) keepTime(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for _, sweep := range []func(context.Context) error{r.wakeSleepers, r.findOrphans} {
			if err := sweep(ctx); err != nil && ctx.Err() == nil {
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

// openStuck tells staff that the program cannot go on in a conversation.
func (r *Runner) openStuck(ctx context.Context, tx pgx.Tx, k key) error {
	lib, err := r.Libraries.ByID(ctx, k.lib)
	if err != nil {
		return err
	}
	now := r.Now()
	_, err = queue.Open(ctx, tx, []queue.NewTask{{
		Library: k.lib, Kind: queue.KindStuck, Role: queue.RoleLibrarian, Conversation: k.id, Created: now, Due: lib.Due(now, promised),
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

// ForgetDrafts ends conversations of the library that were left in the middle before the moment, and what was answered in them. It says how many.
func (r *Runner) ForgetDrafts(ctx context.Context, lib library.ID, before time.Time) (int64, error) {
	tag, err := r.Pool.Exec(ctx, `with old as (
  select id from conversations where library_id = $1 and heard_at < $2 and ready_at is null and state -> 'vars' is not null
  order by id for no key update)
update conversations c set state = '{}', wake_at = null from old where c.library_id = $1 and c.id = old.id`, lib, before)
	if err != nil {
		return 0, fmt.Errorf("forget drafts of library %d: %w", lib, err)
	}
	return tag.RowsAffected(), nil
}
