package bots

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestRetainedResultsOutliveTheirLease(t *testing.T) {
	t.Parallel()
	h := house1(t)
	off := h.addChannel("switched off")
	id, other := h.conversations(h.channel, 1)[0], h.conversations(off, 1)[0]
	c := newScript(func(ctx context.Context, _ Outbound, _ int) error {
		// What is sent cannot be written for a while.
		_, err := h.pool.Exec(ctx, `alter table outbox add constraint away check (state <> 'confirmed') not valid`)
		return err
	})
	stale := h.message(other, 1)
	stale.Channel, stale.Kind = off, OutCode
	h.queue(h.message(id, 1), stale)
	h.start(c)
	h.until("the constraint stands", `select count(*) = 1 from pg_constraint where conname = 'away'`)
	h.clock.forward(max(leaseTime, OutCode.life()) + time.Second)
	h.until("the sender has tidied after the lease", `select state = 'failed' from outbox where conversation_id = $1`, other)
	if got := h.states(id); !slices.Equal(got, []string{"leased"}) {
		t.Errorf("while it cannot be written the message is %v", got)
	}
	if _, err := h.pool.Exec(t.Context(), `alter table outbox drop constraint away`); err != nil {
		t.Fatal(err)
	}
	h.until("it is written", `select state = 'confirmed' from outbox where conversation_id = $1`, id)
	if got := c.seqs(id); !slices.Equal(got, []int{1}) {
		t.Errorf("sent %v", got)
	}
}

func TestRetainGivesUpWhatDidNotGo(t *testing.T) {
	t.Parallel()
	h := house1(t)
	ids := h.conversations(h.channel, 4)
	states := []string{"queued", "failed", "sent", "confirmed"}
	for _, id := range ids {
		h.queue(h.message(id, 1))
	}
	s := h.sender(map[ChannelID]Channel{h.channel: newScript(nil)})
	rows, err := s.lease(t.Context(), nil)
	if err != nil || len(rows) != len(ids) {
		t.Fatalf("leased %v, %v", rows, err)
	}
	var w work
	for _, row := range rows {
		w.unnoted = append(w.unnoted, result{leased: row, state: states[slices.Index(ids, row.ConversationID)]})
	}
	h.clock.forward(leaseTime)
	// Another process has given the leases back, and one message was withdrawn.
	if _, err := h.pool.Exec(t.Context(), `update outbox set lease_until = null, state = case conversation_id when $1 then 'withdrawn' else 'queued' end`, ids[3]); err != nil {
		t.Fatal(err)
	}
	s.retain(t.Context(), &w)
	if len(w.unnoted) != 0 {
		t.Errorf("%d are still to be written", len(w.unnoted))
	}
	for i, want := range []string{"queued", "queued", "sent", "confirmed"} {
		if got := h.states(ids[i]); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: the message is %v", states[i], got)
		}
	}
	if f := h.failures(); len(f) != 0 {
		t.Errorf("handed on %v", f)
	}
}

func TestStopIsBoundedThoughNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	const mostAfterStop = 4500 * time.Millisecond
	if stopTime+lastNotes > mostAfterStop-100*time.Millisecond {
		t.Errorf("a stop takes %v", stopTime+lastNotes)
	}
	h := house1(t)
	begun := make(chan struct{})
	c := newScript(func(ctx context.Context, _ Outbound, _ int) error {
		close(begun)
		<-ctx.Done()
		return &SendError{Outcome: Retry, Code: "timeout", Err: ctx.Err()}
	})
	id := h.conversations(h.channel, 1)[0]
	h.queue(h.message(id, 1))
	s := h.sender(map[ChannelID]Channel{h.channel: c})
	s.stopTime = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	wait(t, "sending", begun)
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select from outbox for update`); err != nil { // the result waits for this
		t.Fatal(err)
	}
	stopped := time.Now()
	cancel()
	if err := wait(t, "the end", ended); err != nil {
		t.Error(err)
	}
	// Well below noteWait, which is what one try to write may take otherwise.
	if took := time.Since(stopped); took > s.stopTime+lastNotes+2*time.Second {
		t.Errorf("stopped after %v", took)
	}
	// Asked while the lock is held: once it is gone, a statement that the server still waits with may write.
	if got := h.states(id); !slices.Equal(got, []string{"leased"}) {
		t.Errorf("states %v", got)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}
