package bots

import (
	"context"
	"regexp"
	"slices"
	"testing"
	"time"
)

// ownForm is how the provider's own programs write ids.
var ownForm = regexp.MustCompile(`^3EB0[0-9A-F]{18}$`)

func TestDiedLeaseIsSentAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	h := house1(t)
	second := h.addChannel("second")
	own, plain := newScript(func(_ context.Context, m Outbound, try int) error {
		if m.Seq == 2 && try == 1 {
			return &SendError{Outcome: Retry, After: time.Nanosecond, Code: "timeout"}
		}
		return nil
	}), newScript(nil)
	own.limits.OwnIDs, own.limits.Acks, own.echo = true, true, true
	channels := map[ChannelID]Channel{h.channel: own, second: plain}
	ids, others := h.conversations(h.channel, 1), h.conversations(second, 1)
	other := h.message(others[0], 1)
	other.Channel = second
	h.queue(h.message(ids[0], 1), h.message(ids[0], 2), other)

	died := h.sender(channels)
	rows, err := died.lease(t.Context(), map[ChannelID]int{})
	if err != nil || len(rows) != 2 {
		t.Fatalf("leased %d rows, %v", len(rows), err)
	}
	if r := died.try(t.Context(), rows[slices.IndexFunc(rows, func(r leased) bool { return r.ChannelID == h.channel })]); r.state != "sent" {
		t.Fatalf("the first try is %+v", r)
	} // and the process dies before it notes so
	h.clock.forward(leaseTime + time.Second)
	stop := h.run(h.sender(channels))
	h.until("all are sent", `select count(*) = 3 from outbox where state in ('sent', 'confirmed')`)
	stop()

	var given []string
	for _, m := range own.all() {
		given = append(given, m.ID)
		if !ownForm.MatchString(m.ID) {
			t.Errorf("message %d has the id %q", m.Seq, m.ID)
		}
	}
	if len(given) != 4 || given[0] != given[1] || given[2] != given[3] || given[0] == given[2] {
		t.Errorf("the tries had the ids %v", given)
	}
	var kept []string
	for _, seq := range []int{1, 2} {
		var id string
		if err := h.pool.QueryRow(t.Context(), `select provider_id from outbox where conversation_id = $1 and seq = $2`, ids[0], seq).Scan(&id); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, id)
	}
	if !slices.Equal(kept, []string{given[0], given[2]}) {
		t.Errorf("kept are %v", kept)
	}
	if m := plain.all(); len(m) != 1 || m[0].ID != "" {
		t.Errorf("a channel that chooses its ids itself was given %+v", m)
	}
}
