package bots

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	h := house1(t)
	var begun []time.Time
	c := newScript(nil)
	c.limits.Rate = 20
	c.answer = func(context.Context, Outbound, int) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		begun = append(begun, time.Now())
		return nil
	}
	ids := h.conversations(h.channel, 15)
	var all []Message
	for _, id := range ids {
		all = append(all, h.message(id, 1))
	}
	h.queue(all...)
	stop := h.start(c)
	h.untilAll("confirmed", 15)
	stop()
	// Fourteen gaps of 50 ms, whatever the machine is busy with.
	if took := begun[len(begun)-1].Sub(begun[0]); took < 14*50*time.Millisecond-40*time.Millisecond {
		t.Errorf("15 messages in %v", took)
	}
}

func TestSlowChannelDoesNotStarveAnother(t *testing.T) {
	t.Parallel()
	h := house1(t)
	second := h.addChannel("second")
	hang := newScript(func(ctx context.Context, _ Outbound, _ int) error {
		<-ctx.Done()
		return &SendError{Outcome: Retry, Code: "timeout"}
	})
	ids, other := h.conversations(h.channel, 3*inFlight), h.conversations(second, 1)[0]
	var all []Message
	for _, id := range ids {
		all = append(all, h.message(id, 1))
	}
	h.queue(all...)
	s := h.sender(map[ChannelID]Channel{h.channel: hang, second: newScript(nil)})
	s.stopTime = time.Millisecond
	h.run(s)
	h.untilAll("leased", inFlight)
	m := h.message(other, 1)
	m.Channel = second
	h.queue(m)
	h.untilAll("confirmed", 1)
}

func TestLongQueueDoesNotStarveAnother(t *testing.T) {
	t.Parallel()
	h := house1(t)
	release := make(chan struct{})
	c := newScript(func(ctx context.Context, m Outbound, _ int) error {
		if m.Address != "address 0" {
			return nil
		}
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	ids := h.conversations(h.channel, 2)
	all := make([]Message, 5000)
	for i := range all {
		all[i] = h.message(ids[0], i+1)
	}
	h.queue(all...)
	h.clock.forward(time.Second)
	stop := h.start(c)
	h.untilAll("leased", 1)
	h.queue(h.message(ids[1], 1)) // the youngest of all
	h.until("the other's message", `select state = 'confirmed' from outbox where conversation_id = $1`, ids[1])
	if n := len(c.seqs(ids[0])); n != 1 {
		t.Errorf("%d of the long queue went first", n)
	}
	// And while the long queue moves at full speed.
	close(release)
	h.queue(h.message(ids[1], 2))
	before := len(c.seqs(ids[0]))
	h.until("the other's second message", `select state = 'confirmed' from outbox where conversation_id = $1 and seq = 2`, ids[1])
	if n := len(c.seqs(ids[0])) - before; n > 1000 {
		t.Errorf("%d of the long queue went first", n)
	}
	stop()
	if c.overlap != 0 || !slices.IsSorted(c.seqs(ids[0])) {
		t.Errorf("overlap %d, sorted %v", c.overlap, slices.IsSorted(c.seqs(ids[0])))
	}
}
