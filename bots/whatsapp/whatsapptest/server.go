// Package whatsapptest is a WhatsApp server for tests: it links devices to the phones of libraries, keeps messages until they are confirmed, plays the
// phones of the people who write, opens what is sent to them, and fails on command.
//
// It speaks the protocol itself on loopback (Noise over a websocket, Signal between the phones, media over HTTP), so that it serves the process it is in as
// well as another one. It is as strict as WhatsApp where a program could rely on too much: keys, signatures, two connections of one device. It shares the
// codec and the Signal library with the client that it tests, so that it proves what a program does with them and not that they are right.
package whatsapptest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// ErrClosed means that the server was closed meanwhile.
var ErrClosed = errors.New("the server is closed")

// Server is a WhatsApp with any number of accounts. Its methods are safe for use by several goroutines.
type Server struct {
	now   func() time.Time
	addr  string
	chain []byte // certificates
	http  *http.Server
	ctx   context.Context // ends with Close
	stop  context.CancelFunc
	tasks sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	changed  chan struct{} // closed and replaced at every change
	accounts map[types.JID]*Account
	phones   map[types.JID]*Phone // by number and by LID
	pairings map[*connection]*pairing
	media    mediaHost
	faults   faults
	ids      int64
}

// Start listens on a free port of loopback until Close.
func Start() (*Server, error) {
	s := &Server{
		now: time.Now, changed: make(chan struct{}),
		accounts: map[types.JID]*Account{}, phones: map[types.JID]*Phone{}, pairings: map[*connection]*pairing{},
	}
	s.media.blobs, s.media.dropped = map[string][]byte{}, map[string]bool{}
	var err error
	if s.chain, err = certify(s.now()); err != nil {
		return nil, fmt.Errorf("start a whatsapp server: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a whatsapp server: %w", err)
	}
	s.addr = listener.Addr().String()
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return s.ctx }}
	s.tasks.Go(func() {
		_ = s.http.Serve(listener) // ends with Close
	})
	return s, nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/chat", s.chat)
	mux.HandleFunc("POST /mms/{type}/{token}", s.upload)
	mux.HandleFunc("GET /v/{path...}", s.download)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { // here a client reads the newest version
		fmt.Fprintf(w, `<script>{"client_revision":%d,"tier":"prod"}</script>`, store.GetWAVersion()[2])
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.begin() {
			defer s.tasks.Done()
			mux.ServeHTTP(w, r)
		}
	})
}

// Close breaks all connections and waits until nothing runs any more, hooks too; so it is not to be called from one.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	_ = s.http.Close() // the listener is gone either way
	s.tasks.Wait()
}

// begin says that a request starts work that Close waits for; false: there is no more work.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.tasks.Add(1)
	}
	return !s.closed
}

// Addr is where the server listens, as host:port of loopback.
func (s *Server) Addr() string { return s.addr }

// HTTPClient sends every request, whatever its host and whether http, https or wss, to this server in plain text.
func (s *Server) HTTPClient() *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.addr)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DialTLSContext: dial, IdleConnTimeout: time.Second}}
}

// Until waits until the condition, which may ask the server anything, holds.
func (s *Server) Until(ctx context.Context, holds func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return ErrClosed
		}
	}
}

// change wakes who waits; the lock is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// nextID is an id of this server's own stanzas; the lock is held.
func (s *Server) nextID() string {
	s.ids++
	return fmt.Sprintf("%d.%d", s.now().Unix(), s.ids)
}
