package bots

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestOrderAndOneInFlight(t *testing.T) {
	t.Parallel()
	h := house1(t)
	const conversations, each = 20, 10
	var failed atomic.Int32
	c := newScript(func(_ context.Context, m Outbound, try int) error {
		if try == 1 && m.Seq%4 == 0 { // some come back, and those behind them wait
			failed.Add(1)
			return &SendError{Outcome: Retry, After: time.Nanosecond, Code: "again"}
		}
		return nil
	})
	ids := h.conversations(h.channel, conversations)
	// Two senders, as two processes are.
	h.start(c)
	other := h.sender(map[ChannelID]Channel{h.channel: c})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- other.Run(ctx) }()
	for seq := range each {
		var all []Message
		for _, id := range ids {
			all = append(all, h.message(id, seq+1))
		}
		h.queue(all...)
		h.clock.forward(time.Second)
	}
	h.until("all sent", `select count(*) = $1 from outbox where state = 'confirmed'`, conversations*each)
	cancel()
	if err := wait(t, "the second sender ends", ended); err != nil {
		t.Error(err)
	}
	if c.overlap != 0 {
		t.Errorf("%d times two messages to one address at once", c.overlap)
	}
	for _, id := range ids {
		got := c.seqs(id)
		if want := []int{1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10}; !slices.Equal(got, want) {
			t.Errorf("conversation %d was sent %v", id, got)
		}
	}
	if n := failed.Load(); n != conversations*each/5 {
		t.Errorf("%d were tried again", n)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := newScript(func(_ context.Context, m Outbound, try int) error {
		if m.Address == "address 0" && m.Seq == 1 && try == 1 {
			return &SendError{Outcome: Retry, After: time.Minute, Code: "429", Err: errors.New("slow down")}
		}
		return nil
	})
	ids := h.conversations(h.channel, 2)
	h.queue(h.message(ids[0], 1), h.message(ids[0], 2))
	h.start(c)
	h.until("the first came back", `select state = 'queued' and attempts = 1 and problem = '429' and next_at = $1 from outbox where seq = 1`, noon.Add(time.Minute))
	h.clock.forward(time.Minute - time.Second)
	h.queue(h.message(ids[1], 1))
	h.until("the other address is not held up", `select state = 'confirmed' from outbox where conversation_id = $1`, ids[1])
	if got := c.seqs(ids[0]); !slices.Equal(got, []int{1}) {
		t.Errorf("sent too early: %v", got)
	}
	h.clock.forward(time.Second)
	h.wake()
	h.untilAll("confirmed", 3)
	if got := c.seqs(ids[0]); !slices.Equal(got, []int{1, 1, 2}) {
		t.Errorf("sent %v", got)
	}
	var provider string
	if err := h.pool.QueryRow(t.Context(), `select provider_id from outbox where conversation_id = $1 and seq = 2`, ids[0]).Scan(&provider); err != nil || provider != fmt.Sprintf("p%d.2", ids[0]) {
		t.Errorf("the provider's id is %q, %v", provider, err)
	}
}

func TestWholePause(t *testing.T) {
	t.Parallel()
	h := house1(t)
	second := h.addChannel("second")
	var once atomic.Bool
	slow := newScript(func(context.Context, Outbound, int) error {
		if once.CompareAndSwap(false, true) {
			return &SendError{Outcome: Retry, After: time.Minute, Whole: true, Code: "flood"}
		}
		return nil
	})
	other := newScript(nil)
	ids, others := h.conversations(h.channel, 3), h.conversations(second, 1)
	h.queue(h.message(ids[0], 1))
	h.run(h.sender(map[ChannelID]Channel{h.channel: slow, second: other}))
	h.until("the first came back", `select state = 'queued' and problem = 'flood' from outbox`)
	m := h.message(others[0], 1)
	m.Channel = second
	h.queue(h.message(ids[1], 1), h.message(ids[2], 1), m)
	h.until("the other channel works", `select state = 'confirmed' from outbox where channel_id = $1`, second)
	h.clock.forward(time.Minute - time.Millisecond)
	h.wake()
	m = h.message(others[0], 2)
	m.Channel = second
	h.queue(m)
	h.until("the other channel works on", `select count(*) = 2 from outbox where channel_id = $1 and state = 'confirmed'`, second)
	if n := len(slow.all()); n != 1 {
		t.Errorf("%d tries while the channel was to wait", n)
	}
	h.clock.forward(time.Millisecond)
	h.wake()
	h.untilAll("confirmed", 5)
}

func TestFailedIsHandedOnWithTheRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcome Outcome
		blocked bool
	}{{Refused, false}, {Blocked, true}, {WindowClosed, false}} {
		t.Run(string(c.outcome), func(t *testing.T) {
			t.Parallel()
			h := house1(t)
			ch := newScript(func(_ context.Context, m Outbound, _ int) error {
				if m.Seq == 1 {
					return &SendError{Outcome: c.outcome, Code: "400"}
				}
				return nil
			})
			id := h.conversations(h.channel, 1)[0]
			h.refuse = errors.New("the hook does not work yet")
			m := h.message(id, 1)
			m.Kind, m.Body.Subject = OutStaff, "subject"
			h.queue(m, h.message(id, 2))
			h.start(ch)
			h.until("the first was tried", `select state = 'leased' from outbox where seq = 1`)
			// While the hook fails nothing is noted; what was refused is not sent again, and what is behind it waits.
			for range 3 {
				h.wake()
			}
			if got := h.states(id); !slices.Equal(got, []string{"leased", "queued"}) {
				t.Errorf("states %v while the hook fails", got)
			}
			h.mu.Lock()
			h.refuse = nil
			h.mu.Unlock()
			h.until("the second goes", `select state = 'confirmed' from outbox where seq = 2`)
			if got := ch.seqs(id); !slices.Equal(got, []int{1, 2}) {
				t.Errorf("sent %v", got)
			}
			all := h.failures()
			if len(all) != 1 {
				t.Fatalf("handed on %v", all)
			}
			f := all[0]
			if f.Library != h.lib || f.Conversation != id || f.Seq != 1 || f.Kind != OutStaff || f.Body.Subject != "subject" || f.Blocked != c.blocked || f.Problem != "400" {
				t.Errorf("handed on %+v", f)
			}
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := newScript(func(context.Context, Outbound, int) error {
		h.clock.forward(4 * time.Minute)
		return &SendError{Outcome: Retry, After: time.Minute, Code: "500"}
	})
	id := h.conversations(h.channel, 1)[0]
	m := h.message(id, 1)
	m.Kind = OutCode // tried for ten minutes
	h.queue(m)
	h.start(c)
	h.until("the first try", `select attempts = 1 and state = 'queued' from outbox`)
	h.clock.forward(time.Minute)
	h.wake()
	h.until("given up", `select state = 'failed' and attempts = 2 from outbox`)
	if f := h.failures(); len(f) != 1 || f[0].Problem != "500" {
		t.Errorf("handed on %v", f)
	}
}

func TestTooOldIsNotSent(t *testing.T) {
	t.Parallel()
	h := house1(t)
	off := h.addChannel("switched off")
	ids, others := h.conversations(h.channel, 1), h.conversations(off, 1)
	m := h.message(others[0], 1)
	m.Channel, m.Kind = off, OutStaff
	reminder := h.message(ids[0], 1)
	reminder.Kind = OutReminder
	h.queue(reminder, m)
	h.clock.forward(24 * time.Hour)
	h.queue(h.message(ids[0], 2))
	c := newScript(nil)
	h.start(c)
	h.until("the new one", `select state = 'confirmed' from outbox where conversation_id = $1 and seq = 2`, ids[0])
	if got := c.seqs(ids[0]); !slices.Equal(got, []int{2}) {
		t.Errorf("sent %v", got)
	}
	if got := h.states(others[0]); !slices.Equal(got, []string{"queued"}) {
		t.Errorf("the answer of a person: %v", got)
	}
	h.clock.forward(48 * time.Hour)
	h.until("the other is given up though its channel is off", `select state = 'failed' and problem = 'expired' from outbox where conversation_id = $1`, others[0])
	problems := map[ConversationID]string{}
	for _, f := range h.failures() {
		problems[f.Conversation] = f.Problem
	}
	if len(problems) != 2 || problems[ids[0]] != "expired" || problems[others[0]] != "expired" {
		t.Errorf("handed on %v", problems)
	}
}

func TestDeadSendersLease(t *testing.T) {
	t.Parallel()
	h := house1(t)
	ids := h.conversations(h.channel, 2)
	h.queue(h.message(ids[0], 1), h.message(ids[0], 2), h.message(ids[1], 1))
	c := newScript(nil)
	dead := h.sender(map[ChannelID]Channel{h.channel: c})
	rows, err := dead.lease(t.Context(), nil)
	if err != nil || len(rows) != 2 {
		t.Fatalf("leased %v, %v", rows, err)
	}
	again, err := dead.lease(t.Context(), nil)
	if err != nil || len(again) != 0 {
		t.Fatalf("leased twice: %v, %v", again, err)
	}
	h.tx(func(ctx context.Context, tx pgx.Tx) error { return Withdraw(ctx, tx, h.lib, ids[1]) })
	h.start(c)
	h.clock.forward(leaseTime)
	h.until("no lease has ended yet", `select count(*) = 2 from outbox where state = 'leased'`)
	h.clock.forward(time.Millisecond)
	h.until("sent again", `select count(*) = 2 from outbox where state = 'confirmed'`)
	if got := c.seqs(ids[0]); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("sent %v", got)
	}
	// What was fenced while the dead one held it does not go again.
	if got := h.states(ids[1]); !slices.Equal(got, []string{"withdrawn"}) || len(c.seqs(ids[1])) != 0 {
		t.Errorf("the fenced one is %v, sent %v", got, c.seqs(ids[1]))
	}
}

func TestLateResults(t *testing.T) {
	t.Parallel()
	h := house1(t)
	id := h.conversations(h.channel, 1)[0]
	s := h.sender(map[ChannelID]Channel{h.channel: newScript(nil)})
	leaseOne := func() leased {
		t.Helper()
		rows, err := s.lease(t.Context(), nil)
		if err != nil || len(rows) != 1 {
			t.Fatalf("leased %v, %v", rows, err)
		}
		return rows[0]
	}
	h.queue(h.message(id, 1))
	first := leaseOne()
	h.clock.forward(leaseTime + time.Second)
	s.expire(t.Context(), false)
	second := leaseOne()
	// The slow sender comes back while another has the row: it may neither free it nor fail it.
	for _, state := range []string{"queued", "failed"} {
		if left := s.note(t.Context(), []result{{leased: first, state: state, problem: "late"}}); left != nil {
			t.Fatal("not noted")
		}
		if got := h.states(id); !slices.Equal(got, []string{"leased"}) || len(h.failures()) != 0 {
			t.Errorf("a late %q left %v, handed on %v", state, got, h.failures())
		}
	}
	h.clock.forward(leaseTime + time.Second)
	s.expire(t.Context(), false)
	if got := h.states(id); !slices.Equal(got, []string{"queued"}) {
		t.Fatalf("states %v", got)
	}
	// But what it sent was sent, and must not go once more.
	s.note(t.Context(), []result{{leased: second, state: "confirmed", providerID: "p"}})
	if got := h.states(id); !slices.Equal(got, []string{"confirmed"}) {
		t.Errorf("a late success left %v", got)
	}
}

func TestResultsOutliveTheDatabase(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := newScript(func(ctx context.Context, m Outbound, _ int) error {
		if m.Seq == 1 { // nothing can be written for a while
			_, err := h.pool.Exec(ctx, `alter table outbox add constraint away check (state <> 'confirmed') not valid`)
			return err
		}
		return nil
	})
	id := h.conversations(h.channel, 1)[0]
	h.queue(h.message(id, 1), h.message(id, 2))
	h.start(c)
	h.until("the constraint stands", `select count(*) = 1 from pg_constraint where conname = 'away'`)
	if _, err := h.pool.Exec(t.Context(), `alter table outbox drop constraint away`); err != nil {
		t.Fatal(err)
	}
	h.untilAll("confirmed", 2)
	if got := c.seqs(id); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("sent %v", got)
	}
}

func TestStopWaitsForWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	h := house1(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	c := newScript(func(ctx context.Context, m Outbound, _ int) error {
		close(begun)
		select {
		case <-finish:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	id := h.conversations(h.channel, 1)[0]
	h.queue(h.message(id, 1), h.message(id, 2))
	stop := h.start(c)
	wait(t, "sending", begun)
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Fatal("stopped while a message was on its way")
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	wait(t, "the end", stopped)
	if got := h.states(id); !slices.Equal(got, []string{"confirmed", "queued"}) {
		t.Errorf("states %v", got)
	}
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	h := house1(t)
	begun := make(chan struct{})
	c := newScript(func(ctx context.Context, m Outbound, _ int) error {
		close(begun)
		<-ctx.Done()
		return &SendError{Outcome: Retry, Code: "timeout", Err: ctx.Err()}
	})
	id := h.conversations(h.channel, 1)[0]
	h.queue(h.message(id, 1))
	s := h.sender(map[ChannelID]Channel{h.channel: c})
	s.stopTime = time.Millisecond
	stop := h.run(s)
	wait(t, "sending", begun)
	stop()
	if got := h.states(id); !slices.Equal(got, []string{"queued"}) {
		t.Errorf("states %v", got)
	}
}

func TestPanicAndForeignErrors(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := newScript(func(_ context.Context, m Outbound, try int) error {
		switch {
		case try > 1:
			return nil
		case m.Address == "address 0":
			panic("planted words")
		}
		return errors.New("planted error")
	})
	ids := h.conversations(h.channel, 2)
	h.queue(h.message(ids[0], 1), h.message(ids[1], 1))
	stop := h.start(c)
	h.until("both came back", `select count(*) = 2 from outbox where state = 'queued' and attempts = 1 and problem in ('panic', 'internal')`)
	h.clock.forward(time.Minute)
	h.wake()
	h.untilAll("confirmed", 2)
	stop()
	if strings.Contains(h.logged.String(), "planted words") {
		t.Error("what a panic says is in the log")
	}
}

func TestChannelSwitchedOff(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := newScript(nil)
	s := h.sender(map[ChannelID]Channel{h.channel: c})
	id := h.conversations(h.channel, 1)[0]
	h.queue(h.message(id, 1))
	rows, err := s.lease(t.Context(), nil)
	if err != nil || len(rows) != 1 {
		t.Fatalf("leased %v, %v", rows, err)
	}
	s.channels.Remove(h.channel) // after the lease
	s.note(t.Context(), []result{s.try(t.Context(), rows[0])})
	var state string
	var attempts int
	if err := h.pool.QueryRow(t.Context(), `select state, attempts from outbox`).Scan(&state, &attempts); err != nil || state != "queued" || attempts != 0 {
		t.Errorf("%s after %d tries, %v", state, attempts, err)
	}
	h.run(s)
	h.wake()
	s.channels.Set(h.channel, c)
	h.wake()
	h.untilAll("confirmed", 1)
	if got := c.seqs(id); !slices.Equal(got, []int{1}) {
		t.Errorf("sent %v", got)
	}
}
