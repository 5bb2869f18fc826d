// Package telegramtest is a Bot API server for tests: it keeps updates until they are confirmed, records what a bot sends, plays the people who write
// to it, and fails on command.
//
// It speaks real HTTP on loopback, so that it serves the process it is in as well as another one. It is as strict as Telegram where a bot could rely
// on too much: unknown chats, long texts, long buttons, files too large, two pollers, a webhook beside a poll.
package telegramtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The limits of the Bot API.
const (
	MaxText     = 4096
	MaxCaption  = 1024
	MaxButton   = 64
	MaxDownload = 20 << 20
	MaxUpload   = 50 << 20
	MaxPhoto    = 10 << 20
)

// Server is a Bot API with one bot. Its methods are safe for use by several goroutines.
type Server struct {
	URL   string // the base URL to give to the bot
	Token string

	now   func() time.Time
	http  *http.Server
	ctx   context.Context // ends with Close
	stop  context.CancelFunc
	tasks sync.WaitGroup

	mu         sync.Mutex
	changed    chan struct{} // closed and replaced at every change
	updates    []queued      // not confirmed yet, oldest first
	lastUpdate int64
	newest     pushed
	allowed    map[string]bool // kinds of update; nil allows all
	hook       *hook
	hooked     []int // the statuses with which the hook answered; 0 for none
	poll       int   // number of the newest getUpdates
	conflicts  int
	chats      map[int64]*chat
	files      map[string]file // by file id
	paths      map[string]string
	failures   []*failing
	answered   []string
	calls      map[string]int
	ids        int64 // for files, callbacks and albums
}

type queued struct {
	id   int64
	body []byte
}

type chat struct {
	user    User
	last    int // message id
	blocked bool
	sent    []Message
	typing  int
}

// Start listens on a free port of loopback until Close. The token is any of the form 123:abc.
func Start(token string, now func() time.Time) (*Server, error) {
	if id, _, ok := strings.Cut(token, ":"); !ok || id == "" {
		return nil, errors.New("start a bot api: the token has no colon")
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a bot api: %w", err)
	}
	s := &Server{
		URL: "http://" + listener.Addr().String(), Token: token, now: now,
		changed: make(chan struct{}), lastUpdate: 100_000_000,
		chats: map[int64]*chat{}, files: map[string]file{}, paths: map[string]string{}, calls: map[string]int{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return s.ctx }}
	s.tasks.Go(func() {
		_ = s.http.Serve(listener) // ends with Close
	})
	s.tasks.Go(s.deliverAll)
	return s, nil
}

// Close breaks all connections and waits until nothing runs any more.
func (s *Server) Close() {
	s.stop()
	_ = s.http.Close() // the listener is gone either way
	s.tasks.Wait()
}

// Await waits until what was sent to the chat, oldest first, is as asked for, and gives it. Beyond the context's end it fails.
func (s *Server) Await(ctx context.Context, chat int64, enough func([]Message) bool) ([]Message, error) {
	var sent []Message
	err := s.Until(ctx, func() bool {
		sent = s.Sent(chat)
		return enough(sent)
	})
	if err != nil {
		return sent, fmt.Errorf("await messages: %w (%d were sent)", err, len(sent))
	}
	return sent, nil
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
			return errors.New("the bot api is closed")
		}
	}
}

// change wakes who waits; the lock is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Sent is what the bot sent to the chat, oldest first.
func (s *Server) Sent(chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[chat]
	if c == nil {
		return nil
	}
	return append([]Message(nil), c.sent...)
}

// Pending counts the updates that are not confirmed, by an offset or by the hook.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.updates)
}

// Conflicts counts the polls that were answered with 409.
func (s *Server) Conflicts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conflicts
}

// Typing counts how often the bot showed the chat that it writes.
func (s *Server) Typing(chat int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chats[chat]; c != nil {
		return c.typing
	}
	return 0
}

// Answered are the callback queries that were answered, in order.
func (s *Server) Answered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.answered...)
}

// Hooked are the statuses with which the webhook answered so far; 0 stands for no answer.
func (s *Server) Hooked() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int(nil), s.hooked...)
}

// Calls counts the requests for a method that have arrived, failed ones too. Downloads are counted as "download".
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

func (s *Server) nextID() string {
	s.ids++
	return strconv.FormatInt(s.ids, 10)
}
