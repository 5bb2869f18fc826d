package main

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// How a message is known on the wire though it is encrypted: receipts, questions and signs of typing are smaller, files go up and down in plain HTTP.
const (
	aMessage    = 300  // bytes of one write
	binaryFrame = 0x82 // the first byte of a frame of the websocket
)

// wire stands between the program and WhatsApp. On command it takes what the program sends and carries it nowhere, as a network does that has just died.
type wire struct {
	server string
	door   net.Listener

	mu      sync.Mutex
	armed   bool          // the next message is lost, and all that comes after it
	dead    bool          // everything is lost
	message chan struct{} // closed when a message was lost
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	door, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &wire{server: server, door: door, message: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			program, err := door.Accept()
			if err != nil { // the test is over
				return
			}
			all.Go(func() { l.carry(ctx, program) })
		}
	})
	t.Cleanup(func() {
		stop()
		_ = door.Close() // ends Accept
		all.Wait()
	})
	return l
}

// heal lets everything through again.
func (l *wire) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed, l.dead = false, false
}

// swallow loses all that the program sends from now on.
func (l *wire) swallow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
}

// lose loses the next message and all that the program sends after it. It waits until that has happened; false when it did not in time.
func (l *wire) lose(ctx context.Context) bool {
	message := make(chan struct{})
	l.mu.Lock()
	l.armed, l.message = true, message
	l.mu.Unlock()
	select {
	case <-message:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *wire) carry(ctx context.Context, program net.Conn) {
	defer program.Close()
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.server)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { program.Close(); server.Close() })()
	var back sync.WaitGroup
	back.Go(func() { _, _ = io.Copy(program, server); program.Close() }) // ends when either side does
	_, _ = io.Copy(lossy{l, server}, program)
	server.Close()
	back.Wait()
}

// lossy is the program's side of one connection.
type lossy struct {
	*wire
	server io.Writer
}

func (w lossy) Write(p []byte) (int, error) {
	w.mu.Lock()
	if w.armed && len(p) >= aMessage && p[0] == binaryFrame {
		w.armed, w.dead = false, true
		close(w.message)
	}
	dead := w.dead
	w.mu.Unlock()
	if dead {
		return len(p), nil
	}
	return w.server.Write(p)
}
