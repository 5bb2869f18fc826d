package bots

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// patience bounds every wait of the tests.
const patience = 20 * time.Second

// clock is the service's clock, set by the test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// mirror is a Sealer that is good enough to tell sealed from plain.
type mirror struct{}

func (mirror) Seal(plain []byte) ([]byte, error) {
	out := append([]byte("sealed:"), plain...)
	for i := range out {
		out[i] ^= 0x55
	}
	return out, nil
}

func (mirror) Open(sealed []byte) ([]byte, error) {
	out := bytes.Clone(sealed)
	for i := range out {
		out[i] ^= 0x55
	}
	plain, ok := bytes.CutPrefix(out, []byte("sealed:"))
	if !ok {
		return nil, errors.New("not sealed")
	}
	return plain, nil
}

// script is a channel that does what the test says.
type script struct {
	limits Limits
	kind   Kind
	answer func(ctx context.Context, m Outbound, try int) error
	echo   bool // it takes the ids that it is given

	mu      sync.Mutex
	sent    []Outbound     // every try, in order
	busy    map[string]int // by address, of those on their way
	overlap int
	tries   map[ConversationID]map[int]int
}

func newScript(answer func(ctx context.Context, m Outbound, try int) error) *script {
	return &script{kind: "script", answer: answer, busy: map[string]int{}, tries: map[ConversationID]map[int]int{}}
}

func (s *script) Kind() Kind     { return s.kind }
func (s *script) Limits() Limits { return s.limits }

func (s *script) Send(ctx context.Context, m Outbound) (string, error) {
	s.mu.Lock()
	if s.busy[m.Address]++; s.busy[m.Address] > 1 {
		s.overlap++
	}
	if s.tries[m.Conversation] == nil {
		s.tries[m.Conversation] = map[int]int{}
	}
	s.tries[m.Conversation][m.Seq]++
	try := s.tries[m.Conversation][m.Seq]
	s.sent = append(s.sent, m)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy[m.Address]--
	}()
	if s.answer != nil {
		if err := s.answer(ctx, m, try); err != nil {
			return "", err
		}
	}
	if s.echo {
		return m.ID, nil
	}
	return fmt.Sprintf("p%d.%d", m.Conversation, m.Seq), nil
}

func (s *script) all() []Outbound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Outbound(nil), s.sent...)
}

func (s *script) seqs(conversation ConversationID) (out []int) {
	for _, m := range s.all() {
		if m.Conversation == conversation {
			out = append(out, m.Seq)
		}
	}
	return out
}

// house is a library with a channel and all that sends.
type house struct {
	testing.TB
	pool    *pgxpool.Pool
	lib     library.ID
	channel ChannelID
	clock   *clock
	signals *Signals
	secrets *Secrets
	outbox  *Outbox
	logged  *bytes.Buffer

	mu     sync.Mutex
	failed []Failure
	refuse error // what the hook answers
}

func newHouse(t testing.TB, pool *pgxpool.Pool) *house {
	t.Helper()
	h := &house{TB: t, pool: pool, clock: &clock{at: noon}, signals: NewSignals(pool), logged: &bytes.Buffer{}}
	h.secrets = NewSecrets(pool, mirror{}, h.clock.now)
	h.outbox = NewOutbox(pool, h.secrets, h.clock.now)
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		if h.lib, err = contacts.AddLibrary(ctx, tx, "first", "UTC", library.Settings{}); err != nil {
			return err
		}
		h.channel, err = AddChannel(ctx, tx, h.secrets, Account{Library: h.lib, Kind: "script", Name: "first"}, "")
		return err
	})
	return h
}

func house1(t *testing.T) *house {
	t.Helper()
	return newHouse(t, pgtest.New(t))
}

func (h *house) tx(work func(context.Context, pgx.Tx) error) {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.Context()), patience)
	defer cancel()
	if err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error { return work(ctx, tx) }); err != nil {
		h.Fatal(err)
	}
}

func (h *house) addChannel(name string) (id ChannelID) {
	h.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		id, err = AddChannel(ctx, tx, h.secrets, Account{Library: h.lib, Kind: "script", Name: name}, "")
		return err
	})
	return id
}

// conversations makes n of them, with their addresses.
func (h *house) conversations(channel ChannelID, n int) []ConversationID {
	h.Helper()
	out := make([]ConversationID, n)
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		who := make([]contacts.Who, n)
		for i := range who {
			who[i] = contacts.Who{Library: h.lib, Channel: int64(channel), External: fmt.Sprintf("address %d", i)}
		}
		known, err := contacts.Addresses(ctx, tx, who, noon)
		if err != nil {
			return err
		}
		ids := make([]int64, n)
		for i, k := range known {
			out[i], ids[i] = ConversationID(k.ID), int64(k.ID)
		}
		_, err = tx.Exec(ctx, `insert into conversations (library_id, id, lang) select $1, id, 'en' from unnest($2::bigint[]) as u (id)`, h.lib, ids)
		return err
	})
	return out
}

// message is the next thing that the bot says.
func (h *house) message(conversation ConversationID, seq int) Message {
	return Message{
		Library: h.lib, Conversation: conversation, Seq: seq, Channel: h.channel, Kind: OutBot, Body: Body{Text: fmt.Sprintf("text %d", seq)},
	}
}

func (h *house) queue(messages ...Message) {
	h.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		batch := &pgx.Batch{}
		if err := QueueMessages(batch, h.clock.now(), messages); err != nil {
			return err
		}
		QueueNotify(batch, Signal{Topic: TopicOutbox, Library: h.lib})
		return tx.SendBatch(ctx, batch).Close()
	})
}

func (h *house) hook(ctx context.Context, tx pgx.Tx, failures []Failure) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range failures { // the hook sees the row as it will be
		var state string
		if err := tx.QueryRow(ctx, `select state from outbox where conversation_id = $1 and seq = $2`, f.Conversation, f.Seq).Scan(&state); err != nil {
			return err
		}
		if want := map[bool]string{true: "sent", false: "failed"}[f.Problem == "unseen"]; state != want {
			h.Errorf("the hook sees message %d as %s", f.Seq, state)
		}
	}
	if h.refuse != nil {
		return h.refuse
	}
	h.failed = append(h.failed, failures...)
	return nil
}

func (h *house) failures() []Failure {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Failure(nil), h.failed...)
}

func (h *house) sender(channels map[ChannelID]Channel) *Sender {
	registry := NewRegistry()
	for id, c := range channels {
		registry.Set(id, c)
	}
	return NewSender(h.pool, registry, h.secrets, h.signals, h.hook, h.clock.now, slog.New(slog.NewTextHandler(h.logged, nil)))
}

// run starts the signals and the sender; the function stops them and waits, once.
func (h *house) run(s *Sender) func() {
	ctx, cancel := context.WithCancel(h.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := h.signals.Run(ctx); err != nil {
			h.Error(err)
		}
	})
	all.Go(func() {
		if err := s.Run(ctx); err != nil {
			h.Error(err)
		}
	})
	stop := sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
	h.Cleanup(stop)
	return stop
}

// start sends by the channel.
func (h *house) start(c Channel) func() { return h.run(h.sender(map[ChannelID]Channel{h.channel: c})) }

func (h *house) states(conversation ConversationID) []string {
	h.Helper()
	rows, err := h.pool.Query(h.Context(), `select state from outbox where conversation_id = $1 order by seq`, conversation)
	if err != nil {
		h.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// wake makes the sender look, as a message would.
func (h *house) wake() {
	h.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		return Notify(ctx, tx, Signal{Topic: TopicOutbox, Library: h.lib})
	})
}

// until waits, woken by what changes in the chats, for the query to give true.
func (h *house) until(what, query string, args ...any) {
	h.Helper()
	changed, stop := h.signals.Subscribe(Signal{Topic: TopicChat})
	defer stop()
	limit := time.After(patience)
	for {
		var ok bool
		if err := h.pool.QueryRow(h.Context(), query, args...).Scan(&ok); err != nil {
			h.Fatal(err)
		}
		if ok {
			return
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond): // not everything is signalled
		case <-limit:
			h.Fatalf("never: %s", what)
		}
	}
}

func (h *house) untilAll(state string, n int) {
	h.Helper()
	h.until(fmt.Sprintf("%d messages %s", n, state), `select count(*) = $1 from outbox where state = $2`, n, state)
}

func wait[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("never: %s", what)
	}
	panic("unreachable")
}
