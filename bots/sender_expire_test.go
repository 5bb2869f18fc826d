package bots

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestUnseenPasswordExpires(t *testing.T) {
	t.Parallel()
	h := house1(t)
	chat, mail := newScript(nil), newScript(nil)
	chat.limits.Acks, mail.kind = true, Email
	var post ChannelID
	if err := h.pool.QueryRow(t.Context(), `insert into channels (library_id, kind, name) values ($1, 'email', 'post') returning id`, h.lib).Scan(&post); err != nil {
		t.Fatal(err)
	}
	ids, written := h.conversations(h.channel, 2), h.conversations(post, 1)[0]
	unseen, secret := h.secretMessage(ids[0], 1, "pass")
	seen, _ := h.secretMessage(ids[1], 1, "pass")
	letter, _ := h.secretMessage(written, 1, "pass")
	letter.Channel = post
	h.queue(unseen, h.message(ids[0], 2), seen, letter)
	s := h.sender(map[ChannelID]Channel{h.channel: chat, post: mail})
	stop := h.run(s)
	h.untilAll("sent", 4)
	stop()
	if err := h.outbox.Confirm(t.Context(), h.lib, ids[1], 1); err != nil {
		t.Fatal(err)
	}
	s.channels.Remove(h.channel) // nobody can look any more: it is told all the same
	h.clock.forward(OutNotice.life() - time.Second)
	s.expire(t.Context(), false)
	if f := h.failures(); len(f) != 0 {
		t.Fatalf("handed on too early: %v", f)
	}
	h.clock.forward(time.Second)
	h.refuse = errors.New("not now")
	s.expire(t.Context(), false)
	if got := h.states(ids[0]); !slices.Equal(got, []string{"sent", "sent"}) {
		t.Errorf("while the hook fails: %v", got)
	}
	h.refuse = nil
	for range 3 {
		s.expire(t.Context(), false)
	}
	all := h.failures()
	if len(all) != 1 {
		t.Fatalf("handed on %v", all)
	}
	if f := all[0]; f.Conversation != ids[0] || f.Seq != 1 || f.Kind != OutNotice || f.Secret != secret || f.Problem != "expired" {
		t.Errorf("handed on %+v", f)
	}
	for id, want := range map[ConversationID][]string{ids[0]: {"failed", "sent"}, ids[1]: {"confirmed"}, written: {"sent"}} {
		if got := h.states(id); !slices.Equal(got, want) {
			t.Errorf("conversation %d: %v, want %v", id, got, want)
		}
	}
}
