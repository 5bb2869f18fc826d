package whatsapp

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"librarian/bots"
	"librarian/bots/bottest"
	"librarian/bots/whatsapp/whatsapptest"
)

// What WhatsApp cannot do.
var lacking = map[string]string{
	"a reader who leaves is heard":         "WhatsApp does not tell who has blocked a number",
	"a file that the provider has no more": "it is asked for at the reader's phone, which may send it up again at any time",
	string(bottest.Page):                   "messages go over a connection that has no pages: anything else on it is its end",
	string(bottest.Shut):                   "WhatsApp does not tell who has blocked a number: the message is taken and never delivered",
}

func TestChannelCases(t *testing.T) {
	t.Parallel()
	bottest.Run(t, lacking, func(t *testing.T, w *bottest.World) *bottest.Party {
		h, account := newWorld(t).linkedFor(w)
		p := &talk{house: h, account: account, phones: map[bottest.Reader]*whatsapptest.Phone{}, last: map[bottest.Reader]letter{}}
		for who := bottest.Aita; who <= bottest.Olesya; who++ {
			p.phones[who] = h.server.AddPhone(fmt.Sprintf("4917099999%02d", who), fmt.Sprintf("8000000000009%02d", who), who.Name())
		}
		return p.party()
	})
}

// linkedFor is a process whose number is linked, and which does not run.
func (w *world) linkedFor(b *bottest.World) (*house, *whatsapptest.Account) {
	w.t.Helper()
	h := w.process(w.lib, w.channel(w.lib, "main"))
	h.Receive, h.Log, h.Open = b.Receive, b.Log, b.Shelf.Open
	h.limits.standBy = 10 * time.Millisecond
	a := w.server.AddAccount(ownNumber)
	stop := h.start()
	h.pair(a)
	stop()
	return h, a
}

// talk is the library's number among its readers.
type talk struct {
	*house
	account *whatsapptest.Account
	phones  map[bottest.Reader]*whatsapptest.Phone
	last    map[bottest.Reader]letter
}

// letter is a message as the reader's phone keeps it.
type letter struct {
	id      string
	message *waE2E.Message
}

func (k *talk) party() *bottest.Party {
	return &bottest.Party{
		Channel: k.WhatsApp, Receive: k.Run, Longest: 2 * bots.MaxText, Named: true,
		Says:  func(who bottest.Reader, text string) { k.says(who, whatsapptest.Text(text)) },
		Sends: k.sends,
		Again: func(who bottest.Reader) {
			l := k.last[who]
			_, err := k.phones[who].Send(k.account, l.message, whatsapptest.Options{ID: l.id})
			must(k.t, err)
		},
		Send: func(ctx context.Context, who bottest.Reader, m bots.Outbound) (string, error) {
			return k.Send(ctx, k.to(m, k.phones[who].Number()))
		},
		Shown: k.shown, Trouble: k.trouble,
	}
}

func (k *talk) to(m bots.Outbound, address string) bots.Outbound {
	m.Library, m.Channel, m.Conversation, m.Address = k.Library, k.Channel, 1, address
	return m
}

func (k *talk) says(who bottest.Reader, m *waE2E.Message) {
	k.t.Helper()
	id, err := k.phones[who].Send(k.account, m, whatsapptest.Options{})
	must(k.t, err)
	k.last[who] = letter{id, m}
}

// sends sends as phones do: pictures as an album, after a message that announces it, and documents one by one.
func (k *talk) sends(who bottest.Reader, caption string, all ...bottest.File) {
	k.t.Helper()
	var album *waE2E.MessageContextInfo
	if len(all) > 1 && all[0].Photo {
		k.says(who, &waE2E.Message{AlbumMessage: &waE2E.AlbumMessage{ExpectedImageCount: proto.Uint32(uint32(len(all)))}}) //nolint:gosec // a few
		album = &waE2E.MessageContextInfo{MessageAssociation: &waE2E.MessageAssociation{
			AssociationType:  waE2E.MessageAssociation_MEDIA_ALBUM.Enum(),
			ParentMessageKey: &waCommon.MessageKey{ID: proto.String(k.last[who].id), FromMe: proto.Bool(true)},
		}}
	}
	for _, f := range all {
		m, err := k.server.Document(f.Name, f.MediaType, f.Data, caption)
		if f.Photo {
			m, err = k.server.Image(f.MediaType, f.Data, caption)
		}
		must(k.t, err)
		m.MessageContextInfo = album
		k.says(who, m)
		caption = ""
	}
}

func (k *talk) shown(who bottest.Reader, least int) (all []bottest.Shown) {
	k.t.Helper()
	sent, err := k.phones[who].Wait(k.ctx(), least)
	must(k.t, err)
	for _, s := range sent {
		must(k.t, s.Err)
		one := bottest.Shown{Text: s.Text()}
		switch d, i := s.Message.GetDocumentMessage(), s.Message.GetImageMessage(); {
		case d != nil:
			data, err := k.server.Open(d)
			must(k.t, err)
			one.Files = []bottest.File{{Name: d.GetFileName(), MediaType: d.GetMimetype(), Data: data}}
		case i != nil:
			data, err := k.server.Open(i)
			must(k.t, err)
			one.Files = []bottest.File{{MediaType: i.GetMimetype(), Data: data, Photo: true}}
		}
		all = append(all, one)
	}
	return all
}

func (k *talk) trouble(of bottest.Trouble) (send func(context.Context, bots.Outbound) (string, error), wait time.Duration) {
	address := k.phones[bottest.Aita].Number()
	switch of {
	case bottest.Wait:
		wait = time.Hour
		k.account.Ban(wait)
		k.awaitState(bots.LinkBanned)
	case bottest.Away:
		k.server.Close()
		k.until("cut off", func() bool { return !k.Ready() })
	case bottest.Silence:
		k.server.DropAcks(true)
	case bottest.Address:
		address = bottest.Secret
	}
	return func(ctx context.Context, m bots.Outbound) (string, error) {
		return k.Send(ctx, k.to(m, address))
	}, wait
}
