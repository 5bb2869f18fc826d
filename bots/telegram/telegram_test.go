package telegram

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/telegram/telegramtest"
	"librarian/contacts/library"
)

const (
	token  = "123456:AAH-planted-token"
	secret = "тайна" // stands in texts; no error and no log line may hold it
	reader = int64(7001)
)

// inbox is the database of a test: it keeps each message once.
type inbox struct {
	mu      sync.Mutex
	stored  []bots.Inbound
	seen    map[string]bool
	repeats int
	before  func(ctx context.Context, in bots.Inbound) error // may fail or wait
	changed chan struct{}
}

func (b *inbox) receive(ctx context.Context, in bots.Inbound) error {
	if b.before != nil {
		if err := b.before(ctx, in); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if key := in.Sender + " " + in.ID; b.seen[key] {
		b.repeats++
	} else {
		b.seen[key] = true
		b.stored = append(b.stored, in)
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

func (b *inbox) texts() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var texts []string
	for _, in := range b.stored {
		texts = append(texts, in.Text)
	}
	return texts
}

// await gives what is stored once there are n.
func (b *inbox) await(t *testing.T, n int) []bots.Inbound {
	t.Helper()
	ctx := bounded(t)
	for {
		b.mu.Lock()
		stored, changed := append([]bots.Inbound(nil), b.stored...), b.changed
		b.mu.Unlock()
		if len(stored) >= n {
			return stored
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d of %d messages stored", len(stored), n)
		}
	}
}

// house is a bot with its surroundings.
type house struct {
	*Telegram
	server *telegramtest.Server
	inbox  *inbox
	log    *logbook

	mu       sync.Mutex
	pauses   []time.Duration
	problems []string
}

func newInbox() *inbox { return &inbox{seen: map[string]bool{}, changed: make(chan struct{})} }

func newServer(t *testing.T) *telegramtest.Server {
	t.Helper()
	server, err := telegramtest.Start(token, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return beside(t, newServer(t))
}

// beside makes another bot process at the same server.
func beside(t *testing.T, server *telegramtest.Server) *house {
	t.Helper()
	h := &house{server: server, inbox: newInbox(), log: &logbook{}}
	h.Telegram = New(Config{
		Library: 3, Channel: 8, Token: token, BaseURL: server.URL,
		Receive: func(ctx context.Context, in bots.Inbound) error { return h.inbox.receive(ctx, in) },
		Open: func(context.Context, library.ID, string) (io.ReadCloser, string, string, int64, error) {
			panic("no files")
		},
		Lock: func(context.Context) (func(), bool, error) { return func() {}, true, nil },
		Report: func(_ context.Context, problem string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.problems = append(h.problems, problem)
		},
		Now: time.Now,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	h.limits.poll = time.Second
	h.pause = func(ctx context.Context, d time.Duration) {
		h.mu.Lock()
		h.pauses = append(h.pauses, d)
		h.mu.Unlock()
		bots.Pause(ctx, min(d, 2*time.Millisecond))
	}
	t.Cleanup(func() { h.log.check(t) })
	return h
}

// start polls until stop, which waits for the end.
func (h *house) start(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Poll(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("poll ended with %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("poll did not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

func (h *house) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if err := h.server.Until(bounded(t), holds); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (h *house) waited() []time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]time.Duration(nil), h.pauses...)
}

func (h *house) reported() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.problems...)
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// discreet fails when an error says too much.
func discreet(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if text := err.Error(); strings.Contains(text, token) || strings.Contains(text, secret) || strings.Contains(text, "AAH-planted") {
			t.Errorf("an error says too much: %s", text)
		}
	}
}

type logbook struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logbook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}

func (l *logbook) check(t *testing.T) {
	t.Helper()
	for _, word := range []string{token, "AAH-planted", secret} {
		if strings.Contains(l.text(), word) {
			t.Errorf("the log says too much:\n%s", l.text())
		}
	}
}

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got, err := h.WhoAmI(bounded(t))
	if want := (Account{ID: 123456, Username: "library_test_bot", Name: "Library"}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, cfg := range map[string]Config{
		"no token":    {BaseURL: h.server.URL},
		"wrong token": {BaseURL: h.server.URL, Token: "123456:other"},
		"nobody":      {BaseURL: "http://127.0.0.1:1", Token: token},
		"no address":  {BaseURL: "http://127.0.0.1:x", Token: token},
	} {
		_, err := New(cfg).WhoAmI(bounded(t))
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		discreet(t, err)
	}
}

func TestTyping(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.UserSays(reader, "?")
	if err := h.Typing(bounded(t), "7001"); err != nil || h.server.Typing(reader) != 1 {
		t.Errorf("%v, shown %d times", err, h.server.Typing(reader))
	}
	for _, address := range []string{"9", "x"} {
		if err := h.Typing(bounded(t), address); err == nil {
			t.Errorf("no error for %q", address)
		}
	}
}

// A redirect would take the address, and the token in it, to another host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.Fail("getMe", telegramtest.Raw(http.StatusTemporaryRedirect, ""), 1)
	if _, err := h.WhoAmI(bounded(t)); err == nil || h.server.Calls("getMe") != 1 {
		t.Errorf("%v after %d calls", err, h.server.Calls("getMe"))
	}
}
