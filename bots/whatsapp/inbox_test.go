package whatsapp

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"librarian/bots"
)

// inbox is what is stored: each message once.
type inbox struct {
	mu      sync.Mutex
	stored  []bots.Inbound
	seen    map[string]bool
	repeats int
	before  func(ctx context.Context, in bots.Inbound) error // may fail, wait or panic
}

func (b *inbox) receive(ctx context.Context, in bots.Inbound) error {
	b.mu.Lock()
	before := b.before
	b.mu.Unlock()
	if before != nil {
		if err := before(ctx, in); err != nil {
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
	return nil
}

func (b *inbox) do(before func(ctx context.Context, in bots.Inbound) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = before
}

func (b *inbox) all() []bots.Inbound {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]bots.Inbound(nil), b.stored...)
}

// logbook holds what was logged, at every level.
type logbook struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logbook) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.String()
	return text[max(0, len(text)-6000):]
}

// check fails when a line holds somebody's text, name, number or id.
func (l *logbook) check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.String()) {
		for _, word := range []string{secret, "1701111111", adaLID, "301234567", "@s.whatsapp.net", "@lid"} {
			if strings.Contains(line, word) {
				t.Errorf("the log says too much (%s): %s", word, line)
			}
		}
	}
}
