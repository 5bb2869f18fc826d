package bots

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
)

const benchRows = 1000

// BenchmarkSender empties an outbox of 1,000 messages to 1,000 addresses through a channel that answers at once.
func BenchmarkSender(b *testing.B) {
	h := newHouse(b, pgtest.Durable(b))
	ids := h.conversations(h.channel, benchRows)
	seq := 0
	fill := func() {
		seq++
		all := make([]Message, len(ids))
		for i, id := range ids {
			all[i] = h.message(id, seq)
		}
		h.queue(all...)
		if _, err := h.pool.Exec(b.Context(), `vacuum analyze outbox`); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("sender", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			fill()
			left := make(chan struct{}, benchRows)
			c := instant{left}
			s := h.sender(map[ChannelID]Channel{h.channel: c})
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			b.StartTimer()
			go func() { ended <- s.Run(ctx) }()
			for range benchRows {
				<-left
			}
			cancel()
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			h.allConfirmed(seq)
			b.StartTimer()
		}
		b.ReportMetric(float64(benchRows*b.N)/b.Elapsed().Seconds(), "msg/s")
	})
	b.Run("row by row", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			fill()
			left := make(chan struct{}, benchRows)
			c := instant{left}
			b.StartTimer()
			for range benchRows {
				if err := h.sendOne(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			h.allConfirmed(seq)
			b.StartTimer()
		}
		b.ReportMetric(float64(benchRows*b.N)/b.Elapsed().Seconds(), "msg/s")
	})
}

func (h *house) allConfirmed(seq int) {
	h.Helper()
	var n int
	if err := h.pool.QueryRow(h.Context(), `select count(*) from outbox where seq = $1 and state = 'confirmed'`, seq).Scan(&n); err != nil || n != benchRows {
		h.Fatalf("%d of %d were sent, %v", n, benchRows, err)
	}
}

// sendOne is the plainest way: take one, send it, note it.
func (h *house) sendOne(ctx context.Context, c Channel) error {
	one := h.sender(map[ChannelID]Channel{h.channel: c})
	var row leased
	err := h.pool.QueryRow(ctx, `update outbox o set state = 'leased', lease_until = $1, attempts = attempts + 1
from (select library_id, conversation_id, seq from outbox where state = 'queued' and channel_id = $2 and next_at <= $3
  order by next_at limit 1 for update skip locked) h
where o.library_id = h.library_id and o.conversation_id = h.conversation_id and o.seq = h.seq
returning o.library_id, o.conversation_id, o.seq, o.channel_id, o.body`, noon.Add(leaseTime), h.channel, noon).
		Scan(&row.LibraryID, &row.ConversationID, &row.Seq, &row.ChannelID, &row.Body)
	if err != nil {
		return err
	}
	key := contacts.PartyKey{Library: row.LibraryID, Address: contacts.AddressID(row.ConversationID)}
	addresses, err := contacts.Externals(ctx, h.pool, []contacts.PartyKey{key})
	if err != nil {
		return err
	}
	row.address = addresses[key]
	out, err := one.outbound(ctx, row)
	if err != nil {
		return err
	}
	id, err := c.Send(ctx, out)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update outbox set state = 'confirmed', lease_until = null, provider_id = $4, sent_at = $5, confirmed_at = $5
where library_id = $1 and conversation_id = $2 and seq = $3`, row.LibraryID, row.ConversationID, row.Seq, id, noon); err != nil {
			return err
		}
		return Notify(ctx, tx, Signal{TopicChat, row.LibraryID, int64(row.ConversationID)})
	})
}

// BenchmarkLeaseBehindLongQueue is one look at the outbox while 5,000 messages of one conversation wait in it.
func BenchmarkLeaseBehindLongQueue(b *testing.B) {
	h := newHouse(b, pgtest.Durable(b))
	id := h.conversations(h.channel, 1)[0]
	all := make([]Message, 5000)
	for i := range all {
		all[i] = h.message(id, i+1)
	}
	h.queue(all...)
	s := h.sender(map[ChannelID]Channel{h.channel: instant{}})
	if rows, err := s.lease(b.Context(), nil); err != nil || len(rows) != 1 {
		b.Fatalf("leased %d, %v", len(rows), err)
	}
	for b.Loop() {
		if rows, err := s.lease(b.Context(), nil); err != nil || len(rows) != 0 {
			b.Fatalf("leased %d, %v", len(rows), err)
		}
	}
}

// instant answers at once.
type instant struct{ sent chan struct{} }

func (instant) Kind() Kind     { return "script" }
func (instant) Limits() Limits { return Limits{} }

func (c instant) Send(context.Context, Outbound) (string, error) {
	if c.sent != nil {
		c.sent <- struct{}{}
	}
	return time.Duration(0).String(), nil
}
