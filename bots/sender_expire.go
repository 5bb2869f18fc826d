package bots

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// expireMost is how many of a kind are handed on at a time.
const expireMost = 64

const giveBack = `with ended as (
  select library_id, conversation_id, seq from outbox where state = 'leased' and lease_until < $1 for update skip locked)
update outbox o set state = case when fenced then 'withdrawn' else 'queued' end, lease_until = null
from ended e where o.library_id = e.library_id and o.conversation_id = e.conversation_id and o.seq = e.seq
returning o.library_id, o.conversation_id`

const (
	findUnseen = `select o.library_id, o.conversation_id, o.seq from unnest($1::bigint[], $2::timestamptz[]) as c (id, before)
cross join lateral (select * from outbox
  where channel_id = c.id and state = 'sent' and kind in ('staff', 'notice') and copied_at is null and sent_at < c.before and secret_id is null
  order by sent_at limit $3) o`

	takeUnseen = `update outbox set copied_at = $4
where library_id = $1 and conversation_id = $2 and seq = $3 and state = 'sent' and copied_at is null
returning kind, body, coalesce(secret_id, '')`

	findStale = `select library_id, conversation_id, seq from outbox where state = 'queued' and until <= $1 order by until limit $2`

	takeStale = `update outbox set state = 'failed', problem = 'expired'
where library_id = $1 and conversation_id = $2 and seq = $3 and state = 'queued' and until <= $4
returning kind, body, coalesce(secret_id, '')`

	// A password that nobody has fetched. Letters are not looked at by us: they are settled.
	findUnfetched = `select o.library_id, o.conversation_id, o.seq from outbox o
join channels c on c.library_id = o.library_id and c.id = o.channel_id
where o.state = 'sent' and o.kind in ('staff', 'notice') and o.copied_at is null and o.secret_id is not null and o.until <= $1 and c.kind <> 'email'
order by o.until limit $2`

	takeUnfetched = `update outbox set state = 'failed', problem = 'expired'
where library_id = $1 and conversation_id = $2 and seq = $3 and state = 'sent' and until <= $4
returning kind, body, coalesce(secret_id, '')`
)

// expire gives back leases of a sender that died, and hands on what is too old to be sent and what nobody has looked at.
// While results of messages that arrived are not written (owing), no lease is given back: theirs may have ended.
func (s *Sender) expire(ctx context.Context, owing bool) {
	now := s.now()
	acks, before := []int64{}, []time.Time{}
	s.channels.each(func(id ChannelID, e entry) {
		if l := e.Limits(); l.Acks && l.Unseen > 0 {
			acks, before = append(acks, int64(id)), append(before, now.Add(-l.Unseen))
		}
	})
	var given error
	if !owing {
		given = s.giveBack(ctx, now)
	}
	err := errors.Join(
		given,
		s.handOn(ctx, "expired", takeStale, now, findStale, now, expireMost),
		s.handOn(ctx, "expired", takeUnfetched, now, findUnfetched, now, expireMost),
		s.handOn(ctx, "unseen", takeUnseen, now, findUnseen, acks, before, expireMost),
	)
	if err != nil && ctx.Err() == nil {
		s.log.Error("outbox is not tidied", "err", err)
	}
}

func (s *Sender) giveBack(ctx context.Context, now time.Time) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, giveBack, now)
		if err != nil {
			return fmt.Errorf("give back leases: %w", err)
		}
		signals, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Signal, error) {
			sig := Signal{Topic: TopicChat}
			err := row.Scan(&sig.Library, &sig.ID)
			return sig, err
		})
		if err != nil {
			return fmt.Errorf("give back leases: %w", err)
		}
		return Notify(ctx, tx, signals...)
	})
}

// handOn gives what is found to Failed, each in a transaction of its own: one that cannot be handed on holds up no other.
func (s *Sender) handOn(ctx context.Context, problem, take string, now time.Time, find string, args ...any) error {
	rows, err := s.pool.Query(ctx, find, args...)
	if err != nil {
		return fmt.Errorf("find what is %s: %w", problem, err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (rowKey, error) {
		var k rowKey
		err := row.Scan(&k.library, &k.conversation, &k.seq)
		return k, err
	})
	if err != nil {
		return fmt.Errorf("find what is %s: %w", problem, err)
	}
	var all []error
	for _, k := range found {
		if err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.take(ctx, tx, take, k, problem, now) }); err != nil {
			all = append(all, fmt.Errorf("message %d of conversation %d is %s: %w", k.seq, k.conversation, problem, err))
		}
	}
	return errors.Join(all...)
}

func (s *Sender) take(ctx context.Context, tx pgx.Tx, take string, k rowKey, problem string, now time.Time) error {
	if _, err := tx.Exec(ctx, givesWay); err != nil {
		return err
	}
	f := Failure{Library: k.library, Conversation: k.conversation, Seq: k.seq, Problem: problem}
	err := tx.QueryRow(ctx, take, k.library, k.conversation, k.seq, now).Scan(&f.Kind, &f.Body, &f.Secret)
	if errors.Is(err, pgx.ErrNoRows) { // another process was quicker, or it has been seen
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.failed(ctx, tx, []Failure{f}); err != nil {
		return err
	}
	return Notify(ctx, tx, Signal{TopicChat, k.library, int64(k.conversation)})
}
