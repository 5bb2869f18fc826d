package bottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"librarian/bots"
)

const (
	patience = 40 * time.Second // for what has to come over a wire on a busy machine
	prompt   = 10 * time.Second // for what has to end
)

// scene is one case being played.
type scene struct {
	*testing.T
	*World
	*Party
	log    *logbook
	seq    int
	labels pprof.LabelSet // of every goroutine that the channel starts
	end    func()
}

func newScene(t *testing.T, open func(*testing.T, *World) *Party) *scene {
	t.Helper()
	s := &scene{T: t, log: &logbook{}, labels: pprof.Labels("bottest", t.Name()), end: func() {}}
	s.World = &World{
		Inbox: &Inbox{seen: map[[2]string]bool{}, changed: make(chan struct{})}, Shelf: Shelf{},
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	s.Party = open(t, s.World)
	t.Cleanup(func() {
		s.end()
		s.quiet()
		for _, odd := range s.oddities() {
			t.Error(odd)
		}
		if strings.Contains(s.log.text(), Secret) {
			t.Errorf("the log says too much:\n%s", s.log.text())
		}
	})
	return s
}

// needs fails a case that the channel cannot play and does not name as lacking.
func (s *scene) needs(able bool) {
	s.Helper()
	if !able {
		s.Fatal("the channel has to do this, or its table has to say why it cannot")
	}
}

// receive receives until stop, which waits for the end, or the end of the case.
func (s *scene) receive() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go pprof.Do(ctx, s.labels, func(ctx context.Context) { done <- s.Receive(ctx) })
	s.end = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				s.Errorf("receiving ended with %v", err)
			}
		case <-time.After(prompt):
			s.Errorf("receiving did not end")
		}
	})
	return s.end
}

// Receive of the party, not of the inbox.
func (s *scene) Receive(ctx context.Context) error { return s.Party.Receive(ctx) }

// await gives what is stored once there are n.
func (s *scene) await(n int) []bots.Inbound {
	s.Helper()
	var stored []bots.Inbound
	if !s.until(func(b *Inbox) bool { stored = b.stored; return len(stored) >= n }) {
		s.Fatalf("%d of %d messages stored", len(stored), n)
	}
	return stored
}

// until waits for the inbox to be as asked for.
func (s *scene) until(holds func(*Inbox) bool) bool {
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		s.mu.Lock()
		ok, changed := holds(s.Inbox), s.changed
		s.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-end.C:
			return false
		}
	}
}

// greet lets the reader write first, so that they can be written to, and gives their address.
func (s *scene) greet(who Reader) string {
	s.Helper()
	s.receive()
	s.Says(who, "Здравствуйте")
	sender := s.await(1)[0].Sender
	s.hold()
	return sender
}

// hold waits until this process holds the channel, where one alone can.
func (s *scene) hold() {
	s.Helper()
	h, ok := s.Channel.(bots.Holder)
	s.tick("the channel is not held", patience, func() bool { return !ok || h.Ready() })
}

// tick asks again and again until it holds, where nothing tells that it does.
func (s *scene) tick(otherwise string, most time.Duration, holds func() bool) {
	s.Helper()
	end, tick := time.NewTimer(most), time.NewTicker(10*time.Millisecond)
	defer end.Stop()
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-end.C:
			s.Error(otherwise)
			return
		}
	}
}

// send sends to the reader as a message of its own.
func (s *scene) send(who Reader, m bots.Outbound) (id string) {
	s.Helper()
	s.seq++
	m.Seq = s.seq
	id, err := s.sendBy(context.Background(), func(ctx context.Context, m bots.Outbound) (string, error) { return s.Send(ctx, who, m) }, m)
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// sendBy sends within the time in which every sending has to end, and checks that an error is one that the sender knows, and discreet.
func (s *scene) sendBy(ctx context.Context, send func(context.Context, bots.Outbound) (string, error), m bots.Outbound) (id string, failed *bots.SendError) {
	s.Helper()
	m.Subject = "Ответ " + Secret
	if m.ID == "" && s.Channel.Limits().OwnIDs {
		m.ID = fmt.Sprintf("3EB0%018X", m.Seq)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	pprof.Do(ctx, s.labels, func(ctx context.Context) { id, err = send(ctx, m) })
	if err == nil {
		return id, nil
	}
	if !errors.As(err, &failed) {
		s.Fatalf("no SendError: %v", err)
	}
	s.discreet(err, m.Address)
	return id, failed
}

// discreet fails when an error holds a text or an address.
func (s *scene) discreet(err error, address string) {
	s.Helper()
	words := []string{Secret}
	if address != "" {
		words = append(words, address)
	}
	s.mu.Lock()
	for _, in := range s.stored {
		words = append(words, in.Sender)
	}
	s.mu.Unlock()
	for _, word := range words {
		if strings.Contains(err.Error(), word) || strings.Contains(s.log.text(), Secret) {
			s.Errorf("an error says too much: %v", err)
		}
	}
}

// quiet waits until no goroutine is left that the channel has started. Connections that are kept for the next call are no leak.
func (s *scene) quiet() {
	var left []string
	s.tick("goroutines are left", prompt, func() bool { left = s.goroutines(); return len(left) == 0 })
	if len(left) > 0 {
		s.Logf("%d of them, the first:\n%s", len(left), left[0])
	}
}

func (s *scene) goroutines() (left []string) {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		s.Error(err)
	}
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, `"bottest":"`+s.Name()+`"`) && !strings.Contains(stack, "net/http.(*persistConn)") {
			left = append(left, stack)
		}
	}
	return left
}

// logbook keeps what is logged.
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
