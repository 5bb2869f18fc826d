package bots

import (
	"slices"
	"testing"
	"time"
)

func TestAnswersGoBeforeWhatWeStart(t *testing.T) {
	t.Parallel()
	kinds := []OutKind{OutNotice, OutReminder, OutDesk, OutNotice, OutBot, OutStaff, OutCode}
	for _, c := range []struct {
		name string
		rate int
		want [][]int // the conversations that are leased, four at a time
	}{
		{"paced", 4, [][]int{{0, 4, 5, 6}, {1, 2, 3}, {3}}},
		{"as many as there are", 0, [][]int{{0, 1, 2, 3, 4, 5, 6}, {3}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := house1(t)
			ids := h.conversations(h.channel, len(kinds))
			for i, kind := range kinds {
				m := h.message(ids[i], 1)
				m.Kind = kind
				h.queue(m)
				h.clock.forward(time.Second)
			}
			// An answer waits behind a notice of its own conversation: the order of what is said stands above all.
			h.queue(h.message(ids[3], 2))
			ch := newScript(nil)
			ch.limits.Rate = c.rate
			s := h.sender(map[ChannelID]Channel{h.channel: ch})
			for n, want := range c.want {
				rows, err := s.lease(t.Context(), map[ChannelID]int{})
				if err != nil {
					t.Fatal(err)
				}
				var got []int
				var done []result
				for _, r := range rows {
					got = append(got, slices.Index(ids, r.ConversationID))
					done = append(done, result{leased: r, state: "confirmed", final: true})
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("lease %d takes %v, want %v", n+1, got, want)
				}
				if left := s.note(t.Context(), done); left != nil {
					t.Fatal("not noted")
				}
			}
		})
	}
}
