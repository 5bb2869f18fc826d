package runner

import (
	"context"
	"fmt"
	"slices"
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

// lookTime bounds the look for what is next.
const lookTime = 10 * time.Second

// groupTime bounds one group, so that no worker waits for ever for a connection.
const groupTime = time.Minute

// key names a conversation.
type key struct {
	lib library.ID
	id  bots.ConversationID
}

// input names the events that are one input of a conversation.
type input struct {
	key
	seqs string // as an array's text
}

// work claims and moves conversations until the context ends. The number is the worker's own within the process.
func (r *Runner) work(ctx context.Context, worker int) error {
	wake, stop := r.Signals.Subscribe(bots.Signal{Topic: bots.TopicEvents})
	defer stop()
	for ctx.Err() == nil {
		then := r.Now()
		busy, err := r.group(ctx, worker)
		if busy && err == nil {
			continue
		}
		wait := poll
		if err == nil { // what was ready others have in hand
			wait, err = r.untilNext(ctx, then)
		}
		if err != nil && ctx.Err() == nil {
			r.Log.Error("conversations are not moved", "err", err)
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

// untilNext is how long no conversation becomes ready, of those that were not by then; at most until the next poll.
func (r *Runner) untilNext(ctx context.Context, then time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	var at *time.Time
	if err := r.Pool.QueryRow(ctx, `select min(ready_at) from conversations where ready_at > $1`, then).Scan(&at); err != nil {
		return poll, fmt.Errorf("look for the next conversation: %w", err)
	}
	if at == nil {
		return poll, nil
	}
	return min(max(at.Sub(r.Now()), 0), poll), nil
}

// group moves as many conversations as wait, in one transaction, and reports whether there were any. When the group fails each of its conversations is
// moved alone, so that only the one that fails counts as failed.
func (r *Runner) group(ctx context.Context, worker int) (busy bool, err error) {
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
		return r.move(ctx, tx, worker, together)
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
		if err := r.one(ctx, worker, k); err != nil {
			return true, err
		}
	}
	return len(together)+len(alone) > 0, nil
}

// one moves a single conversation in a transaction of its own and counts a failure.
func (r *Runner) one(ctx context.Context, worker int, k key) error {
	var seqs []int32
	err := r.claim(ctx, r.Now(), claimOne, []any{k.lib, k.id}, func(tx pgx.Tx, turns []*turn) error {
		seqs = turns[0].seqs()
		return r.move(ctx, tx, worker, turns)
	})
	switch {
	case err == nil, conflict(err): // the latter is simply done again
		return nil
	case len(seqs) == 0 || blameless(err):
		return err
	}
	r.Log.Error("turn failed", "library", k.lib, "conversation", k.id, "err", err)
	return pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error { return r.countFailure(ctx, tx, input{k, arrayText(seqs)}) })
}

// claim locks conversations and gives them with their inputs to do, in one transaction. What others have in hand is left to them.
func (r *Runner) claim(ctx context.Context, now time.Time, sql string, args []any, do func(pgx.Tx, []*turn) error) error {
	var turns []*turn
	err := r.transact(ctx, func(tx pgx.Tx) (err error) {
		if turns, err = r.read(ctx, tx, now, sql, args); err != nil || len(turns) == 0 {
			return err
		}
		return do(tx, turns)
	})
	if err == nil && len(turns) > 0 && r.Moved != nil {
		r.Moved(len(turns), r.Now().Sub(now))
	}
	return err
}

// countFailure counts the events as failed once more, unless they are done or somebody has them in hand. They are tried again after a while, alone; after
// five times they are dead, staff are told, and what follows them goes on.
func (r *Runner) countFailure(ctx context.Context, tx pgx.Tx, in input) error {
	var free bool
	if err := tx.QueryRow(ctx, `select exists (select from conversations where library_id = $1 and id = $2 for no key update skip locked)`, in.lib, in.id).Scan(&free); err != nil {
		return fmt.Errorf("lock conversation %d: %w", in.id, err)
	}
	if !free {
		return nil
	}
	rows, err := tx.Query(ctx, `update events set attempts = attempts + 1, state = case when attempts + 1 < $4 then state else 'dead' end
where library_id = $1 and conversation_id = $2 and seq = any($3::text::int[]) and state = 'ready' returning attempts`, in.lib, in.id, in.seqs, attemptsMost)
	if err != nil {
		return fmt.Errorf("count a failure of conversation %d: %w", in.id, err)
	}
	counts, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return fmt.Errorf("count a failure of conversation %d: %w", in.id, err)
	}
	if len(counts) == 0 {
		return nil
	}
	attempts, again := slices.Max(counts), r.Now()
	if attempts < attemptsMost {
		again = again.Add(time.Duration(attempts*attempts) * time.Second)
	} else if err := r.openStuck(ctx, tx, in.key); err != nil {
		return err
	}
	r.Log.Warn("input counts as failed", "library", in.lib, "conversation", in.id, "events", in.seqs, "attempts", attempts)
	if _, err := tx.Exec(ctx, `update conversations set ready_at = $3 where library_id = $1 and id = $2`, in.lib, in.id, again); err != nil {
		return fmt.Errorf("put conversation %d off: %w", in.id, err)
	}
	return nil
}
