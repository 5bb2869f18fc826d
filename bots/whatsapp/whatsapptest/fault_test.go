package whatsapptest

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"librarian/cmd/schema/pgtest"
)

func TestSpoiltOnTheWayIn(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	for _, text := range []string{"first of the session", "later"} {
		s.CorruptNext()
		id := must[string](t)(ada.Says(a, text))
		if e := await(p, anyOf[*events.UndecryptableMessage]); e.Info.ID != id || e.IsUnavailable {
			t.Errorf("%+v", e.Info)
		}
		if m := p.message(); m.Info.ID != id || m.RetryCount != 1 || m.Message.GetConversation() != text {
			t.Errorf("sent again: %+v, retry %d", m.Info, m.RetryCount)
		}
		if err := s.Until(patient(t), func() bool { return len(s.Unacked()) == 0 }); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSpoiltTwice needs the keys that the client gives with the second request.
func TestSpoiltTwice(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	s.CorruptNext()
	s.CorruptNext()
	id := must[string](t)(ada.Says(a, "third time lucky"))
	if m := p.message(); m.Info.ID != id || m.RetryCount != 2 {
		t.Errorf("%+v, retry %d", m.Info, m.RetryCount)
	}
	must[string](t)(ada.Says(a, "and on"))
	if m := p.message(); m.Message.GetConversation() != "and on" {
		t.Errorf("%s", m.Message)
	}
}

func TestMisreadOnAPhone(t *testing.T) {
	t.Parallel()
	s, _, ada, p := linked(t)
	ada.MisreadNext()
	id := answer(t, p, "your card is ready")
	if box := must[[]Sent](t)(ada.Wait(patient(t), 1)); box[0].Err == nil || box[0].Message != nil || box[0].ID != id {
		t.Errorf("%+v", box)
	}
	for copies := 2; copies <= 3; copies++ {
		if err := ada.AsksAgain(id); err != nil {
			t.Fatal(err)
		}
		if err := s.Until(patient(t), func() bool { return ada.Inbox()[0].Copies == copies }); err != nil {
			t.Fatal(err)
		}
		if box := ada.Inbox(); len(box) != 1 || box[0].Err != nil || box[0].Text() != "your card is ready" {
			t.Errorf("%+v", box)
		}
	}
	if err := ada.AsksAgain("3EB0"); err == nil {
		t.Error("asked again for what never came")
	}
}

func TestSameIDTwice(t *testing.T) {
	t.Parallel()
	_, _, ada, p := linked(t)
	ctx, to := patient(t), types.NewJID(adaLID, types.HiddenUserServer)
	for _, id := range []string{"3EB01", "3EB01", "3EB02"} {
		must[whatsmeow.SendResponse](t)(p.SendMessage(ctx, to, Text("the same"), whatsmeow.SendRequestExtra{ID: id}))
	}
	if box := must[[]Sent](t)(ada.Wait(ctx, 2)); len(box) != 2 || box[0].Copies != 2 || box[1].Copies != 1 || box[1].ID != "3EB02" {
		t.Errorf("%+v", box)
	}
}

// TestLineBreaksBeforeTheAck lets the client send the very same frame on the next line.
func TestLineBreaksBeforeTheAck(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	s.DropAcks(true)
	failed := make(chan error, 1)
	go func() {
		_, err := p.SendMessage(patient(t), types.NewJID(adaLID, types.HiddenUserServer), Text("once"))
		failed <- err
	}()
	must[[]Sent](t)(ada.Wait(patient(t), 1))
	s.DropAcks(false)
	a.Kick()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if box := ada.Inbox(); len(box) != 1 || box[0].Copies != 2 || box[0].Err != nil || box[0].Text() != "once" {
		t.Errorf("%+v", box)
	}
}

func TestNoAckAndRefusal(t *testing.T) {
	t.Parallel()
	s, _, ada, p := linked(t)
	to := types.NewJID(adaLID, types.HiddenUserServer)
	s.DropAcks(true)
	_, err := p.SendMessage(patient(t), to, Text("?"), whatsmeow.SendRequestExtra{Timeout: 10 * time.Millisecond})
	if !errors.Is(err, whatsmeow.ErrMessageTimedOut) {
		t.Errorf("without an ack: %v", err)
	}
	must[[]Sent](t)(ada.Wait(patient(t), 1))
	s.DropAcks(false)
	s.RefuseSends(463)
	if _, err = p.SendMessage(patient(t), to, Text("!")); !errors.Is(err, whatsmeow.ErrServerReturnedError) {
		t.Errorf("refused: %v", err)
	}
	if box := ada.Inbox(); len(box) != 1 {
		t.Errorf("what was refused arrived: %+v", box)
	}
}

func TestHeldBack(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	s.HoldInbox(true)
	var ids []string
	for range 3 {
		ids = append(ids, must[string](t)(ada.Says(a, "hello")))
	}
	a.Kick()
	if err := s.Until(patient(t), func() bool { return a.Logins() == 2 && a.Online() }); err != nil {
		t.Fatal(err)
	}
	if got := s.Unacked(); !slices.Equal(got, ids) || count[*events.Message](p) != 0 {
		t.Errorf("held %v", got)
	}
	s.HoldInbox(false)
	for _, id := range ids {
		if m := p.message(); m.Info.ID != id {
			t.Errorf("%s instead of %s", m.Info.ID, id)
		}
	}
}

// TestRefusedByTheHandler is how a program that cannot store a message gets it again.
func TestRefusedByTheHandler(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	var calls atomic.Int32
	called := make(chan bool, 9)
	p.AddEventHandlerWithSuccessStatus(func(event any) bool {
		if _, ok := event.(*events.Message); !ok {
			return true
		}
		defer func() { called <- true }()
		return calls.Add(1) > 1
	})
	id := must[string](t)(ada.Says(a, "keep this"))
	<-called
	if got := s.Unacked(); !slices.Equal(got, []string{id}) {
		t.Errorf("waiting: %v", got)
	}
	s.Redeliver()
	<-called
	if err := s.Until(patient(t), func() bool { return len(s.Unacked()) == 0 }); err != nil {
		t.Fatal(err)
	}
}

// TestDiesInTheHook kills the client before its receipt counts, and looks what the next one gets.
func TestDiesInTheHook(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, ada := s.AddAccount(libraryNumber), s.AddPhone(adaNumber, adaLID, "Ada")
	pool := pgtest.New(t)
	p := join(t, s, pool)
	p.linkByQR(a)
	var kinds atomic.Value
	s.OnReceipt(func(_, kind string) {
		kinds.CompareAndSwap(nil, kind)
		p.Disconnect()
	})
	id := must[string](t)(ada.Says(a, "hello"))
	p.message()
	if err := s.Until(patient(t), func() bool { return !a.Online() }); err != nil {
		t.Fatal(err)
	}
	s.OnReceipt(nil)
	if kinds.Load() != string(types.ReceiptTypeInactive) {
		t.Errorf("the hook heard %v", kinds.Load())
	}
	next := join(t, s, pool)
	var sent atomic.Value
	s.OnMessage(func(id string) { sent.Store(id) })
	if err := next.Connect(); err != nil {
		t.Fatal(err)
	}
	next.online(a)
	if said := answer(t, next, "here I am"); sent.Load() != said {
		t.Errorf("the hook heard of %v, sent was %s", sent.Load(), said)
	}
	if len(s.Unacked()) > 0 || count[*events.Message](next) > 0 {
		t.Errorf("%s was confirmed on the wire, and came again", id)
	}
}

// TestLostReceipt is a message that was handled, and comes again: the client knows its ciphertext.
func TestLostReceipt(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	s.DropReceipts(true)
	confirmed := make(chan bool, 9)
	s.OnReceipt(func(_, _ string) { confirmed <- true })
	id := must[string](t)(ada.Says(a, "hello"))
	p.message()
	<-confirmed // before that the client would have to do its work again
	a.Kick()
	if err := s.Until(patient(t), func() bool { return a.Logins() == 2 && a.Online() }); err != nil {
		t.Fatal(err)
	}
	if got := s.Unacked(); !slices.Equal(got, []string{id}) {
		t.Errorf("waiting: %v", got)
	}
	s.DropReceipts(false)
	s.Redeliver()
	if err := s.Until(patient(t), func() bool { return len(s.Unacked()) == 0 }); err != nil {
		t.Fatal(err)
	}
	if n := count[*events.Message](p); n > 0 {
		t.Errorf("handled %d times more", n)
	}
	must[string](t)(ada.Send(a, Text("hello"), Options{ID: id}))
	if m := p.message(); m.Info.ID != id {
		t.Errorf("a new ciphertext with the same id: %s", m.Info.ID)
	}
}

// TestMuchAtOnce sends much at once, from a session's beginning on.
func TestMuchAtOnce(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	var ids []string
	for range 60 {
		ids = append(ids, must[string](t)(ada.Send(a, Text("x"), Options{})))
	}
	for i, id := range ids {
		if m := p.message(); m.Info.ID != id {
			t.Fatalf("%d: %s instead of %s", i, m.Info.ID, id)
		}
	}
	if err := s.Until(patient(t), func() bool { return len(s.Unacked()) == 0 }); err != nil {
		t.Fatal(err)
	}
}
