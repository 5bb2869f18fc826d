package whatsapptest

import (
	"context"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"librarian/cmd/schema/pgtest"
)

func TestNamesOfTheSender(t *testing.T) {
	t.Parallel()
	_, a, ada, p := linked(t)
	lid, number := types.NewJID(adaLID, types.HiddenUserServer), types.NewJID("491701111111", types.DefaultUserServer)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, c := range []struct {
		options     Options
		sender, alt types.JID
		name        string
	}{
		{Options{}, lid, number, "Ada"},
		{Options{ByNumber: true, Name: "A."}, number, lid, "A."},
		{Options{NumberHidden: true, At: at, ID: "3A00"}, lid, types.EmptyJID, "Ada"},
	} {
		id := must[string](t)(ada.Send(a, Text("hello"), c.options))
		m := p.message()
		if m.Info.ID != id || m.Info.Sender != c.sender || m.Info.SenderAlt != c.alt || m.Info.PushName != c.name || m.Message.GetConversation() != "hello" {
			t.Errorf("%+v: %+v %s", c.options, m.Info, m.Message)
		}
		if !c.options.At.IsZero() && (!m.Info.Timestamp.Equal(at) || id != "3A00") {
			t.Errorf("at %s as %s", m.Info.Timestamp, id)
		}
	}
}

func TestAnswersAndReceipts(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ctx := patient(t)
	asked := must[string](t)(ada.Says(a, "are you open?"))
	m := p.message()
	if err := s.Until(ctx, func() bool { return len(s.Unacked()) == 0 }); err != nil {
		t.Fatalf("not confirmed: %v", s.Unacked())
	}
	if delivered, _ := ada.Ticks(asked); delivered {
		t.Error("a tick of a program that is not present")
	}
	if err := p.MarkRead(ctx, []string{asked}, time.Now(), m.Info.Chat, m.Info.Sender); err != nil {
		t.Fatal(err)
	}
	if err := s.Until(ctx, func() bool { delivered, read := ada.Ticks(asked); return delivered && read }); err != nil {
		t.Fatal("not read")
	}
	if err := p.SendChatPresence(ctx, m.Info.Chat, types.ChatPresenceComposing, types.ChatPresenceMediaText); err != nil {
		t.Fatal(err)
	}
	sent := must[whatsmeow.SendResponse](t)(p.SendMessage(ctx, m.Info.Chat, Text("yes"), whatsmeow.SendRequestExtra{ID: "3EB001"}))
	box := must[[]Sent](t)(ada.Wait(ctx, 1))
	if got := box[0]; got.ID != "3EB001" || got.Text() != "yes" || got.Copies != 1 || got.Err != nil || got.From != a.Number() || ada.Typing() != 1 {
		t.Errorf("%+v, typing %d", got, ada.Typing())
	}
	if copies := a.Copies(); len(copies) != 1 || copies[0].Text() != "yes" || copies[0].To != m.Info.Chat.String() {
		t.Errorf("on the library's phone: %+v", copies)
	}
	ada.Delivered(sent.ID)
	ada.Read(sent.ID)
	for _, kind := range []types.ReceiptType{types.ReceiptTypeDelivered, types.ReceiptTypeRead} {
		await(p, func(r *events.Receipt) bool {
			return r.Type == kind && slices.Equal(r.MessageIDs, []string{sent.ID}) && r.Chat.User == adaLID
		})
	}
}

func TestReadTogether(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ids := []string{must[string](t)(ada.Says(a, "one")), must[string](t)(ada.Says(a, "two")), must[string](t)(ada.Says(a, "three"))}
	m := p.message()
	if err := p.MarkRead(patient(t), ids, time.Now(), m.Info.Chat, m.Info.Sender); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if err := s.Until(patient(t), func() bool { _, read := ada.Ticks(id); return read }); err != nil {
			t.Fatalf("%s is not read", id)
		}
	}
}

func TestTicksOfAProgramThatIsPresent(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	p.Store.PushName = "Library"
	if err := p.SendPresence(t.Context(), types.PresenceAvailable); err != nil {
		t.Fatal(err)
	}
	id := must[string](t)(ada.Says(a, "hello"))
	if err := s.Until(patient(t), func() bool { delivered, read := ada.Ticks(id); return delivered && !read }); err != nil {
		t.Fatal(err)
	}
	if a.Present() != 1 {
		t.Errorf("present %d times", a.Present())
	}
}

func TestPeopleOfANumber(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ctx := patient(t)
	bare := s.AddPhone("+7 900 0000001", "", "Bare")
	found := must[[]types.IsOnWhatsAppResponse](t)(p.IsOnWhatsApp(ctx, []string{"+" + ada.Number(), "+79990000000"}))
	if len(found) != 2 || !found[0].IsIn || found[0].JID.User != adaLID || found[0].PhoneNumber.User != ada.Number() || found[1].IsIn {
		t.Errorf("%+v", found)
	}
	must[whatsmeow.SendResponse](t)(p.SendMessage(ctx, types.NewJID(ada.Number(), types.DefaultUserServer), Text("a book waits for you")))
	if box := must[[]Sent](t)(ada.Wait(ctx, 1)); box[0].Text() != "a book waits for you" {
		t.Errorf("%+v", box)
	}
	for _, nobody := range []string{"79990000000", bare.Number()} {
		if _, err := p.SendMessage(ctx, types.NewJID(nobody, types.DefaultUserServer), Text("?")); err == nil {
			t.Errorf("sent to %s, who has no LID", nobody)
		}
	}
	must[string](t)(bare.Says(a, "I have an old phone"))
	if m := p.message(); m.Info.Sender.User != bare.Number() || !m.Info.SenderAlt.IsEmpty() {
		t.Errorf("%+v", m.Info)
	}
}

func TestWaitsForTheNextLogin(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ctx := patient(t)
	must[whatsmeow.SendResponse](t)(p.SendMessage(ctx, types.NewJID(adaLID, types.HiddenUserServer), Text("hello"), whatsmeow.SendRequestExtra{ID: "3EB0"}))
	p.Disconnect()
	if err := s.Until(ctx, func() bool { return !a.Online() }); err != nil {
		t.Fatal(err)
	}
	first, second := must[string](t)(ada.Says(a, "one")), must[string](t)(ada.Says(a, "two"))
	ada.Read("3EB0")
	if got := s.Unacked(); !slices.Equal(got, []string{first, second}) {
		t.Errorf("waiting: %v", got)
	}
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	if one, two := p.message(), p.message(); one.Info.ID != first || two.Info.ID != second {
		t.Errorf("%s, %s", one.Info.ID, two.Info.ID)
	}
	await(p, func(r *events.Receipt) bool { return r.Type == types.ReceiptTypeRead })
	if await(p, anyOf[*events.OfflineSyncCompleted]).Count == 0 {
		await(p, func(e *events.OfflineSyncCompleted) bool { return e.Count == 3 })
	}
}

func TestTwoAccounts(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ctx := patient(t)
	b := s.AddAccount("7 411 2000000")
	q := join(t, s, pgtest.New(t))
	q.linkByQR(b)
	must[string](t)(ada.Says(a, "to the first"))
	must[string](t)(ada.Says(b, "to the second"))
	if one, two := p.message(), q.message(); one.Message.GetConversation() != "to the first" || two.Message.GetConversation() != "to the second" {
		t.Errorf("%s, %s", one.Message, two.Message)
	}
	reader := types.NewJID(adaLID, types.HiddenUserServer)
	must[whatsmeow.SendResponse](t)(p.SendMessage(ctx, reader, Text("from the first")))
	must[whatsmeow.SendResponse](t)(q.SendMessage(ctx, reader, Text("from the second")))
	box := must[[]Sent](t)(ada.Wait(ctx, 2))
	if box[0].From != a.Number() || box[1].From != b.Number() || box[1].Text() != "from the second" {
		t.Errorf("%+v", box)
	}
	b.Kick()
	if !a.Online() || count[*events.Disconnected](p) > 0 {
		t.Error("the other account was kicked")
	}
	if err := b.WaitOnline(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestNothingRunsAfterClose is not parallel: it looks at all goroutines of the process.
func TestNothingRunsAfterClose(t *testing.T) {
	s, a, ada, p := linked(t)
	s.SlowMedia(time.Hour)
	must[string](t)(ada.SendsImage(a, "", "image/png", []byte("png"), ""))
	picture := p.message().Message.GetImageMessage()
	asked, failed := make(chan bool, 9), make(chan error, 1)
	s.BeforeMedia(func() { asked <- true })
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	go func() {
		_, err := p.Download(ctx, picture)
		failed <- err
	}()
	<-asked
	s.Close()
	stacks := make([]byte, 1<<22)
	if all := string(stacks[:runtime.Stack(stacks, true)]); strings.Contains(all, "whatsapptest.(*connection)") || strings.Contains(all, "whatsapptest.(*Server)") {
		t.Errorf("something runs still:\n%s", all)
	}
	cancel()
	if err := <-failed; err == nil {
		t.Error("a file came from a closed server")
	}
	await(p, anyOf[*events.Disconnected])
	if err := a.WaitOnline(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("waited for a closed server: %v", err)
	}
	if key, err := hex.DecodeString(s.CertHex()); err != nil || [32]byte(key) != s.Cert() {
		t.Errorf("the key in digits: %s %v", s.CertHex(), err)
	}
}
