package whatsapp

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"librarian/bots"
	"librarian/bots/whatsapp/whatsapptest"
)

// The process dies inside the handler: the key of the message is used up, and the next process reads it all the same.
func TestDiesInsideTheHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.process(w.lib, w.channel(w.lib, "main"))
	a := w.server.AddAccount(ownNumber)
	ada := w.server.AddPhone(adaNumber, adaLID, "Ada")
	stop := first.start()
	first.pair(a)
	inside := make(chan struct{})
	w.inbox.do(func(ctx context.Context, _ bots.Inbound) error {
		close(inside)
		<-ctx.Done()
		return ctx.Err()
	})
	id, err := ada.Says(a, "hello")
	must(t, err)
	<-inside
	stop()
	if len(w.server.Unacked()) != 1 {
		t.Fatalf("not to come again: %q", w.server.Unacked())
	}
	w.inbox.do(nil)
	second := w.process(w.lib, first.Channel)
	second.start()
	if in := w.await(1)[0]; in.ID != id || in.Text != "hello" {
		t.Errorf("stored: %+v", in)
	}
	w.until("acknowledged", func() bool { return len(w.server.Unacked()) == 0 })
	_, err = ada.Says(a, "and on")
	must(t, err)
	if in := w.await(2); len(in) != 2 || in[1].Text != "and on" {
		t.Errorf("stored: %+v", in)
	}
}

// whatsmeow takes a panic for success.
func TestPanicInReceive(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	var times atomic.Int32
	h.inbox.do(func(context.Context, bots.Inbound) error {
		if times.Add(1) < 3 {
			panic(secret)
		}
		return nil
	})
	_, err := ada.Says(a, "hello")
	must(t, err)
	if in := h.await(1); in[0].Text != "hello" || times.Load() != 3 {
		t.Errorf("stored %+v after %d times", in, times.Load())
	}
	h.until("acknowledged", func() bool { return len(h.server.Unacked()) == 0 })
	h.awaitState(bots.LinkConnected)
}

// The database is away for longer than a handler may wait: the message is brought again.
func TestNotStoredForLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "main"))
	h.limits.receive = 300 * time.Millisecond
	a := w.server.AddAccount(ownNumber)
	ada := w.server.AddPhone(adaNumber, adaLID, "Ada")
	h.start()
	h.pair(a)
	var away atomic.Bool
	away.Store(true)
	w.inbox.do(func(context.Context, bots.Inbound) error {
		if away.Load() {
			return errors.New("away")
		}
		return nil
	})
	before := a.Logins()
	_, err := ada.Says(a, "one")
	must(t, err)
	_, err = ada.Says(a, "two")
	must(t, err)
	h.until("a new login", func() bool { return a.Logins() > before })
	away.Store(false)
	texts := map[string]bool{}
	for _, in := range h.await(2) {
		texts[in.Text] = true
	}
	if !texts["one"] || !texts["two"] {
		t.Errorf("stored: %v", texts)
	}
	h.until("acknowledged", func() bool { return len(w.server.Unacked()) == 0 })
}

func TestSameMessageTwice(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	for range 2 {
		_, err := ada.Send(a, whatsapptest.Text("once"), whatsapptest.Options{ID: "3AFF"})
		must(t, err)
	}
	_, err := ada.Says(a, "after it")
	must(t, err)
	if in := h.await(2); len(in) != 2 || in[1].Text != "after it" {
		t.Errorf("stored: %+v", in)
	}
}

// What cannot be read is asked for again, and comes.
func TestUnreadableComesAgain(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	h.server.CorruptNext()
	id, err := ada.Says(a, secret)
	must(t, err)
	if in := h.await(1)[0]; in.ID != id || in.Text != secret {
		t.Errorf("stored: %+v", in)
	}
}

// One person, named by LID, then by number, then by LID alone, is one address.
func TestNamedInThreeWays(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	for i, o := range []whatsapptest.Options{{}, {ByNumber: true}, {NumberHidden: true}} {
		_, err := ada.Send(a, whatsapptest.Text("hello"), o)
		must(t, err)
		if in := h.await(i + 1)[i]; in.Sender != adaNumber || in.Phone != "+"+adaNumber {
			t.Errorf("%+v: stored as %q, %q", o, in.Sender, in.Phone)
		}
	}
}

// Whose number is hidden at first keeps the address that they had, and is answered there.
func TestNumberHiddenAtFirst(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	for i, o := range []whatsapptest.Options{{NumberHidden: true}, {ByNumber: true}} {
		_, err := ada.Send(a, whatsapptest.Text("hello"), o)
		must(t, err)
		if in := h.await(i + 1)[i]; in.Sender != "lid:"+adaLID || (in.Phone == "") != o.NumberHidden {
			t.Errorf("%+v: stored as %q, %q", o, in.Sender, in.Phone)
		}
	}
	m := h.outbound("3EB0AA", "answer")
	m.Address = "lid:" + adaLID
	_, err := h.Send(h.ctx(), m)
	must(t, err)
	if got, err := ada.Wait(h.ctx(), 1); err != nil || got[0].Text() != "answer" {
		t.Errorf("%+v, %v", got, err)
	}
}

// What readers do with messages: reactions, deletions, answers and edits.
func TestSignsOfAReader(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	first, err := ada.Says(a, "one")
	must(t, err)
	_, err = h.Send(h.ctx(), h.outbound("3EB0AA", "our question"))
	must(t, err)
	key := func(id string, own bool) *waCommon.MessageKey {
		return &waCommon.MessageKey{ID: proto.String(id), FromMe: proto.Bool(own), RemoteJID: proto.String("301234567@s.whatsapp.net")}
	}
	for _, m := range []*waE2E.Message{
		{ReactionMessage: &waE2E.ReactionMessage{Key: key("3EB0AA", false), Text: proto.String("👍")}},
		{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_REVOKE.Enum(), Key: key(first, true)}},
		{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: key(first, true), EditedMessage: whatsapptest.Text("one!")}},
	} {
		_, err := ada.Send(a, m, whatsapptest.Options{})
		must(t, err)
	}
	in := h.await(4)
	if r := in[1].React; r == nil || r.To != "3EB0AA" || r.Sign != "👍" || in[1].Text != "" {
		t.Errorf("reaction: %+v", in[1])
	}
	if in[2].Deletes != first || in[3].Text != "one!" || in[3].ID == first {
		t.Errorf("deletion %+v, edit %+v", in[2], in[3])
	}
}

// A receipt that cannot be stored comes again on the next connection.
func TestReceiptComesAgain(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	_, err := ada.Says(a, "hello")
	must(t, err)
	h.await(1)
	_, err = h.Send(h.ctx(), h.outbound("3EB0AA", "answer"))
	must(t, err)
	h.mu.Lock()
	h.failing = errors.New("away")
	h.mu.Unlock()
	ada.Delivered("3EB0AA")
	a.Kick()
	h.mu.Lock()
	h.failing = nil
	h.mu.Unlock()
	h.until("the receipt", func() bool { return len(h.deliveries()) > 0 })
}

// The same stranger by id and by number at the same instant is one person.
func TestOneAddressUnderRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := people{w.pool, w.lib, w.channel(w.lib, "main")}
	for round := range 10 {
		lid, phone := adaLID+string(rune('0'+round)), adaNumber+string(rune('0'+round))
		start := make(chan struct{})
		var group sync.WaitGroup
		var mu sync.Mutex
		for i := range 16 {
			group.Go(func() {
				l, n := lid, phone
				switch i % 3 {
				case 0:
					l = ""
				case 1:
					n = ""
				}
				<-start
				if _, err := p.meet(t.Context(), l, n, time.Now()); err != nil {
					mu.Lock()
					defer mu.Unlock()
					t.Error(err)
				}
			})
		}
		close(start)
		group.Wait()
		seen := map[string]bool{}
		for _, who := range [][2]string{{lid, phone}, {lid, ""}, {"", phone}} {
			address, err := p.meet(t.Context(), who[0], who[1], time.Now())
			must(t, err)
			seen[address] = true
		}
		if len(seen) != 1 {
			t.Errorf("addresses: %v", seen)
		}
	}
}

// deaf is a store of names that does not answer once.
type deaf struct {
	store.LIDStore
	times atomic.Int32
}

var errDeaf = errors.New("no answer")

func (d *deaf) GetPNForLID(ctx context.Context, lid types.JID) (types.JID, error) {
	if d.times.Add(1) == 1 {
		return types.JID{}, errDeaf
	}
	return d.LIDStore.GetPNForLID(ctx, lid)
}

// Somebody known by their number writes by their id at a moment when the two are not brought together: they are no stranger.
func TestNamesAreNotReadAtOnce(t *testing.T) {
	t.Parallel()
	h, _, _ := linked(t)
	_, err := h.people.meet(h.ctx(), "", adaNumber, time.Now())
	must(t, err)
	linked, _ := h.client()
	names := &deaf{LIDStore: linked.Store.LIDs}
	must(t, names.PutLIDMapping(h.ctx(), jid(adaLID), types.NewJID(adaNumber, types.DefaultUserServer)))
	cli := &whatsmeow.Client{Store: &store.Device{LIDs: names}}
	from := types.MessageInfo{MessageSource: types.MessageSource{Chat: jid(adaLID), Sender: jid(adaLID)}, ID: "3A01"}
	if !newHolder(h.ctx(), h.WhatsApp).receive(cli, from, bots.Inbound{ID: "3A01", Text: "hello"}) {
		t.Fatal("not stored")
	}
	if in := h.await(1)[0]; in.Sender != adaNumber || names.times.Load() != 2 {
		t.Errorf("%q after %d times", in.Sender, names.times.Load())
	}
}
