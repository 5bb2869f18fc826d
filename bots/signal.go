package bots

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts/library"
)

// Topic is what a signal is about.
type Topic string

// The topics. The id of a signal is that of the conversation, unless said otherwise.
const (
	TopicEvents   Topic = "events"   // an event waits to be worked
	TopicOutbox   Topic = "outbox"   // a message waits to be sent
	TopicChat     Topic = "chat"     // what is shown of a conversation has changed
	TopicTyping   Topic = "typing"   // staff write an answer at this moment: it is never repeated
	TopicQueue    Topic = "queue"    // a task has changed: the id is the task's; or the letters that wait for a person: 0
	TopicChannels Topic = "channels" // a channel was added, changed or switched off; the id is the channel's
)

// Signal wakes whoever waits for a topic. It carries ids only: who is woken reads the database.
type Signal struct {
	Topic   Topic
	Library library.ID
	ID      int64
}

const signalChannel = "librarian"

// payloadLimit keeps below PostgreSQL's 8000 bytes for one notification.
const payloadLimit = 7900

// Notify sends the signals when the transaction commits; a rolled-back one sends nothing. One round trip.
func Notify(ctx context.Context, tx pgx.Tx, signals ...Signal) error {
	batch := &pgx.Batch{}
	QueueNotify(batch, signals...)
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// QueueNotify adds the signals to a batch that is sent within a transaction.
func QueueNotify(batch *pgx.Batch, signals ...Signal) {
	var payload strings.Builder
	flush := func() {
		if payload.Len() > 0 {
			batch.Queue("select pg_notify($1, $2)", signalChannel, payload.String())
			payload.Reset()
		}
	}
	seen := make(map[Signal]bool, len(signals))
	for _, s := range signals {
		if seen[s] {
			continue
		}
		seen[s] = true
		if payload.Len() > payloadLimit-64 {
			flush()
		}
		fmt.Fprintf(&payload, "%s %d %d\n", s.Topic, s.Library, s.ID)
	}
	flush()
}

// Signals hands signals to those who wait for them, over one connection of the process.
type Signals struct {
	pool *pgxpool.Pool
	mu   sync.Mutex
	subs map[Signal]map[chan struct{}]bool // by what is waited for; ID 0 waits for any id, Library 0 for any library
}

// NewSignals makes the switchboard; Run connects it.
func NewSignals(pool *pgxpool.Pool) *Signals {
	return &Signals{pool: pool, subs: map[Signal]map[chan struct{}]bool{}}
}

// Subscribe gives a channel that is ready whenever a matching signal came since it was last read: several signals are one. An ID or a Library of
// zero matches all. The function ends the subscription.
func (s *Signals) Subscribe(want Signal) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.subs[want] == nil {
		s.subs[want] = map[chan struct{}]bool{}
	}
	s.subs[want][ch] = true
	return ch, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subs[want], ch)
		if len(s.subs[want]) == 0 {
			delete(s.subs, want)
		}
	}
}

// Run listens until the context ends. While the database is away it wakes everybody but those of TopicTyping once a second, so that who waits polls.
func (s *Signals) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.listen(ctx); err == nil {
			return nil
		}
		s.wakeAll()
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

// listen ends with nil only when the context has.
func (s *Signals) listen(ctx context.Context) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return endOr(ctx, err)
	}
	conn := pooled.Hijack() // a listening connection must not go back to the pool
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // the listener is gone either way
	}()
	if _, err := conn.Exec(ctx, "listen "+signalChannel); err != nil {
		return endOr(ctx, err)
	}
	s.wakeAll() // what was signalled before the connection stood
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return endOr(ctx, err)
		}
		for line := range strings.Lines(n.Payload) {
			if sig, ok := parseSignal(strings.TrimSuffix(line, "\n")); ok {
				s.wake(sig)
			}
		}
	}
}

func endOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func parseSignal(line string) (Signal, bool) {
	f := strings.Fields(line)
	if len(f) != 3 {
		return Signal{}, false
	}
	lib, err1 := strconv.ParseInt(f[1], 10, 64)
	id, err2 := strconv.ParseInt(f[2], 10, 64)
	return Signal{Topic(f[0]), library.ID(lib), id}, err1 == nil && err2 == nil
}

func (s *Signals) wake(sig Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, want := range []Signal{sig, {sig.Topic, sig.Library, 0}, {sig.Topic, 0, sig.ID}, {sig.Topic, 0, 0}} {
		wakeThese(s.subs[want])
	}
}

// wakeAll lets everybody look at what may have changed unheard. A sign of typing is not among it: it means this moment only.
func (s *Signals) wakeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for want, chans := range s.subs {
		if want.Topic != TopicTyping {
			wakeThese(chans)
		}
	}
}

func wakeThese(chans map[chan struct{}]bool) {
	for ch := range chans {
		select {
		case ch <- struct{}{}:
		default: // already ready
		}
	}
}
