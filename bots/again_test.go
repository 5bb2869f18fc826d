package bots

import (
	"errors"
	"testing"
)

// What a phone could not read is given again to its own address, as long as its secret is not wiped.
func TestAgain(t *testing.T) {
	t.Parallel()
	h := house1(t)
	c := phone(nil)
	ids := h.conversations(h.channel, 2)
	secret, _ := h.secretMessage(ids[0], 2, "pass")
	h.queue(h.message(ids[0], 1), secret, h.message(ids[1], 1))
	stop := h.start(c)
	h.untilAll("sent", 3)
	stop()
	again := func(address, id string) (Outbound, error) {
		return h.outbox.Again(t.Context(), h.lib, h.channel, address, id)
	}
	sent := map[ConversationID]map[int]Outbound{}
	for _, m := range c.all() {
		if sent[m.Conversation] == nil {
			sent[m.Conversation] = map[int]Outbound{}
		}
		sent[m.Conversation][m.Seq] = m
	}
	for _, seq := range []int{1, 2} {
		m := sent[ids[0]][seq]
		if got, err := again(m.Address, m.ID); err != nil || got.Text != m.Text || got.ID != m.ID || got.Address != m.Address || got.Seq != seq {
			t.Errorf("message %d: %+v, %v", seq, got, err)
		}
	}
	mine, other := sent[ids[0]][2], sent[ids[1]][1]
	for _, c := range []struct{ address, id string }{{other.Address, mine.ID}, {mine.Address, other.ID}, {mine.Address, "3EB0FF"}, {"nobody", mine.ID}} {
		if got, err := again(c.address, c.id); !errors.Is(err, ErrNoSuch) {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
	h.told(mine.Address, false, mine.ID)
	if got, err := again(mine.Address, mine.ID); !errors.Is(err, ErrDestroyed) || got.Text != "" {
		t.Errorf("after it was delivered: %+v, %v", got, err)
	}
}
