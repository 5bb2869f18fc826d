package bots

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
)

// listening starts the signals and waits until they are connected.
func (h *house) listening() {
	h.Helper()
	first, stop := h.signals.Subscribe(Signal{Topic: "start"})
	defer stop()
	ctx, cancel := context.WithCancel(h.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.signals.Run(ctx) }()
	h.Cleanup(func() {
		cancel()
		if err := wait(h.TB, "the end of the signals", ended); err != nil {
			h.Error(err)
		}
	})
	wait(h.TB, "the connection", first)
}

func (h *house) notify(signals ...Signal) {
	h.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error { return Notify(ctx, tx, signals...) })
}

// quiet reports that nothing had come by the time that a later signal was handed over.
func (h *house) quiet(chans ...<-chan struct{}) {
	h.Helper()
	last, stop := h.signals.Subscribe(Signal{Topic: "last"})
	defer stop()
	h.notify(Signal{Topic: "last"})
	wait(h.TB, "the last signal", last)
	for i, ch := range chans {
		select {
		case <-ch:
			h.Errorf("channel %d was woken", i)
		default:
		}
	}
}

func TestSignalsReachWhoWaits(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	sub := func(s Signal) <-chan struct{} {
		ch, stop := h.signals.Subscribe(s)
		t.Cleanup(stop)
		return ch
	}
	exact, again := sub(Signal{TopicChat, 1, 5}), sub(Signal{TopicChat, 1, 5})
	ofLibrary, ofID, any := sub(Signal{TopicChat, 1, 0}), sub(Signal{TopicChat, 0, 5}), sub(Signal{Topic: TopicChat})
	otherLibrary, otherID, otherTopic := sub(Signal{TopicChat, 2, 5}), sub(Signal{TopicChat, 1, 6}), sub(Signal{TopicQueue, 1, 5})
	h.notify(Signal{TopicChat, 1, 5})
	for _, ch := range []<-chan struct{}{exact, again, ofLibrary, ofID, any} {
		wait(t, "the signal", ch)
	}
	h.quiet(exact, ofLibrary, ofID, any, otherLibrary, otherID, otherTopic)

	// Several signals that nobody has read are one.
	for range 5 {
		h.notify(Signal{TopicChat, 1, 5}, Signal{TopicChat, 1, 5}, Signal{TopicChat, 2, 5})
	}
	last := sub(Signal{Topic: "end"})
	h.notify(Signal{Topic: "end"})
	wait(t, "the end", last)
	wait(t, "the signals", exact)
	h.quiet(exact)
	wait(t, "another library's", otherLibrary)
}

func TestSignalsAfterUnsubscribing(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	ch, stop := h.signals.Subscribe(Signal{TopicChat, 1, 5})
	stop()
	stop() // twice does no harm
	h.notify(Signal{TopicChat, 1, 5})
	h.quiet(ch)
	h.signals.mu.Lock()
	defer h.signals.mu.Unlock()
	if len(h.signals.subs) != 0 {
		t.Errorf("%d subscriptions are left", len(h.signals.subs))
	}
}

func TestManySignalsInOneTransaction(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	const n = 2000 // some 60 KB
	signals, chans := make([]Signal, n), make([]<-chan struct{}, n)
	for i := range signals {
		signals[i] = Signal{TopicChannels, library.ID(1 << 62), int64(1)<<62 + int64(i)}
		ch, stop := h.signals.Subscribe(signals[i])
		defer stop()
		chans[i] = ch
	}
	h.notify(signals...)
	for _, ch := range chans {
		wait(t, "one of many", ch)
	}
	h.notify() // none is no error
}

func TestRolledBackSignals(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	ch, unsubscribe := h.signals.Subscribe(Signal{TopicChat, 1, 5})
	defer unsubscribe()
	stop := errors.New("stop")
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		if err := Notify(t.Context(), tx, Signal{TopicChat, 1, 5}); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	h.quiet(ch)
}

func TestListenerKilled(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	ch, unsubscribe := h.signals.Subscribe(Signal{TopicChat, 1, 5})
	defer unsubscribe()
	typing, noMore := h.signals.Subscribe(Signal{TopicTyping, 1, 5})
	defer noMore()
	for range pgtest.Rounds(t, 2) {
		var killed int
		if err := h.pool.QueryRow(t.Context(), `select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and query = 'listen librarian'`).Scan(&killed); err != nil || killed != 1 {
			t.Fatalf("%d listeners, %v", killed, err)
		}
		// Woken when the connection is lost, and again when it stands: what was signalled between is not missed.
		wait(t, "the loss", ch)
		wait(t, "the new connection", ch)
		h.notify(Signal{TopicChat, 1, 5})
		wait(t, "a signal over the new connection", ch)
		h.quiet(ch, typing) // nobody types because a connection broke
	}
	h.notify(Signal{TopicTyping, 1, 5})
	wait(t, "typing", typing)
}

func TestSubscribersComeAndGo(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				ch, stop := h.signals.Subscribe(Signal{TopicChat, 1, int64(i)})
				h.notify(Signal{TopicChat, 1, int64(i)})
				select {
				case <-ch:
				case <-time.After(patience):
					t.Error("a signal was lost")
				}
				stop()
			}
		})
	}
	all.Wait()
}

func TestForeignPayload(t *testing.T) {
	t.Parallel()
	h := house1(t)
	h.listening()
	ch, unsubscribe := h.signals.Subscribe(Signal{Topic: TopicChat})
	defer unsubscribe()
	for _, payload := range []string{"", "chat", "chat x 5", "chat 1 99999999999999999999", "chat 1 2 3", "\n\n"} {
		if _, err := h.pool.Exec(t.Context(), `select pg_notify('librarian', $1)`, payload); err != nil {
			t.Fatal(err)
		}
	}
	h.quiet(ch)
}
