package whatsapp

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"librarian/bots"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// from is an envelope of Ada's.
func from(m *waE2E.Message) *events.Message {
	e := &events.Message{RawMessage: m, Info: types.MessageInfo{
		ID: "3A01", PushName: "Ada", Timestamp: noon,
		MessageSource: types.MessageSource{
			Chat: types.NewJID(adaLID, types.HiddenUserServer), Sender: types.JID{User: adaLID, Server: types.HiddenUserServer, Device: 4},
			SenderAlt: types.NewJID(adaNumber, types.DefaultUserServer),
		},
	}}
	return e.UnwrapRaw()
}

func wrapped(m *waE2E.Message) *waE2E.FutureProofMessage {
	return &waE2E.FutureProofMessage{Message: m}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	text := &waE2E.Message{Conversation: proto.String("привет")}
	for name, c := range map[string]struct {
		m    *waE2E.Message
		want string
	}{
		"plain":       {text, "привет"},
		"with a link": {&waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("см. https://x")}}, "см. https://x"},
		"vanishing":   {&waE2E.Message{EphemeralMessage: wrapped(text)}, "привет"},
		"seen once":   {&waE2E.Message{ViewOnceMessageV2: wrapped(text)}, "привет"},
		"unclean":     {&waE2E.Message{Conversation: proto.String("a\x00b\u202e")}, "ab"},
		"place": {&waE2E.Message{LocationMessage: &waE2E.LocationMessage{
			DegreesLatitude: proto.Float64(62.03), DegreesLongitude: proto.Float64(129.73), Name: proto.String("Библиотека"), Address: proto.String("пр. Ленина, 40"),
		}}, "Библиотека пр. Ленина, 40"},
		"coordinates": {&waE2E.Message{LiveLocationMessage: &waE2E.LiveLocationMessage{
			DegreesLatitude: proto.Float64(62.03), DegreesLongitude: proto.Float64(-129.73),
		}}, "62.030000, -129.730000"},
		"contact": {&waE2E.Message{ContactMessage: &waE2E.ContactMessage{
			DisplayName: proto.String("Ada L."), Vcard: proto.String("BEGIN:VCARD\r\nFN:Ada L.\r\nitem1.TEL;waid=491701111111:+49 170 1111111\r\nEND:VCARD"),
		}}, "Ada L. +491701111111"},
		"contacts": {&waE2E.Message{ContactsArrayMessage: &waE2E.ContactsArrayMessage{Contacts: []*waE2E.ContactMessage{
			{DisplayName: proto.String("A")}, {DisplayName: proto.String("B"), Vcard: proto.String("TEL:01")},
		}}}, "A\nB 01"},
	} {
		in, ok := convert(3, 8, from(c.m))
		if !ok || in.Text != c.want || in.Phone != "" || len(in.Files)+len(in.Refused) > 0 {
			t.Errorf("%s: %t %+v", name, ok, in)
		}
		if in.Library != 3 || in.Channel != 8 || in.ID != "3A01" || in.Name != "Ada" || !in.At.Equal(noon) || in.Locale != "" || in.Sender != "" {
			t.Errorf("%s: %+v", name, in)
		}
	}
}

func TestNotSaidToTheLibrary(t *testing.T) {
	t.Parallel()
	hello := &waE2E.Message{Conversation: proto.String("hello")}
	for name, change := range map[string]func(*events.Message){
		"own":        func(e *events.Message) { e.Info.IsFromMe = true },
		"group":      func(e *events.Message) { e.Info.IsGroup, e.Info.Chat = true, types.NewJID("1-2", types.GroupServer) },
		"status":     func(e *events.Message) { e.Info.Chat = types.StatusBroadcastJID },
		"newsletter": func(e *events.Message) { e.Info.Chat = types.NewJID("1", types.NewsletterServer) },
		"bot":        func(e *events.Message) { e.Info.Chat = types.NewJID("13135550002", types.DefaultUserServer) },
		"empty":      func(e *events.Message) { e.Message = &waE2E.Message{} },
		"nothing":    func(e *events.Message) { e.Message = nil },
		"keys": func(e *events.Message) {
			e.Message = &waE2E.Message{SenderKeyDistributionMessage: &waE2E.SenderKeyDistributionMessage{}}
		},
		"album": func(e *events.Message) {
			e.Message = &waE2E.Message{AlbumMessage: &waE2E.AlbumMessage{ExpectedImageCount: proto.Uint32(2)}}
		},
		"timer": func(e *events.Message) {
			e.Message = &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_EPHEMERAL_SETTING.Enum()}}
		},
		"sign to their own": func(e *events.Message) {
			e.Message = &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Key: &waCommon.MessageKey{ID: proto.String("3A00"), FromMe: proto.Bool(true)}}}
		},
	} {
		e := from(hello)
		change(e)
		if in, ok := convert(3, 8, e); ok {
			t.Errorf("%s: %+v", name, in)
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	key := []byte("key")
	photo := &waE2E.ImageMessage{
		Caption: proto.String("стр. 1"), Mimetype: proto.String("image/jpeg"), FileLength: proto.Uint64(100), DirectPath: proto.String("/v/1"), MediaKey: key,
	}
	document := &waE2E.DocumentMessage{
		FileName: proto.String("IMG_1.HEIC"), Mimetype: proto.String("image/heic"), FileLength: proto.Uint64(5), DirectPath: proto.String("/v/2"),
		Caption: proto.String("справка"),
	}
	part := &waE2E.MessageContextInfo{MessageAssociation: &waE2E.MessageAssociation{
		AssociationType: waE2E.MessageAssociation_MEDIA_ALBUM.Enum(), ParentMessageKey: &waCommon.MessageKey{ID: proto.String("3A77")},
	}}
	in, ok := convert(3, 8, from(&waE2E.Message{ImageMessage: photo, MessageContextInfo: part}))
	if !ok || in.Text != "стр. 1" || in.Album != "3A77" || len(in.Files) != 1 || !in.Files[0].Photo || in.Files[0].Size != 100 || in.Files[0].MediaType != "image/jpeg" {
		t.Errorf("photo: %t %+v", ok, in)
	}
	var r ref
	if err := json.Unmarshal([]byte(in.Files[0].Ref), &r); err != nil || r.Path != "/v/1" || string(r.Key) != "key" || r.Message != "3A01" || r.Chat.User != adaLID ||
		r.Kind != "WhatsApp Image Keys" {
		t.Errorf("ref: %+v, %v", r, err)
	}
	in, ok = convert(3, 8, from(&waE2E.Message{DocumentWithCaptionMessage: wrapped(&waE2E.Message{DocumentMessage: document})}))
	if !ok || in.Text != "справка" || len(in.Files) != 1 || in.Files[0].Photo || in.Files[0].Name != "IMG_1.HEIC" || in.Files[0].MediaType != "image/heic" {
		t.Errorf("document: %t %+v", ok, in)
	}
	document.FileLength = proto.Uint64(bots.MaxFile + 1)
	in, ok = convert(3, 8, from(&waE2E.Message{DocumentMessage: document}))
	if !ok || len(in.Files) != 0 || len(in.Refused) != 1 || in.Refused[0] != (bots.RefusedUpload{Name: "IMG_1.HEIC", Reason: "too_large"}) {
		t.Errorf("large: %t %+v", ok, in)
	}
	document.FileLength = proto.Uint64(1 << 63)
	if in, _ = convert(3, 8, from(&waE2E.Message{DocumentMessage: document})); len(in.Refused) != 1 {
		t.Errorf("larger than anything: %+v", in)
	}
}

func TestWhatTheLibraryCannotTake(t *testing.T) {
	t.Parallel()
	voice, ok := convert(3, 8, from(&waE2E.Message{AudioMessage: &waE2E.AudioMessage{PTT: proto.Bool(true)}}))
	if !ok || len(voice.Refused) != 1 || voice.Refused[0] != (bots.RefusedUpload{Name: "voice", Reason: "voice"}) {
		t.Errorf("voice: %t %+v", ok, voice)
	}
	for kind, m := range map[string]*waE2E.Message{
		"audio":               {AudioMessage: &waE2E.AudioMessage{}},
		"video":               {VideoMessage: &waE2E.VideoMessage{}},
		"animation":           {VideoMessage: &waE2E.VideoMessage{GifPlayback: proto.Bool(true)}},
		"video_note":          {PtvMessage: &waE2E.VideoMessage{}},
		"sticker":             {StickerMessage: &waE2E.StickerMessage{}},
		"pollCreationMessage": {PollCreationMessage: &waE2E.PollCreationMessage{}},
	} {
		in, ok := convert(3, 8, from(m))
		if !ok || len(in.Refused) != 1 || in.Refused[0] != (bots.RefusedUpload{Name: kind, Reason: "unsupported"}) {
			t.Errorf("%s: %t %+v", kind, ok, in)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	quote := func(participant string, m *waE2E.Message) *waE2E.ContextInfo {
		return &waE2E.ContextInfo{StanzaID: proto.String("3EB0"), Participant: proto.String(participant), QuotedMessage: m}
	}
	ours := &waE2E.Message{Conversation: proto.String("Какой номер? " + strings.Repeat("я", 200))}
	file := &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{FileName: proto.String("order.pdf")}}
	for name, c := range map[string]struct {
		m    *waE2E.Message
		want string
	}{
		"text": {
			&waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("да"), ContextInfo: quote("49301234567@s.whatsapp.net", ours)}},
			"Какой номер? " + strings.Repeat("я", 107),
		},
		"file": {&waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: proto.String("да"), ContextInfo: quote("900@lid", file)}}, "order.pdf"},
		"own": {&waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
			Text: proto.String("да"), ContextInfo: quote(adaNumber+"@s.whatsapp.net", ours),
		}}, ""},
		"forwarded": {&waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
			Text: proto.String("да"), ContextInfo: &waE2E.ContextInfo{IsForwarded: proto.Bool(true)},
		}}, ""},
	} {
		if in, ok := convert(3, 8, from(c.m)); !ok || in.Answers != c.want {
			t.Errorf("%s: %t, answers %q", name, ok, in.Answers)
		}
	}
}

// An edit is a message of its own, whatever its id.
func TestEdits(t *testing.T) {
	t.Parallel()
	edit := func(of string) *waE2E.Message {
		return &waE2E.Message{EditedMessage: wrapped(&waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: &waCommon.MessageKey{ID: &of}, TimestampMS: proto.Int64(7),
			EditedMessage: &waE2E.Message{Conversation: proto.String("new")},
		}})}
	}
	for of, want := range map[string]string{"3A00": "3A01", "3A01": "3A01@7"} {
		if in, ok := convert(3, 8, from(edit(of))); !ok || in.Text != "new" || in.ID != want {
			t.Errorf("edit of %s: %t %+v", of, ok, in)
		}
	}
}

func FuzzConvert(f *testing.F) {
	for _, m := range []*waE2E.Message{
		{Conversation: proto.String("a")}, {ImageMessage: &waE2E.ImageMessage{DirectPath: proto.String("/v")}}, {ContactMessage: &waE2E.ContactMessage{Vcard: proto.String("TEL:1")}},
	} {
		raw, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m waE2E.Message
		if proto.Unmarshal(raw, &m) != nil {
			return
		}
		in, ok := convert(3, 8, from(&m))
		if clean, _ := bots.Clean(in.Text); clean != in.Text || ok && in.ID == "" {
			t.Errorf("%t %+v", ok, in)
		}
	})
}
