package whatsapptest

import (
	"bytes"
	"slices"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

// answer lets the client write to the reader, and gives the id.
func answer(t *testing.T, p *program, text string) string {
	t.Helper()
	to := types.NewJID(adaLID, types.HiddenUserServer)
	return must[whatsmeow.SendResponse](t)(p.SendMessage(patient(t), to, Text(text))).ID
}

func TestWhatChangesAMessage(t *testing.T) {
	t.Parallel()
	_, a, ada, p := linked(t)
	id := must[string](t)(ada.Says(a, "helo"))
	p.message()
	edit := must[string](t)(ada.Edits(a, id, "hello"))
	m := p.message()
	change := m.Message.GetProtocolMessage()
	if m.Info.ID != edit || edit == id || !m.IsEdit || m.Info.Edit != types.EditAttributeMessageEdit ||
		change.GetKey().GetID() != id || change.GetEditedMessage().GetConversation() != "hello" {
		t.Errorf("edited: %+v %s", m.Info, m.Message)
	}
	must[string](t)(ada.Deletes(a, id))
	m = p.message()
	change = m.Message.GetProtocolMessage()
	if change.GetType() != waE2E.ProtocolMessage_REVOKE || change.GetKey().GetID() != id || m.Info.Edit != types.EditAttributeSenderRevoke {
		t.Errorf("deleted: %+v %s", m.Info, m.Message)
	}
	said := answer(t, p, "good day")
	must[[]Sent](t)(ada.Wait(patient(t), 1))
	for _, sign := range []string{"👍", ""} {
		must[string](t)(ada.Reacts(a, said, sign))
		m = p.message()
		if r := m.Message.GetReactionMessage(); r.GetKey().GetID() != said || r.GetKey().GetFromMe() || r.GetText() != sign || m.Info.Type != "reaction" {
			t.Errorf("reacted: %s", m.Message)
		}
	}
	must[string](t)(ada.Answers(a, said, "to you too"))
	quote := p.message().Message.GetExtendedTextMessage()
	if c := quote.GetContextInfo(); quote.GetText() != "to you too" || c.GetStanzaID() != said || c.GetQuotedMessage().GetConversation() != "good day" {
		t.Errorf("quoted: %s", quote)
	}
}

func TestKindsOfMessages(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	ctx := patient(t)
	data := []byte("recording")
	must[string](t)(ada.SendsVoice(a, data, 7))
	voice := p.message()
	got := voice.Message.GetAudioMessage()
	if !got.GetPTT() || got.GetSeconds() != 7 || voice.Info.MediaType != "ptt" || !bytes.Equal(must[[]byte](t)(p.Download(ctx, got)), data) {
		t.Errorf("voice: %s", voice.Message)
	}
	must[string](t)(ada.SendsSticker(a, data))
	if got := p.message().Message.GetStickerMessage(); !bytes.Equal(must[[]byte](t)(p.Download(ctx, got)), data) {
		t.Errorf("sticker: %s", got)
	}
	must[string](t)(ada.Send(a, must[*waE2E.Message](t)(s.Video("video/mp4", data, "look")), Options{}))
	if got := p.message().Message.GetVideoMessage(); got.GetCaption() != "look" || !bytes.Equal(must[[]byte](t)(p.Download(ctx, got)), data) {
		t.Errorf("film: %s", got)
	}
	must[string](t)(ada.Send(a, Contact("Bob", "+49 170 2"), Options{}))
	if got := p.message(); got.Message.GetContactMessage().GetDisplayName() != "Bob" || got.Info.MediaType != "vcard" {
		t.Errorf("contact: %s", got.Message)
	}
	must[string](t)(ada.Send(a, Location(62.03, 129.73, "Якутск"), Options{}))
	if got := p.message().Message.GetLocationMessage(); got.GetName() != "Якутск" || got.GetDegreesLatitude() != 62.03 {
		t.Errorf("place: %s", got)
	}
	must[string](t)(ada.SendsViewOnce(a))
	if e := await(p, anyOf[*events.UndecryptableMessage]); !e.IsUnavailable || e.UnavailableType != events.UnavailableTypeViewOnce {
		t.Errorf("seen once: %+v", e)
	}
}

func TestAlbum(t *testing.T) {
	t.Parallel()
	_, a, ada, p := linked(t)
	ids := must[[]string](t)(ada.SendsAlbum(a, "image/jpeg", "three pages", []byte("1"), []byte("2"), []byte("3")))
	if m := p.message(); m.Message.GetAlbumMessage().GetExpectedImageCount() != 3 || m.Info.ID != ids[0] {
		t.Errorf("the album: %s", m.Message)
	}
	for i, caption := range []string{"three pages", "", ""} {
		m := p.message()
		belongs := m.Message.GetMessageContextInfo().GetMessageAssociation()
		data := must[[]byte](t)(p.Download(patient(t), m.Message.GetImageMessage()))
		if m.Info.ID != ids[i+1] || belongs.GetParentMessageKey().GetID() != ids[0] || belongs.GetAssociationType() != waE2E.MessageAssociation_MEDIA_ALBUM ||
			m.Message.GetImageMessage().GetCaption() != caption || string(data) != string(rune('1'+i)) {
			t.Errorf("picture %d: %s", i+1, m.Message)
		}
	}
}

func TestGroupsAndTheStatus(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	group := types.NewJID("120363000000000001", types.GroupServer)
	for _, in := range []types.JID{group, types.StatusBroadcastJID} {
		id := must[string](t)(ada.Send(a, Text("to all"), Options{In: in}))
		if m := p.message(); m.Info.ID != id || m.Info.Chat != in || !m.Info.IsGroup || m.Info.Sender.User != adaLID || m.Info.SenderAlt.User != ada.Number() {
			t.Errorf("in %s: %+v", in, m.Info)
		}
	}
	if err := s.Until(patient(t), func() bool { return len(s.Unacked()) == 0 }); err != nil {
		t.Fatal(err)
	}
}

func TestTheLibraryWritesOnItsPhone(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	id := must[string](t)(a.Says(ada, "I am at the desk"))
	m := p.message()
	if m.Info.ID != id || !m.Info.IsFromMe || m.Info.Chat.User != adaLID || m.Info.RecipientAlt.User != ada.Number() ||
		m.Message.GetConversation() != "I am at the desk" {
		t.Errorf("%+v %s", m.Info, m.Message)
	}
	if box := ada.Inbox(); len(box) != 1 || box[0].Text() != "I am at the desk" || len(a.Copies()) != 0 {
		t.Errorf("%+v, copies %v", box, a.Copies())
	}
	ada.Read(id) // the phone that wrote hears it, no device
	if err := s.Until(patient(t), func() bool { return len(s.Unacked()) == 0 }); err != nil {
		t.Fatal(err)
	}
}

func TestReceiptsByThemselves(t *testing.T) {
	t.Parallel()
	s, _, ada, p := linked(t)
	s.AutoDeliver(true)
	first, second := answer(t, p, "one"), answer(t, p, "two")
	for _, id := range []string{first, second} {
		await(p, func(r *events.Receipt) bool { return r.Type == types.ReceiptTypeDelivered && r.MessageIDs[0] == id })
	}
	ada.Read(first, second)
	await(p, func(r *events.Receipt) bool {
		return r.Type == types.ReceiptTypeRead && slices.Equal(r.MessageIDs, []string{first, second})
	})
}
