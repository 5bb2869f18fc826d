package bots

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// noteWait bounds the writing of results; while the service stops less is left.
const noteWait = 5 * time.Second

// The rows are locked in the order in which Withdraw takes conversations.
const lockResults = `select from outbox o join unnest($1::bigint[], $2::bigint[], $3::int[]) as r (lib, conv, seq)
  on o.library_id = r.lib and o.conversation_id = r.conv and o.seq = r.seq
order by o.library_id, o.conversation_id, o.seq for update of o`

// A lease that has ended may not put the message back; but what was sent was sent, whatever has happened to the row meanwhile.
const noteResults = `update outbox o set
  state = case when r.state = 'queued' and o.fenced then 'withdrawn' else r.state end,
  attempts = o.attempts - r.untried::int, next_at = r.next_at, lease_until = null,
  provider_id = coalesce(nullif(r.provider, ''), o.provider_id), problem = r.problem,
  sent_at = case when r.state in ('sent', 'confirmed') then $10::timestamptz end,
  confirmed_at = case when r.state = 'confirmed' then $10::timestamptz end
from unnest($1::bigint[], $2::bigint[], $3::int[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::bool[], $9::timestamptz[])
  as r (lib, conv, seq, state, next_at, provider, problem, untried, lease)
where o.library_id = r.lib and o.conversation_id = r.conv and o.seq = r.seq
  and (o.state = 'leased' and o.lease_until = r.lease or r.state in ('sent', 'confirmed') and o.state in ('leased', 'queued', 'withdrawn'))
returning o.library_id, o.conversation_id, o.seq`

// note writes the results and gives those that could not be written: all together, or else each alone, so that one that fails holds up no other.
// The context is not the one that stops the service: what was sent is written after that too.
func (s *Sender) note(ctx context.Context, all []result) []result {
	writing, cancel := context.WithTimeout(ctx, noteWait)
	defer cancel()
	err := s.write(writing, all)
	if err == nil {
		s.wipe(writing, all)
		return nil
	}
	s.log.Error("results of sending are not noted", "messages", len(all), "err", err)
	if len(all) == 1 {
		return all
	}
	var left []result
	for _, r := range all {
		if s.write(writing, []result{r}) != nil { // told above, and tried again
			left = append(left, r)
			continue
		}
		s.wipe(writing, []result{r})
	}
	return left
}

// givesWay makes the sender the one to try again where it and a person's transaction wait for each other: less than PostgreSQL's deadlock_timeout.
const givesWay = `set local lock_timeout = '300ms'`

// write notes the results in one transaction: in one round trip, unless some of them have failed and are handed on.
func (s *Sender) write(ctx context.Context, all []result) error {
	if !slices.ContainsFunc(all, func(r result) bool { return r.state == "failed" }) {
		batch := &pgx.Batch{}
		s.queueResults(batch, all)
		if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("note %d results: %w", len(all), err)
		}
		return nil
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(givesWay)
		noted := s.queueResults(batch, all)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("note %d results: %w", len(all), err)
		}
		var failures []Failure
		for _, r := range all {
			if r.state == "failed" && noted[rowKey{r.LibraryID, r.ConversationID, r.Seq}] {
				failures = append(failures, r.failure())
			}
		}
		if len(failures) == 0 {
			return nil
		}
		return s.failed(ctx, tx, failures)
	})
}

// rowKey names a row of the outbox.
type rowKey struct {
	library      library.ID
	conversation ConversationID
	seq          int
}

// queueResults gives a set that is filled, when the batch is sent, with the rows that were still this sender's to note.
func (s *Sender) queueResults(batch *pgx.Batch, all []result) map[rowKey]bool {
	now, n := s.now(), len(all)
	libs, convs, seqs, untried := make([]int64, n), make([]int64, n), make([]int32, n), make([]bool, n)
	states, providers, problems := make([]string, n), make([]string, n), make([]string, n)
	nexts, leases := make([]time.Time, n), make([]time.Time, n)
	signals := make([]Signal, n)
	for i, r := range all {
		libs[i], convs[i], seqs[i], untried[i] = int64(r.LibraryID), int64(r.ConversationID), int32(r.Seq), r.untried
		states[i], providers[i], problems[i], nexts[i], leases[i] = r.state, r.providerID, r.problem, now.Add(r.after), r.LeaseUntil
		signals[i] = Signal{TopicChat, r.LibraryID, int64(r.ConversationID)}
	}
	noted := make(map[rowKey]bool, n)
	batch.Queue(lockResults, libs, convs, seqs)
	batch.Queue(noteResults, libs, convs, seqs, states, nexts, providers, problems, untried, leases, now).Query(func(rows pgx.Rows) error {
		var k rowKey
		_, err := pgx.ForEachRow(rows, []any{&k.library, &k.conversation, &k.seq}, func() error {
			noted[k] = true
			return nil
		})
		return err
	})
	QueueNotify(batch, signals...)
	return noted
}

func (r result) failure() Failure {
	f := Failure{
		Library: r.LibraryID, Conversation: r.ConversationID, Seq: r.Seq, Kind: r.Kind, Body: r.Body, Blocked: r.blocked, Problem: r.problem,
	}
	if r.SecretID != nil {
		f.Secret = *r.SecretID
	}
	return f
}

// wipe destroys the secrets of messages that need them no more. What is missed here ends after 72 hours.
func (s *Sender) wipe(ctx context.Context, all []result) {
	for _, r := range all {
		if r.SecretID == nil || !r.final || !r.arrived() {
			continue
		}
		if err := s.secrets.Destroy(ctx, r.LibraryID, *r.SecretID); err != nil {
			s.log.Error("secret of a sent message stays", "conversation", r.ConversationID, "err", err)
		}
	}
}
