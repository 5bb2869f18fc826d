package whatsapp

import (
	"testing"

	"librarian/bots"
)

func TestLinkByPictureAndTalk(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	if l := h.link(); l.Number != "+49301234567" || !l.Held || l.Asked != "" || l.Code != "" || !a.Linked() {
		t.Errorf("link: %+v", l)
	}
	id, err := ada.Says(a, secret)
	must(t, err)
	in := h.await(1)[0]
	if in.ID != id || in.Sender != adaNumber || in.Text != secret || in.Phone != "+"+adaNumber || in.Name != secret || in.Library != h.lib {
		t.Errorf("stored: %+v", in)
	}
	h.until("ticks", func() bool { _, read := ada.Ticks(id); return read })
	sent, err := h.Send(h.ctx(), h.outbound("3EB0AA01", "Добрый день! "+secret))
	must(t, err)
	got, err := ada.Wait(h.ctx(), 1)
	must(t, err)
	if sent != "3EB0AA01" || got[0].ID != sent || got[0].Text() != "Добрый день! "+secret {
		t.Errorf("sent %s, arrived %+v", sent, got[0])
	}
	ada.Delivered(sent)
	ada.Read(sent)
	h.until("receipts", func() bool { return len(h.deliveries()) == 2 })
	if d := h.deliveries(); d[0].address != adaNumber || d[0].read || !d[1].read || d[1].ids[0] != sent {
		t.Errorf("delivered: %+v", d)
	}
	h.awaitLink("last messages", func(l bots.Link) bool { return l.Heard != nil && l.Said != nil })
	if r := h.reported(); len(r) != 1 || r[0] != ProblemNone {
		t.Errorf("reported %q", r)
	}
}
