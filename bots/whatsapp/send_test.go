package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"librarian/bots"
	"librarian/contacts/library"
)

// acquainted is a running process to which Ada has written.
func acquainted(t *testing.T) (*house, func(n int) []string) {
	t.Helper()
	h, a, ada := linked(t)
	_, err := ada.Says(a, "hello")
	must(t, err)
	h.await(1)
	return h, func(n int) []string {
		t.Helper()
		got, err := ada.Wait(h.ctx(), n)
		must(t, err)
		var said []string
		for _, m := range got {
			said = append(said, m.ID+" "+m.Text())
		}
		return said
	}
}

func TestSendFiles(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	_, err := ada.Says(a, "hello")
	must(t, err)
	h.await(1)
	h.files["picture"] = file{"card.png", "image/png", []byte("picture")}
	h.files["paper"] = file{"заказ.pdf", "application/pdf", bytes.Repeat([]byte("paper"), 1000)}
	h.files["photo"] = file{"large.jpg", "image/jpeg", make([]byte, maxPhoto+1)}
	for i, name := range []string{"picture", "paper", "photo"} {
		m := h.outbound("3EB0"+name, "caption "+name)
		m.Files = []string{name}
		if i == 2 {
			m.Text = ""
		}
		if _, err := h.Send(h.ctx(), m); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ada.Wait(h.ctx(), 3)
	must(t, err)
	picture, paper, photo := got[0].Message.GetImageMessage(), got[1].Message.GetDocumentMessage(), got[2].Message.GetDocumentMessage()
	if picture.GetCaption() != "caption picture" || picture.GetMimetype() != "image/png" || paper.GetCaption() != "caption paper" ||
		paper.GetFileName() != "заказ.pdf" || paper.GetMimetype() != "application/pdf" || photo.Caption != nil || photo.GetFileName() != "large.jpg" {
		t.Errorf("arrived: %v", got)
	}
	for name, m := range map[string]whatsmeow.DownloadableMessage{"picture": picture, "paper": paper, "photo": photo} {
		if data, err := h.server.Open(m); err != nil || !bytes.Equal(data, h.files[name].data) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}

func TestNotToBeSent(t *testing.T) {
	t.Parallel()
	h, _ := acquainted(t)
	h.server.AddPhone("4917999", "", "without an account")
	for name, c := range map[string]struct {
		change  func(*bots.Outbound)
		outcome bots.Outcome
		code    string
	}{
		"empty":      {func(m *bots.Outbound) { m.Text = "" }, bots.Refused, "empty"},
		"two files":  {func(m *bots.Outbound) { m.Files = []string{"a", "b"} }, bots.Refused, "files"},
		"no file":    {func(m *bots.Outbound) { m.Files = []string{"gone"} }, bots.Refused, "file_gone"},
		"no address": {func(m *bots.Outbound) { m.Address = "x" }, bots.Refused, "address"},
		"no id":      {func(m *bots.Outbound) { m.ID = "" }, bots.Refused, "id"},
		"no account": {func(m *bots.Outbound) { m.Address = "4917999" }, bots.Refused, "no_account"},
		"nobody":     {func(m *bots.Outbound) { m.Address = "4917998" }, bots.Refused, "no_account"},
	} {
		m := h.outbound("3EB0FF", secret)
		c.change(&m)
		_, err := h.Send(h.ctx(), m)
		if e := sendErr(t, err); e.Outcome != c.outcome || e.Code != c.code {
			t.Errorf("%s: %v", name, e)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if text := err.Error(); strings.Contains(text, "4917") || strings.Contains(text, secret) {
				t.Errorf("%s: the error says too much: %s", name, text)
			}
		}
	}
}

// No answer came: under its own id the message is sent once more, and the phone shows it once.
func TestSentTwiceIsOneMessage(t *testing.T) {
	t.Parallel()
	h, said := acquainted(t)
	h.limits.call = 500 * time.Millisecond
	h.server.DropAcks(true)
	_, err := h.Send(h.ctx(), h.outbound("3EB0AA", "answer"))
	if e := sendErr(t, err); e.Outcome != bots.Retry || e.Code != "timeout" || e.Whole {
		t.Fatalf("%+v", e)
	}
	h.server.DropAcks(false)
	for _, text := range []string{"answer", "and on"} {
		id := "3EB0AA"
		if text != "answer" {
			id = "3EB0AB"
		}
		if _, err := h.Send(h.ctx(), h.outbound(id, text)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(said(2), ", "); got != "3EB0AA answer, 3EB0AB and on" {
		t.Errorf("arrived: %s", got)
	}
}

func TestStrangersHaveToWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "main"))
	h.FirstContacts = 1
	a := w.server.AddAccount(ownNumber)
	one, two := w.server.AddPhone("4917001", "81", "1"), w.server.AddPhone("4917002", "82", "2")
	h.start()
	h.pair(a)
	write := func(to, id string) error {
		m := h.outbound(id, "good day")
		m.Address = to
		_, err := h.Send(h.ctx(), m)
		return err
	}
	must(t, write(one.Number(), "3EB001"))
	must(t, write(one.Number(), "3EB002"))
	e := sendErr(t, write(two.Number(), "3EB003"))
	if e.Outcome != bots.Retry || e.Code != "first_contacts" || e.Whole || e.After < 23*time.Hour {
		t.Errorf("%+v", e)
	}
	_, err := two.Says(a, "hello")
	must(t, err)
	w.await(1)
	must(t, write(two.Number(), "3EB003"))
}

// Words take their time, as with a person.
func TestIsSeenWriting(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	_, err := ada.Says(a, "hello")
	must(t, err)
	h.await(1)
	var asked int
	h.Pace = func(text int) time.Duration { asked = text; return 20 * time.Millisecond }
	if _, err := h.Send(h.ctx(), h.outbound("3EB0AA", "ответ")); err != nil || asked != 5 {
		t.Errorf("%v, asked for %d characters", err, asked)
	}
	before := ada.Typing()
	if before == 0 {
		t.Error("not seen writing")
	}
	must(t, h.Typing(h.ctx(), adaNumber))
	h.until("seen writing", func() bool { return ada.Typing() > before })
	for text, want := range map[int]time.Duration{0: 500 * time.Millisecond, 100: 1500 * time.Millisecond, 4000: 3 * time.Second} {
		if got := Pace(text); got != want {
			t.Errorf("%d characters take %s", text, got)
		}
	}
}

// A message that a phone could not open is given again to who it was for, and to nobody else.
func TestAskedForAgain(t *testing.T) {
	t.Parallel()
	h, _ := acquainted(t)
	var asked []string
	h.Again = func(_ context.Context, _ library.ID, _ bots.ChannelID, address, id string) (bots.Outbound, error) {
		asked = append(asked, address+" "+id)
		if address != adaNumber {
			return bots.Outbound{}, bots.ErrNoSuch
		}
		return h.outbound(id, "answer"), nil
	}
	cli, ok := h.client()
	if !ok {
		t.Fatal("not ready")
	}
	_, err := h.people.meet(h.ctx(), "800000000000009", "4917009", time.Now())
	must(t, err)
	again := newHolder(h.ctx(), h.WhatsApp).resend(cli)
	ada, eve, nobody := jid(adaLID), jid("800000000000009"), jid("800000000000008")
	if m := again(ada, ada, "3EB0AA"); m.GetConversation() != "answer" {
		t.Errorf("got %v", m)
	}
	for _, stranger := range []types.JID{eve, nobody} {
		if m := again(stranger, stranger, "3EB0AA"); m != nil {
			t.Errorf("shown to a stranger: %v", m)
		}
	}
	if got := strings.Join(asked, ", "); got != adaNumber+" 3EB0AA, 4917009 3EB0AA" {
		t.Errorf("asked for %s", got)
	}
}

// The process that sent it has died meanwhile; the phone gets what it asks for from the next one.
func TestAskedForAgainAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.process(w.lib, w.channel(w.lib, "main"))
	a := w.server.AddAccount(ownNumber)
	ada := w.server.AddPhone(adaNumber, adaLID, "Ada")
	stop := first.start()
	first.pair(a)
	_, err := ada.Says(a, "hello")
	must(t, err)
	w.await(1)
	ada.MisreadNext()
	_, err = first.Send(w.ctx(), first.outbound("3EB0AA", "answer"))
	must(t, err)
	stop()
	second := w.process(w.lib, first.Channel)
	second.Again = func(_ context.Context, _ library.ID, _ bots.ChannelID, _, id string) (bots.Outbound, error) {
		return second.outbound(id, "answer"), nil
	}
	second.start()
	w.until("ready", second.Ready)
	must(t, ada.AsksAgain("3EB0AA"))
	w.until("read", func() bool { in := ada.Inbox(); return len(in) == 1 && in[0].Err == nil && in[0].Text() == "answer" })
}
