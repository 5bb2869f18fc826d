package bots

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// phone is a channel whose reader's phone reports each message under the id that it was given.
func phone(answer func(ctx context.Context, m Outbound, try int) error) *script {
	c := newScript(answer)
	c.limits.Acks, c.limits.OwnIDs, c.echo = true, true, true
	return c
}

// told notes receipts from the address.
func (h *house) told(address string, read bool, ids ...string) {
	h.Helper()
	if err := h.outbox.Delivered(h.Context(), h.lib, h.channel, address, ids, read); err != nil {
		h.Error(err)
	}
}

// entryStates are the states as the desk shows them.
func (h *house) entryStates(id ConversationID) (out []string) {
	h.Helper()
	all, err := h.outbox.Entries(h.Context(), h.lib, id, 0, 100)
	if err != nil {
		h.Fatal(err)
	}
	for _, e := range all {
		out = append(out, e.State)
	}
	return out
}

func TestReceiptsMoveMessages(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := phone(nil)
	ids := h.conversations(h.channel, 2)
	secret, sid := h.secretMessage(ids[0], 2, "pass")
	h.queue(h.message(ids[0], 1), secret, h.message(ids[0], 3), h.message(ids[1], 1))
	stop := h.start(c)
	h.untilAll("sent", 4)
	stop()
	own := map[ConversationID][]string{}
	for _, m := range c.all() {
		own[m.Conversation] = append(own[m.Conversation], m.ID)
	}
	mine, others := own[ids[0]], own[ids[1]]
	h.listening()
	desk, leave := h.signals.Subscribe(Signal{TopicChat, h.lib, int64(ids[0])})
	defer leave()
	for _, step := range []struct {
		name    string
		address string
		read    bool
		ids     []string
		want    []string
		news    bool
	}{
		{"none", "address 0", false, nil, []string{"sent", "sent", "sent"}, false},
		{"unknown", "address 0", true, []string{"3EB0FFFFFFFFFFFFFFFFFF", "p1"}, []string{"sent", "sent", "sent"}, false},
		{"another's", "address 0", true, others, []string{"sent", "sent", "sent"}, false},
		{"a stranger", "nobody", true, mine, []string{"sent", "sent", "sent"}, false},
		{"two", "address 0", false, mine[:2], []string{"confirmed", "confirmed", "sent"}, true},
		{"again", "address 0", false, mine[:2], []string{"confirmed", "confirmed", "sent"}, false},
		{"read", "address 0", true, mine[1:], []string{"confirmed", "read", "read"}, true},
		{"read again", "address 0", true, mine[1:], []string{"confirmed", "read", "read"}, false},
		{"delivered late", "address 0", false, mine, []string{"confirmed", "read", "read"}, false},
	} {
		h.told(step.address, step.read, step.ids...)
		if got := h.entryStates(ids[0]); !slices.Equal(got, step.want) {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
		if step.news {
			wait(t, "the signal for the desk", desk)
		}
		h.quiet(desk)
	}
	if err := h.outbox.Delivered(t.Context(), h.lib+1, h.channel, "address 1", others, true); err != nil {
		t.Error(err)
	}
	if got := h.entryStates(ids[1]); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("the other conversation is %v", got)
	}
	if _, err := h.secrets.Open(t.Context(), h.lib, sid); !errors.Is(err, ErrDestroyed) {
		t.Errorf("the secret that has arrived: %v", err)
	}
}

func TestReceiptIsFasterThanTheNote(t *testing.T) {
	t.Parallel()
	h := house1(t)
	id := h.conversations(h.channel, 1)[0]
	c := phone(func(_ context.Context, m Outbound, _ int) error {
		h.told(m.Address, m.Seq == 1, m.ID)
		switch m.Seq {
		case 2:
			return &SendError{Outcome: Retry, Code: "timeout"}
		case 3:
			return &SendError{Outcome: Refused, Code: "lost"}
		}
		return nil
	})
	h.queue(h.message(id, 1), h.message(id, 2), h.message(id, 3), h.message(id, 4))
	stop := h.start(c)
	h.until("all are confirmed and noted", `select count(*) = 4 from outbox where state = 'confirmed' and lease_until is null and sent_at is not null`)
	stop()
	if got := h.entryStates(id); !slices.Equal(got, []string{"read", "confirmed", "confirmed", "confirmed"}) {
		t.Errorf("the states are %v", got)
	}
	if got := c.seqs(id); !slices.Equal(got, []int{1, 2, 3, 4}) {
		t.Errorf("sent %v", got)
	}
	if f := h.failures(); len(f) != 0 {
		t.Errorf("handed on %v", f)
	}
}

func TestUnseenIsEachChannelsOwn(t *testing.T) {
	t.Parallel()
	h := house1(t)
	second, third := h.addChannel("second"), h.addChannel("third")
	short, long, never := phone(nil), phone(nil), phone(nil)
	short.limits.Unseen, long.limits.Unseen = time.Hour, 24*time.Hour
	s := h.sender(map[ChannelID]Channel{h.channel: short, second: long, third: never})
	for _, channel := range []ChannelID{h.channel, second, third} {
		m := h.message(h.conversations(channel, 1)[0], 1)
		m.Channel, m.Kind = channel, OutStaff
		h.queue(m)
	}
	stop := h.run(s)
	h.untilAll("sent", 3)
	stop()
	for _, step := range []struct{ after, handed int }{{1, 0}, {1, 1}, {21, 1}, {2, 2}, {1000, 2}} {
		h.clock.forward(time.Duration(step.after) * time.Hour)
		s.expire(t.Context(), false)
		if got := len(h.failures()); got != step.handed {
			t.Errorf("%d handed on after %d more hours, want %d", got, step.after, step.handed)
		}
	}
}
