package bots

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts"
	"librarian/contacts/library"
)

// How sending goes.
const (
	inFlight    = 64                      // messages of a channel on their way at a time: a slow one does not hold up the others
	lookAt      = 10_000                  // of a channel's waiting messages, the oldest, to find those that may go
	sendTime    = 30 * time.Second        // one try
	stopTime    = 3500 * time.Millisecond // what is left to a try when the service stops
	lastNotes   = 800 * time.Millisecond  // what is left after that to the writing of results
	leaseTime   = 90 * time.Second        // longer than a try and the writing of its result
	leaseWait   = 3 * time.Second         // for the database
	firstRetry  = 2 * time.Second
	slowestPace = 15 * time.Minute
)

// Failure is a message that did not reach its address.
type Failure struct {
	Library      library.ID
	Conversation ConversationID
	Seq          int
	Kind         OutKind
	Body         Body
	Secret       string
	Blocked      bool // the reader has shut the door on us
	Problem      string
}

// Failed is called in the transaction that notes messages as failed, or as not seen by their readers.
type Failed func(ctx context.Context, tx pgx.Tx, failures []Failure) error

// Sender empties the outbox: one message of an address at a time, in order.
type Sender struct {
	// Tried, if set before Run, is told of every try to send and the state that the message is in after it.
	Tried func(kind Kind, outcome string, took time.Duration)

	pool     *pgxpool.Pool
	channels *Registry
	secrets  *Secrets
	signals  *Signals
	failed   Failed
	now      func() time.Time
	log      *slog.Logger
	stopTime time.Duration

	mu     sync.Mutex
	paused map[ChannelID]time.Time // the provider asked the whole channel to wait
}

// NewSender makes a sender; Run starts it.
func NewSender(pool *pgxpool.Pool, channels *Registry, secrets *Secrets, signals *Signals, failed Failed, now func() time.Time, log *slog.Logger) *Sender {
	return &Sender{
		pool: pool, channels: channels, secrets: secrets, signals: signals, failed: failed, now: now, log: log,
		stopTime: stopTime, paused: map[ChannelID]time.Time{},
	}
}

// leased is a row of the outbox in this process's hands.
type leased struct {
	LibraryID      library.ID
	ConversationID ConversationID
	Seq            int
	ChannelID      ChannelID
	Kind           OutKind
	Body           Body
	SecretID       *string
	ProviderID     *string // of an earlier try, or chosen by us
	Attempts       int
	Until          time.Time
	LeaseUntil     time.Time // tells this lease from a later one of the same row

	address string
}

// result is what became of one try.
type result struct {
	leased
	state      string // sent, confirmed, queued, failed
	after      time.Duration
	providerID string
	problem    string
	blocked    bool
	untried    bool // it never went out: the try does not count
	final      bool // the channel will not report it as shown
}

// Run sends until the context ends, then waits for what is on its way.
func (s *Sender) Run(ctx context.Context) error {
	wake, stop := s.signals.Subscribe(Signal{Topic: TopicOutbox})
	defer stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	w := work{results: make(chan result, inFlight), busy: map[ChannelID]int{}}
	// Results are written after the stop too, but whatever the database does, Run ends.
	noting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { cancelAfter(noting, cancel, s.stopTime+lastNotes) })()
	for ctx.Err() == nil {
		s.start(ctx, &w)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-tick.C:
			s.retain(noting, &w)
			s.expire(ctx, slices.ContainsFunc(w.unnoted, result.arrived))
		case r := <-w.results:
			s.settle(noting, &w, r)
		}
	}
	for w.running > 0 {
		s.settle(noting, &w, <-w.results)
	}
	s.retain(noting, &w)
	return nil
}

// arrived reports whether the message is with its provider, so that it must not go again.
func (r result) arrived() bool { return r.state == "sent" || r.state == "confirmed" }

// work is what Run has in its hands.
type work struct {
	results chan result
	running int
	busy    map[ChannelID]int // running, by channel
	unnoted []result          // the database could not take them
}

// start leases what may go and sends it.
func (s *Sender) start(ctx context.Context, w *work) {
	rows, err := s.lease(ctx, w.busy)
	if err != nil && ctx.Err() == nil {
		s.log.Error("outbox is not read", "err", err)
	}
	for _, row := range rows {
		w.running++
		w.busy[row.ChannelID]++
		go func() { w.results <- s.try(ctx, row) }()
	}
}

// settle notes the result together with all others that are there by now.
func (s *Sender) settle(ctx context.Context, w *work, first result) {
	all := []result{first}
	for len(all) < w.running {
		select {
		case r := <-w.results:
			all = append(all, r)
			continue
		default:
		}
		break
	}
	w.running -= len(all)
	for _, r := range all {
		w.busy[r.ChannelID]--
	}
	w.unnoted = append(w.unnoted, s.note(ctx, all)...)
}

// retain tries again to note what could not be noted. What outlives its lease is given up, for it may be on its way
// anew; but not what was sent, which would go a second time.
func (s *Sender) retain(ctx context.Context, w *work) {
	if len(w.unnoted) == 0 {
		return
	}
	now := s.now()
	w.unnoted = slices.DeleteFunc(w.unnoted, func(r result) bool { return !r.arrived() && !now.Before(r.LeaseUntil) })
	w.unnoted = s.note(ctx, w.unnoted)
}

// Each channel has a share of its own. Of a conversation only the oldest unsent message may go, and none while it is on its way; it is looked up once
// for each conversation, because thousands may wait in one. Where the channel has a pace, those go first whose oldest message somebody waits for: the last
// digit of the smallest number says whether it is an answer, so that it need not be looked up for all.
const lease = `with head as (
  select o.library_id, o.conversation_id, o.seq
  from unnest($2::bigint[], $3::int[], $7::bool[]) as c (id, free, paced)
  cross join lateral (
    select g.library_id, g.conversation_id, f.seq from (
      select library_id, conversation_id, min(next_at) as since,
        min(seq::bigint * 2 + (kind not in ('bot', 'staff', 'code'))::int) % 2 as unasked from (
        select library_id, conversation_id, next_at, seq, kind from outbox
        where state = 'queued' and channel_id = c.id and next_at <= $1 order by next_at limit $5) ready
      group by library_id, conversation_id) g
    cross join lateral (
      select seq, state, next_at, until from outbox p
      where p.library_id = g.library_id and p.conversation_id = g.conversation_id and p.state in ('queued', 'leased') order by seq limit 1) f
    where f.state = 'queued' and f.next_at <= $1 and f.until > $1
    order by case when c.paced then g.unasked end, g.since limit c.free) h
  join outbox o on o.library_id = h.library_id and o.conversation_id = h.conversation_id and o.seq = h.seq
  where o.state = 'queued' and o.next_at <= $1 for update of o skip locked)
update outbox o set state = 'leased', lease_until = $4, attempts = attempts + 1,
  provider_id = case when o.channel_id = any($6) then coalesce(o.provider_id, ` + ownID + `) else o.provider_id end
from head h where o.library_id = h.library_id and o.conversation_id = h.conversation_id and o.seq = h.seq
returning o.library_id, o.conversation_id, o.seq, o.channel_id, o.kind, o.body, o.secret_id, o.provider_id, o.attempts, o.until, o.lease_until`

// ownID is an id that the sender chooses, in the form that WhatsApp's own programs give theirs: eighteen random digits after the beginning.
const ownID = `'3EB0' || upper(right(gen_random_uuid()::text, 12) || right(gen_random_uuid()::text, 6))`

// lease takes the oldest message of each address that has none on its way.
func (s *Sender) lease(ctx context.Context, busy map[ChannelID]int) ([]leased, error) {
	now := s.now()
	var ids []int64
	var free []int32
	var paced []bool
	own := []int64{}
	s.channels.each(func(id ChannelID, e entry) {
		if n := e.most - busy[id]; n > 0 && e.held() && !s.isPaused(id, now) {
			ids, free = append(ids, int64(id)), append(free, int32(n))
			l := e.Limits()
			if paced = append(paced, l.Rate > 0); l.OwnIDs {
				own = append(own, int64(id))
			}
		}
	})
	if len(ids) == 0 {
		return nil, nil
	}
	// A lease that the stop cuts off may be taken all the same, and nobody would hold it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseWait)
	defer cancel()
	rows, err := s.pool.Query(ctx, lease, now, ids, free, now.Add(leaseTime), lookAt, own, paced)
	if err != nil {
		return nil, fmt.Errorf("lease messages: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[leased])
	if err != nil {
		return nil, fmt.Errorf("lease messages: %w", err)
	}
	if len(out) == 0 {
		return nil, nil
	}
	keys := make([]contacts.PartyKey, len(out))
	for i, row := range out {
		keys[i] = contacts.PartyKey{Library: row.LibraryID, Address: contacts.AddressID(row.ConversationID)}
	}
	addresses, err := contacts.Externals(ctx, s.pool, keys)
	for i, k := range keys {
		out[i].address = addresses[k]
	}
	return out, err // what has no address now is given back by try
}
