package whatsapp

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.mau.fi/whatsmeow"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/bots/whatsapp/whatsapptest"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

func TestMain(m *testing.M) {
	whatsmeow.WACertPubKey = whatsapptest.Cert()
	Hush(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// patience bounds every wait of the tests.
const patience = 30 * time.Second

// secret stands in texts, and no line of the log may hold it.
const secret = "тайна-planted"

const (
	ownNumber = "+49 30 1234567"
	adaNumber = "491701111111"
	adaLID    = "800000000000001"
)

// world is a database with one library, and a WhatsApp.
type world struct {
	t        *testing.T
	pool     *pgxpool.Pool
	server   *whatsapptest.Server
	store    *Store
	links    *Links
	accounts *bots.Accounts
	inbox    *inbox
	lib      library.ID
	log      *logbook
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := whatsapptest.Start()
	must(t, err)
	t.Cleanup(server.Close)
	w := &world{t: t, pool: pgtest.New(t), server: server, inbox: &inbox{seen: map[string]bool{}}, log: &logbook{}}
	w.accounts = bots.NewAccounts(w.pool, time.Now)
	w.links = NewLinks(w.pool, w.accounts, time.Now)
	w.store, err = OpenStore(t.Context(), w.pool, NewLog(w.logger()))
	must(t, err)
	must(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) (err error) {
		w.lib, err = contacts.AddLibrary(t.Context(), tx, "first", "UTC", library.Settings{})
		return err
	}))
	t.Cleanup(func() { w.log.check(t) })
	return w
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// channel adds a number that is not linked yet.
func (w *world) channel(lib library.ID, name string) (id bots.ChannelID) {
	w.t.Helper()
	must(w.t, pgx.BeginFunc(w.t.Context(), w.pool, func(tx pgx.Tx) (err error) {
		id, err = bots.AddChannel(w.t.Context(), tx, nil, bots.Account{Library: lib, Kind: bots.WhatsApp, Name: name}, "")
		return err
	}))
	w.accounts.Forget()
	return id
}

// house is one process that may hold a number.
type house struct {
	*WhatsApp
	*world
	wake chan struct{}

	mu        sync.Mutex
	problems  []string
	delivered []delivery
	files     map[string]file
	lockConn  uint32 // process id of the lock's connection
	failing   error  // of Delivered
}

type delivery struct {
	address string
	ids     []string
	read    bool
}

type file struct {
	name, mediaType string
	data            []byte
}

// process makes a process for the number; start lets it run.
func (w *world) process(lib library.ID, id bots.ChannelID) *house {
	h := &house{world: w, wake: make(chan struct{}, 1), files: map[string]file{}}
	h.WhatsApp = New(Config{
		Library: lib, Channel: id, Pool: w.pool, Store: w.store, Links: w.links, Receive: w.inbox.receive, Lock: h.lock,
		Delivered: func(_ context.Context, _ library.ID, _ bots.ChannelID, address string, ids []string, read bool) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.failing == nil {
				h.delivered = append(h.delivered, delivery{address, ids, read})
			}
			return h.failing
		},
		Open: func(_ context.Context, _ library.ID, id string) (io.ReadCloser, string, string, int64, error) {
			f, ok := h.files[id]
			if !ok {
				return nil, "", "", 0, files.ErrPurged
			}
			return io.NopCloser(bytes.NewReader(f.data)), f.name, f.mediaType, int64(len(f.data)), nil
		},
		Report: func(_ context.Context, problem string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.problems = append(h.problems, problem)
		},
		Wake:      func() (<-chan struct{}, func()) { return h.wake, func() {} },
		Transport: w.server.HTTPClient().Transport, Now: time.Now, Log: w.logger(),
	})
	h.limits.standBy, h.limits.ask, h.limits.replaced = 100*time.Millisecond, 200*time.Millisecond, 300*time.Millisecond
	h.limits.settle, h.limits.reupload, h.limits.steady = 20*time.Millisecond, 2*time.Second, 50*time.Millisecond
	return h
}

// lock is a lock in the database whose loss is heard of.
func (h *house) lock(ctx context.Context) (context.Context, func(), bool, error) {
	pooled, err := h.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	conn := pooled.Hijack()
	var ok bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock(7, $1)`, h.Channel).Scan(&ok); err != nil || !ok {
		conn.Close(context.WithoutCancel(ctx))
		return nil, nil, false, err
	}
	h.mu.Lock()
	h.lockConn = conn.PgConn().PID()
	h.mu.Unlock()
	held, lost := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer lost()
		conn.WaitForNotification(held) //nolint:errcheck // it ends with the connection or the context
	}()
	return held, func() { lost(); <-done; conn.Close(context.WithoutCancel(ctx)) }, true, nil
}

// start runs the process until stop, which waits for the end.
func (h *house) start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				h.t.Errorf("run ended with %v", err)
			}
		case <-time.After(patience):
			h.t.Error("run did not end")
		}
	})
	h.t.Cleanup(stop)
	return stop
}

// ask leaves word for whoever holds the number.
func (h *house) ask(what bots.LinkAsk, phone string) {
	h.t.Helper()
	must(h.t, pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		return h.links.Ask(h.t.Context(), tx, h.Library, h.Channel, what, phone)
	}))
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *house) link() bots.Link {
	h.t.Helper()
	l, err := h.links.Link(h.t.Context(), h.Library, h.Channel)
	must(h.t, err)
	return l
}

// awaitLink waits until the link is as it should be.
func (h *house) awaitLink(what string, is func(bots.Link) bool) (l bots.Link) {
	h.t.Helper()
	h.until(what, func() bool { l = h.link(); return is(l) })
	return l
}

func (h *house) awaitState(want bots.LinkState) bots.Link {
	h.t.Helper()
	return h.awaitLink(string(want), func(l bots.Link) bool { return l.State == want })
}

// pair links the number to the account by picture.
func (h *house) pair(a *whatsapptest.Account) {
	h.t.Helper()
	h.ask(bots.AskQR, "")
	l := h.awaitLink("a picture", func(l bots.Link) bool { return l.Code != "" })
	must(h.t, a.ScanQR(l.Code))
	must(h.t, a.WaitOnline(h.ctx()))
	h.awaitState(bots.LinkConnected)
	h.until("ready", h.Ready)
}

// linked is a running process with a linked number, and Ada who writes to it.
func linked(t *testing.T) (*house, *whatsapptest.Account, *whatsapptest.Phone) {
	t.Helper()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "main"))
	a := w.server.AddAccount(ownNumber)
	ada := w.server.AddPhone(adaNumber, adaLID, secret)
	h.start()
	h.pair(a)
	return h, a, ada
}

func (h *house) outbound(id, text string) bots.Outbound {
	return bots.Outbound{Library: h.Library, Channel: h.Channel, Conversation: 1, Seq: 1, Address: adaNumber, Text: text, ID: id}
}

func (h *house) deliveries() []delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]delivery(nil), h.delivered...)
}

func (h *house) reported() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.problems...)
}

// await gives what is stored once there are n.
func (w *world) await(n int) []bots.Inbound {
	w.t.Helper()
	w.until("stored messages", func() bool { return len(w.inbox.all()) >= n })
	return w.inbox.all()
}

func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	ctx := w.ctx()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("waited in vain: %s\n%s", what, w.log.tail())
		}
	}
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
