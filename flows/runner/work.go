package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// The limits of one turn.
const (
	askMost      = 8 // asks of one turn
	attemptsMost = 5 // then the event is dead and staff are told
)

// poll is how often the database is asked though nobody has signalled.
const poll = time.Second

// groupTime bounds one group, so that no worker waits for ever for a connection.
const groupTime = time.Minute

// key names a conversation.
type key struct {
	lib library.ID
	id  bots.ConversationID
}

// work claims and moves conversations until the context ends.
func (r *Runner) work(ctx context.Context) error {
	wake, stop := r.Signals.Subscribe(bots.Signal{Topic: bots.TopicEvents})
	defer stop()
	for ctx.Err() == nil {
		busy, err := r.group(ctx)
		if busy && err == nil {
			continue
		}
		wait := poll
		if err == nil {
			wait, err = r.untilNext(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.Log.Error("conversations are not moved", "err", err)
			wait = poll
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.eventCame:
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// untilNext is how long no conversation becomes ready by itself, at most until the next poll.
func (r *Runner) untilNext(ctx context.Context) (time.Duration, error) {
	now := r.Now()
	var at *time.Time
	if err := r.Pool.QueryRow(ctx, `select min(ready_at) from conversations where ready_at > $1`, now).Scan(&at); err != nil {
		return poll, fmt.Errorf("look for the next conversation: %w", err)
	}
	if at == nil {
		return poll, nil
	}
	return min(at.Sub(now), poll), nil
}

// group moves as many conversations as wait, in one transaction, and reports whether there were any. When the group fails each of its conversations is
// moved alone, so that only the one that fails counts as failed.
func (r *Runner) group(ctx context.Context) (busy bool, err error) {
	// What is in hand is finished though the service is stopping.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), groupTime)
	defer cancel()
	now := r.Now()
	var together []*turn
	var alone []key
	err = r.claim(ctx, now, claimReady, []any{now, r.Group}, func(tx pgx.Tx, turns []*turn) error {
		for _, t := range turns {
			if t.failedBefore() {
				alone = append(alone, t.key())
			} else {
				together = append(together, t)
			}
		}
		if len(together) == 0 {
			return nil
		}
		return r.move(ctx, tx, together)
	})
	if err != nil {
		if len(together) == 0 || blameless(err) && !conflict(err) {
			return false, err
		}
		for _, t := range together {
			alone = append(alone, t.key())
		}
	}
	for _, k := range alone {
		if err := r.one(ctx, k); err != nil {
			return true, err
		}
	}
	return len(together)+len(alone) > 0, nil
}

// one moves a single conversation in a transaction of its own and counts a failure.
func (r *Runner) one(ctx context.Context, k key) error {
	var seqs []int32
	err := r.claim(ctx, r.Now(), claimOne, []any{k.lib, k.id}, func(tx pgx.Tx, turns []*turn) error {
		seqs = turns[0].seqs()
		return r.move(ctx, tx, turns)
	})
	switch {
	case err == nil, conflict(err): // the latter is simply done again
		return nil
	case len(seqs) == 0 || blameless(err):
		return err
	}
	r.Log.Error("turn failed", "library", k.lib, "conversation", k.id, "err", err)
	return r.countFailure(ctx, k, func(pgx.Tx) ([]int32, error) { return seqs, nil })
}

// claim locks conversations and gives them with their inputs to do, in one transaction. What others have in hand is left to them.
func (r *Runner) claim(ctx context.Context, now time.Time, sql string, args []any, do func(pgx.Tx, []*turn) error) error {
	var claimed []*conversation
	first := func(batch *pgx.Batch) { queueClaim(batch, sql, args, &claimed) }
	err := r.transact(ctx, first, func(tx pgx.Tx) error {
		if len(claimed) == 0 {
			return nil
		}
		turns, err := r.read(ctx, tx, claimed, now)
		if err != nil {
			return err
		}
		return do(tx, turns)
	})
	if err == nil && len(claimed) > 0 && r.Moved != nil {
		r.Moved(len(claimed), r.Now().Sub(now))
	}
	return err
}

// countFailure counts the events of the conversation that which names as failed once more. They are tried again after a while, alone; after five times
// they are dead, staff are told, and what follows them goes on.
func (r *Runner) countFailure(ctx context.Context, k key, which func(pgx.Tx) ([]int32, error)) error {
	err := pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, `select exists (select from conversations where library_id = $1 and id = $2 for no key update skip locked)`, k.lib, k.id).Scan(&free); err != nil || !free {
			return err // somebody has it in hand this moment
		}
		seqs, err := which(tx)
		if err != nil || len(seqs) == 0 {
			return err
		}
		rows, err := tx.Query(ctx, `update events set attempts = attempts + 1, state = case when attempts + 1 < $4 then state else 'dead' end
where library_id = $1 and conversation_id = $2 and seq = any($3) and state = 'ready' returning attempts`, k.lib, k.id, seqs, attemptsMost)
		if err != nil {
			return err
		}
		counts, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return err
		}
		again, dead := r.Now(), false
		for _, n := range counts {
			dead = dead || n >= attemptsMost
			again = r.Now().Add(time.Duration(n*n) * time.Second)
		}
		if dead {
			again = r.Now()
			if err := r.openStuck(ctx, tx, k); err != nil {
				return err
			}
		}
		batch := &pgx.Batch{}
		batch.Queue(`update conversations set ready_at = $3 where library_id = $1 and id = $2`, k.lib, k.id, again)
		batch.Queue(forgetWorking, []int64{int64(k.lib)}, []int64{int64(k.id)})
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("count a failure of conversation %d: %w", k.id, err)
	}
	return nil
}
