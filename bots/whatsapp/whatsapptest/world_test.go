package whatsapptest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"

	"librarian/cmd/schema/pgtest"
)

// patience is how long a test waits for what has to come.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	whatsmeow.WACertPubKey = Cert()
	var quiet logger.Loggable = silence{}
	logger.Setup(&quiet)
	os.Exit(m.Run())
}

// silence keeps Signal's complaints, which tests provoke, off the screen.
type silence struct{}

func (silence) Debug(string, string)   {}
func (silence) Info(string, string)    {}
func (silence) Warning(string, string) {}
func (silence) Error(string, string)   {}
func (silence) Configure(string)       {}

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// program is a client with a store of its own, and what it has heard.
type program struct {
	*whatsmeow.Client
	t *testing.T

	mu      sync.Mutex
	heard   []any
	changed chan struct{}
}

// join makes a client that is not linked yet, or the device that the database holds.
func join(t *testing.T, s *Server, pool *pgxpool.Pool) *program {
	t.Helper()
	ctx := patient(t)
	db := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() { db.Close() })
	container := sqlstore.NewWithDB(db, "postgres", nil)
	if err := container.Upgrade(ctx); err != nil {
		t.Fatal(err)
	}
	device, err := container.GetFirstDevice(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var log waLog.Logger
	if level := os.Getenv("WHATSAPPTEST_LOG"); level != "" {
		log = waLog.Stdout("client", level, false)
	}
	p := &program{Client: whatsmeow.NewClient(device, log), t: t, changed: make(chan struct{})}
	line := s.HTTPClient()
	p.SetWebsocketHTTPClient(line)
	p.SetPreLoginHTTPClient(line)
	p.SetMediaHTTPClient(line)
	p.SynchronousAck, p.EnableDecryptedEventBuffer, p.ManualHistorySyncDownload = true, true, true
	p.AddEventHandler(p.hear)
	t.Cleanup(p.Disconnect)
	return p
}

func (p *program) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, event)
	close(p.changed)
	p.changed = make(chan struct{})
}

// await waits for the event of this type that fits, and takes it off the list.
func await[E any](p *program, fits func(E) bool) E {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		for i, event := range p.heard {
			if e, ok := event.(E); ok && fits(e) {
				p.heard = append(p.heard[:i:i], p.heard[i+1:]...)
				p.mu.Unlock()
				return e
			}
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-deadline:
			p.mu.Lock()
			defer p.mu.Unlock()
			p.t.Fatalf("no event %T among %d: %T", *new(E), len(p.heard), p.heard)
		}
	}
}

func anyOf[E any](E) bool { return true }

func (p *program) message() *events.Message {
	p.t.Helper()
	return await(p, anyOf[*events.Message])
}

// count tells how many events of a kind have come and not been taken.
func count[E any](p *program) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, event := range p.heard {
		if _, ok := event.(E); ok {
			n++
		}
	}
	return n
}

// linkByQR links the client to the account by a picture.
func (p *program) linkByQR(a *Account) {
	p.t.Helper()
	if err := p.Connect(); err != nil {
		p.t.Fatal(err)
	}
	if err := a.ScanQR(await(p, anyOf[*events.QR]).Codes[0]); err != nil {
		p.t.Fatal(err)
	}
	p.online(a)
}

func (p *program) online(a *Account) {
	p.t.Helper()
	if err := a.WaitOnline(patient(p.t)); err != nil {
		p.t.Fatal(err)
	}
	await(p, anyOf[*events.Connected])
}

const (
	libraryNumber = "+49 30 1234567"
	adaNumber     = "+49 170 1111111"
	adaLID        = "800000000000001"
)

// linked is a world with one library, linked, and one reader.
func linked(t *testing.T) (*Server, *Account, *Phone, *program) {
	t.Helper()
	s := start(t)
	a, ada := s.AddAccount(libraryNumber), s.AddPhone(adaNumber, adaLID, "Ada")
	p := join(t, s, pgtest.New(t))
	p.linkByQR(a)
	return s, a, ada, p
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
