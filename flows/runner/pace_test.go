package runner

import (
	"fmt"
	"testing"
	"time"

	"librarian/bots"
)

func TestPaceSlowsAFlood(t *testing.T) {
	t.Parallel()
	p, now := newPace(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var waits []time.Duration
	for range 200 {
		wait, _ := p.admit(bots.Inbound{Channel: 1, Sender: "flood"}, now)
		waits = append(waits, wait)
	}
	if waits[paceBurst-1] != 0 {
		t.Errorf("message %d waits %v, a person's burst must not", paceBurst, waits[paceBurst-1])
	}
	if last := waits[199]; last < 65*time.Second || last > 75*time.Second {
		t.Errorf("the last of 200 messages at once waits %v, want about 70 s", last)
	}
	if wait, _ := p.admit(bots.Inbound{Channel: 1, Sender: "somebody else"}, now); wait != 0 {
		t.Errorf("a neighbour waits %v", wait)
	}
	for range 10_000 {
		p.admit(bots.Inbound{Channel: 1, Sender: "flood"}, now)
	}
	if wait, _ := p.admit(bots.Inbound{Channel: 1, Sender: "flood"}, now); wait != paceLongest {
		t.Errorf("a flood waits %v, want the bound of %v", wait, paceLongest)
	}
}

func TestPaceBoundsFiles(t *testing.T) {
	t.Parallel()
	p, now := newPace(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	send := func(size int64) bool {
		_, tooMuch := p.admit(bots.Inbound{Channel: 1, Sender: "a", Files: []bots.InboundFile{{Size: size}}}, now)
		return tooMuch
	}
	for i := range 15 {
		if send(20 << 20) {
			t.Fatalf("file %d of 20 MB is refused", i+1)
		}
	}
	if !send(20 << 20) {
		t.Error("the sixteenth file of 20 MB within a day is taken")
	}
	now = now.Add(24 * time.Hour)
	if send(20 << 20) {
		t.Error("a day later a file is refused")
	}
}

func TestPaceForgets(t *testing.T) {
	t.Parallel()
	p, now := newPace(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 3 * paceKept {
		p.admit(bots.Inbound{Channel: 1, Sender: fmt.Sprint(i)}, now)
	}
	if len(p.senders) > paceKept {
		t.Errorf("%d addresses are remembered", len(p.senders))
	}
}
