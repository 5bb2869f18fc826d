package bots

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
)

func TestWithdrawRacesWithLease(t *testing.T) {
	t.Parallel()
	h := house1(t)
	rounds := pgtest.Rounds(t, 200)
	c := newScript(func(_ context.Context, m Outbound, _ int) error {
		if m.Seq == 2 { // what comes back after the withdrawal must stay away
			return &SendError{Outcome: Retry, After: time.Nanosecond, Code: "again"}
		}
		return nil
	})
	s := h.sender(map[ChannelID]Channel{h.channel: c})
	ids := h.conversations(h.channel, rounds)
	outcomes := map[string]int{}
	for _, id := range ids {
		notice := h.message(id, 3)
		notice.Kind = OutNotice
		h.queue(h.message(id, 1), h.message(id, 2), notice)
		h.clock.forward(time.Second)
		barrier := make(chan struct{})
		var all sync.WaitGroup
		var seen []string // what the withdrawing one sees, in its own transaction
		var sentBefore int
		all.Go(func() {
			<-barrier
			h.tx(func(ctx context.Context, tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, `select from conversations where library_id = $1 and id = $2 for update`, h.lib, id); err != nil {
					return err
				}
				return Withdraw(ctx, tx, h.lib, id)
			})
			seen, sentBefore = h.states(id), len(c.seqs(id))
		})
		for range 2 {
			all.Go(func() {
				<-barrier
				for range 3 {
					rows, err := s.lease(t.Context(), nil)
					if err != nil {
						t.Error(err)
					}
					for _, row := range rows {
						if left := s.note(t.Context(), []result{s.try(t.Context(), row)}); left != nil {
							t.Error("not noted")
						}
					}
				}
			})
		}
		close(barrier)
		all.Wait()
		for range 3 { // whatever may still go
			rows, err := s.lease(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				s.note(t.Context(), []result{s.try(t.Context(), row)})
			}
		}
		states, sent := h.states(id), c.seqs(id)
		for i, state := range seen {
			if state == "withdrawn" && i < 2 && slices.Contains(sent[sentBefore:], i+1) {
				t.Fatalf("message %d went out after it was seen as withdrawn: %v", i+1, sent)
			}
		}
		for seq := 1; seq <= 2; seq++ {
			times := 0
			for _, s := range sent {
				if s == seq {
					times++
				}
			}
			switch state := states[seq-1]; {
			case state == "confirmed" && times == 1 && seq == 1:
			case state == "withdrawn" && (times == 0 || seq == 2):
			default:
				t.Fatalf("message %d is %s after %d tries; seen %v, sent %v", seq, state, times, seen, sent)
			}
		}
		if states[2] != "confirmed" {
			t.Fatalf("the notice is %s", states[2])
		}
		outcomes[strings.Join(states[:2], " ")]++
	}
	t.Logf("outcomes: %v", outcomes)
	if c.overlap != 0 {
		t.Errorf("%d times two messages to one address at once", c.overlap)
	}
}

func TestWithdrawTakesBotTalkOnly(t *testing.T) {
	t.Parallel()
	h := house1(t)
	ids := h.conversations(h.channel, 2)
	kinds := []OutKind{OutBot, OutReminder, OutStaff, OutNotice, OutCode}
	for _, id := range ids {
		var all []Message
		for i, kind := range kinds {
			m := h.message(id, i+1)
			m.Kind = kind
			all = append(all, m)
		}
		h.queue(all...)
	}
	h.tx(func(ctx context.Context, tx pgx.Tx) error { return Withdraw(ctx, tx, h.lib, ids[0]) })
	if got := h.states(ids[0]); !slices.Equal(got, []string{"withdrawn", "withdrawn", "queued", "queued", "queued"}) {
		t.Errorf("states %v", got)
	}
	if got := h.states(ids[1]); slices.Contains(got, "withdrawn") {
		t.Errorf("of the other conversation: %v", got)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := newScript(nil)
	c.limits.Acks = true
	ids := h.conversations(h.channel, 2)
	h.queue(h.message(ids[0], 1), h.message(ids[0], 2), h.message(ids[0], 3), h.message(ids[1], 1))
	stop := h.start(c)
	h.untilAll("sent", 4)
	stop()
	h.queue(h.message(ids[0], 4))
	h.listening()
	desk, leave := h.signals.Subscribe(Signal{TopicChat, h.lib, int64(ids[0])})
	defer leave()
	for _, step := range []struct {
		conversation ConversationID
		upTo         int
		want         []string
		news         bool
	}{
		{ids[0], 0, []string{"sent", "sent", "sent", "queued"}, false},
		{ids[0], 2, []string{"confirmed", "confirmed", "sent", "queued"}, true},
		{ids[0], 1, []string{"confirmed", "confirmed", "sent", "queued"}, false},
		{ids[0], 1000, []string{"confirmed", "confirmed", "confirmed", "queued"}, true}, // what was not sent cannot have been seen
	} {
		if err := h.outbox.Confirm(t.Context(), h.lib, step.conversation, step.upTo); err != nil {
			t.Fatal(err)
		}
		if got := h.states(ids[0]); !slices.Equal(got, step.want) {
			t.Errorf("up to %d: %v", step.upTo, got)
		}
		if step.news {
			wait(t, "the signal for the desk", desk)
		}
		h.quiet(desk)
	}
	if err := h.outbox.Confirm(t.Context(), h.lib+1, ids[1], 1); err != nil {
		t.Fatal(err)
	}
	if got := h.states(ids[1]); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("through another library: %v", got)
	}
}

func TestLettersAreSettledAfterADay(t *testing.T) {
	t.Parallel()
	h := house1(t)
	chat, mail := newScript(nil), newScript(nil)
	chat.limits.Acks, mail.kind = true, Email
	var post ChannelID
	if err := h.pool.QueryRow(t.Context(), `insert into channels (library_id, kind, name) values ($1, 'email', 'post') returning id`, h.lib).Scan(&post); err != nil {
		t.Fatal(err)
	}
	shown, written := h.conversations(h.channel, 1)[0], h.conversations(post, 1)[0]
	letter := func(seq int) Message {
		m := h.message(written, seq)
		m.Channel = post
		return m
	}
	h.queue(h.message(shown, 1), letter(1))
	s := h.sender(map[ChannelID]Channel{h.channel: chat, post: mail})
	stop := h.run(s)
	h.untilAll("sent", 2)
	h.clock.forward(time.Hour)
	h.queue(letter(2))
	h.untilAll("sent", 3)
	stop()
	for _, step := range []struct {
		wait    time.Duration
		settled int64
		want    []string
	}{
		{23 * time.Hour, 0, []string{"sent", "sent"}},
		{time.Second, 1, []string{"confirmed", "sent"}},
		{time.Hour, 1, []string{"confirmed", "confirmed"}},
		{time.Hour, 0, []string{"confirmed", "confirmed"}},
	} {
		h.clock.forward(step.wait)
		settled, err := h.outbox.Settle(t.Context())
		if got := h.states(written); err != nil || settled != step.settled || !slices.Equal(got, step.want) {
			t.Errorf("settled %d, %v: %v, want %v", settled, err, got, step.want)
		}
	}
	if got := h.states(shown); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("what nobody has looked at in the chat is %v", got)
	}
}

func TestUnseenIsHandedOnOnce(t *testing.T) {
	t.Parallel()
	h := house1(t)
	chat, plain := newScript(nil), newScript(nil)
	chat.limits.Acks, chat.limits.Unseen, plain.kind = true, 10*time.Minute, Email
	second := h.addChannel("second")
	ids, others := h.conversations(h.channel, 2), h.conversations(second, 1)
	of := func(m Message, kind OutKind) Message {
		m.Kind = kind
		return m
	}
	secret, _ := h.secretMessage(ids[0], 4, "pass")
	letter := of(h.message(others[0], 1), OutStaff)
	letter.Channel = second
	h.queue(of(h.message(ids[0], 1), OutStaff), of(h.message(ids[0], 2), OutNotice), h.message(ids[0], 3), secret, of(h.message(ids[1], 1), OutStaff), letter)
	s := h.sender(map[ChannelID]Channel{h.channel: chat, second: plain})
	stop := h.run(s)
	h.untilAll("sent", 6)
	stop()
	if err := h.outbox.Confirm(t.Context(), h.lib, ids[1], 1); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(chat.limits.Unseen)
	s.expire(t.Context(), false)
	if f := h.failures(); len(f) != 0 {
		t.Fatalf("handed on too early: %v", f)
	}
	h.clock.forward(time.Second)
	h.refuse = errors.New("not now")
	s.expire(t.Context(), false)
	h.refuse = nil
	for range 3 {
		s.expire(t.Context(), false)
	}
	var got []string
	for _, f := range h.failures() {
		got = append(got, fmt.Sprintf("%d.%d %s %s %s", f.Conversation, f.Seq, f.Kind, f.Problem, f.Body.Text))
	}
	slices.Sort(got)
	want := []string{fmt.Sprintf("%d.1 staff unseen text 1", ids[0]), fmt.Sprintf("%d.2 notice unseen text 2", ids[0])}
	if !slices.Equal(got, want) {
		t.Errorf("handed on %v, want %v", got, want)
	}
	if states := h.states(ids[0]); !slices.Equal(states, []string{"sent", "sent", "sent", "sent"}) {
		t.Errorf("it still lies in the chat: %v", states)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	h := house1(t)
	id := h.conversations(h.channel, 1)[0]
	first := h.message(id, 1)
	first.Body.Choices, first.Body.Turn, first.Body.Files = []Choice{{ID: "yes", Label: "Yes"}}, 7, []string{"f1", "f2"}
	staff := h.message(id, 2)
	staff.Kind, staff.Staff = OutStaff, 5
	secret, sid := h.secretMessage(id, 3, "pass")
	h.queue(first, staff, secret)
	all, err := h.outbox.Entries(t.Context(), h.lib, id, 0, 10)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	for _, e := range all { // by the service's clock, as what readers write is
		if !e.Written.Equal(noon) {
			t.Errorf("message %d was written at %v", e.At.Out, e.Written)
		}
	}
	if e := all[0]; e.Side != SideBot || e.At != (Cursor{Out: 1}) || e.Turn != 7 || len(e.Choices) != 1 || len(e.Files) != 2 || e.Files[1].ID != "f2" || e.State != "queued" {
		t.Errorf("first %+v", e)
	}
	if e := all[1]; e.Side != SideStaff || e.StaffID != 5 {
		t.Errorf("staff %+v", e)
	}
	if e := all[2]; e.Secret != sid || e.Text != "password "+SecretMark {
		t.Errorf("secret %+v", e)
	}
	if some, err := h.outbox.Entries(t.Context(), h.lib, id, 1, 1); err != nil || len(some) != 1 || some[0].At.Out != 2 {
		t.Errorf("after the first: %v, %v", some, err)
	}
	if none, err := h.outbox.Entries(t.Context(), h.lib+1, id, 0, 10); err != nil || len(none) != 0 {
		t.Errorf("of another library: %v, %v", none, err)
	}
	owns := func(file string) bool {
		ok, err := h.outbox.Owns(t.Context(), h.lib, id, file)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if owns("f1") {
		t.Error("a file is the reader's before it was sent")
	}
	stop := h.start(newScript(nil))
	h.untilAll("confirmed", 3)
	stop()
	if !owns("f1") || !owns("f2") || owns("f3") {
		t.Error("the files are not those that were sent")
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Cursor{
		"3.4": {3, 4}, "0.0": {}, "": {}, "3": {}, "-1.2": {}, "1.-2": {}, "x.y": {}, "99999999999999999999.1": {},
	} {
		if got := ParseCursor(text); got != want {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	if c := (Cursor{12, 34}); ParseCursor(c.String()) != c {
		t.Errorf("%v is written as %s", c, c)
	}
}
