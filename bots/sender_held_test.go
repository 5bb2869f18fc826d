package bots

import (
	"context"
	"sync/atomic"
	"testing"
)

// heldScript is a channel that one process at a time has in its hands.
type heldScript struct {
	*script
	mine atomic.Bool
}

func (s *heldScript) Ready() bool { return s.mine.Load() }

func TestOnlyTheHolderSends(t *testing.T) {
	t.Parallel()
	h := house1(t)
	first, second := &heldScript{script: newScript(nil)}, &heldScript{script: newScript(nil)}
	first.mine.Store(true)
	one := h.start(first)
	other := h.sender(map[ChannelID]Channel{h.channel: second})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- other.Run(ctx) }()
	ids := h.conversations(h.channel, 30)
	all := func(seq int) (out []Message) {
		for _, id := range ids {
			out = append(out, h.message(id, seq))
		}
		return out
	}
	h.queue(all(1)...)
	h.untilAll("confirmed", len(ids))
	// The first dies, and the second has the channel from then on.
	one()
	first.mine.Store(false)
	h.queue(all(2)...)
	second.mine.Store(true)
	h.wake()
	h.untilAll("confirmed", 2*len(ids))
	cancel()
	if err := wait(t, "the second sender ends", ended); err != nil {
		t.Error(err)
	}
	if a, b := len(first.all()), len(second.all()); a != len(ids) || b != len(ids) {
		t.Errorf("the holders sent %d and %d", a, b)
	}
}

func TestHoldLostBeforeTheTryCostsNone(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := &heldScript{script: newScript(nil)}
	c.mine.Store(true)
	h.queue(h.message(h.conversations(h.channel, 1)[0], 1))
	s := h.sender(map[ChannelID]Channel{h.channel: c})
	rows, err := s.lease(t.Context(), map[ChannelID]int{})
	if err != nil || len(rows) != 1 {
		t.Fatalf("leased %d rows, %v", len(rows), err)
	}
	c.mine.Store(false)
	if left := s.note(t.Context(), []result{s.try(t.Context(), rows[0])}); left != nil {
		t.Fatal("not noted")
	}
	var state string
	var attempts int
	if err := h.pool.QueryRow(t.Context(), `select state, attempts from outbox`).Scan(&state, &attempts); err != nil {
		t.Fatal(err)
	}
	if state != "queued" || attempts != 0 || len(c.all()) != 0 {
		t.Errorf("the message is %s after %d tries, %d were sent", state, attempts, len(c.all()))
	}
	if again, err := s.lease(t.Context(), map[ChannelID]int{}); err != nil || len(again) != 0 {
		t.Errorf("leased %d rows of a channel that is elsewhere, %v", len(again), err)
	}
	if _, known := s.channels.Get(h.channel); !known {
		t.Error("its limits are not known any more")
	}
}
