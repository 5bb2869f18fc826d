package whatsapp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/reflect/protoreflect"

	"librarian/bots"
	"librarian/contacts/library"
)

// Reasons of a bots.RefusedUpload.
const (
	reasonTooLarge    = "too_large"
	reasonUnsupported = "unsupported" // Name is then WhatsApp's word for the kind, where the file has no name
	reasonVoice       = "voice"       // spoken: the library's phone plays it
)

// answeredMost is how much of an answered message is kept, in characters: enough to tell it from others.
const answeredMost = 120

// convert gives what a message says to the library, but for who its sender is. It is false for what is not said to it: groups, lists and channels, from which
// nothing is ever taken, what we wrote ourselves on the phone, and what programs tell each other.
func convert(lib library.ID, channel bots.ChannelID, e *events.Message) (bots.Inbound, bool) {
	if !private(e.Info.MessageSource) || e.Message == nil {
		return bots.Inbound{}, false
	}
	in := heard(lib, channel, e.Info)
	m := e.Message
	if p := m.GetProtocolMessage(); p != nil {
		switch p.GetType() {
		case waE2E.ProtocolMessage_REVOKE:
			in.Deletes = clean(p.GetKey().GetID())
			return in, in.Deletes != ""
		case waE2E.ProtocolMessage_MESSAGE_EDIT:
			if in.ID == p.GetKey().GetID() { // it is said once more, not again
				in.ID = fmt.Sprintf("%s@%d", in.ID, p.GetTimestampMS())
			}
			m = p.GetEditedMessage()
		default:
			return bots.Inbound{}, false
		}
	}
	if r := m.GetReactionMessage(); r != nil {
		in.React = &bots.Reaction{To: clean(r.GetKey().GetID()), Sign: clean(r.GetText())}
		return in, !r.GetKey().GetFromMe() && in.React.To != "" // to their own message it says nothing to us
	}
	said(&in, m, e.Info)
	in.Album = clean(m.GetMessageContextInfo().GetMessageAssociation().GetParentMessageKey().GetID())
	in.Answers = answered(m, e.Info.MessageSource)
	return in, in.Text != "" || len(in.Files)+len(in.Refused) > 0
}

// heard is what the envelope of a message says.
func heard(lib library.ID, channel bots.ChannelID, info types.MessageInfo) bots.Inbound {
	in := bots.Inbound{Library: lib, Channel: channel, ID: info.ID, At: info.Timestamp.UTC()}
	in.Name = clean(info.PushName)
	return in
}

// clean is what a sender's program calls something, as it can be stored: what cannot be would come forever.
func clean(name string) string {
	name, _ = bots.Clean(name)
	return name
}

// said takes text and files.
func said(in *bots.Inbound, m *waE2E.Message, info types.MessageInfo) {
	in.Text, _ = bots.Clean(textOf(m))
	switch {
	case m.GetImageMessage() != nil:
		p := m.GetImageMessage()
		attach(in, info, p, bots.InboundFile{MediaType: p.GetMimetype(), Size: int64(min(p.GetFileLength(), 1<<50)), Photo: true}) //nolint:gosec // bounded
	case m.GetDocumentMessage() != nil:
		d := m.GetDocumentMessage()
		attach(in, info, d, bots.InboundFile{Name: clean(cmp.Or(d.GetFileName(), d.GetTitle())), MediaType: d.GetMimetype(), Size: int64(min(d.GetFileLength(), 1<<50))}) //nolint:gosec // bounded
	case in.Text == "":
		switch kind := unsupported(m); kind {
		case "":
		case "voice":
			in.Refused = []bots.RefusedUpload{{Name: kind, Reason: reasonVoice}}
		default:
			in.Refused = []bots.RefusedUpload{{Name: kind, Reason: reasonUnsupported}}
		}
	}
}

// textOf is what was written, or what stands for it.
func textOf(m *waE2E.Message) string {
	switch {
	case m.GetConversation() != "":
		return m.GetConversation()
	case m.GetExtendedTextMessage() != nil:
		return m.GetExtendedTextMessage().GetText()
	case m.GetImageMessage() != nil:
		return m.GetImageMessage().GetCaption()
	case m.GetDocumentMessage() != nil:
		return m.GetDocumentMessage().GetCaption()
	case m.GetContactMessage() != nil:
		return card(m.GetContactMessage())
	case m.GetContactsArrayMessage() != nil:
		var lines []string
		for _, c := range m.GetContactsArrayMessage().GetContacts() {
			lines = append(lines, card(c))
		}
		return strings.Join(lines, "\n")
	case m.GetLocationMessage() != nil:
		l := m.GetLocationMessage()
		return place(l.GetName(), l.GetAddress(), l.GetDegreesLatitude(), l.GetDegreesLongitude())
	case m.GetLiveLocationMessage() != nil:
		l := m.GetLiveLocationMessage()
		return place("", l.GetCaption(), l.GetDegreesLatitude(), l.GetDegreesLongitude())
	}
	return ""
}

// card writes a shared contact as name and numbers. It is something said: nothing in it proves a number to be the sender's own.
func card(c *waE2E.ContactMessage) string {
	parts := strings.Fields(c.GetDisplayName())
	for line := range strings.Lines(c.GetVcard()) {
		field, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		name, _, _ := strings.Cut(field, ";")
		if _, last, dotted := strings.Cut(name, "."); dotted { // item1.TEL
			name = last
		}
		if ok && strings.EqualFold(name, "TEL") {
			parts = append(parts, cmp.Or(bots.International(value), value))
		}
	}
	return strings.Join(parts, " ")
}

// place writes a location by its name where it has one, otherwise by its coordinates.
func place(name, address string, latitude, longitude float64) string {
	if words := strings.TrimSpace(strings.Join(strings.Fields(name+" "+address), " ")); words != "" {
		return words
	}
	return fmt.Sprintf("%.6f, %.6f", latitude, longitude)
}

// unsupported is WhatsApp's word for what a message holds that the library cannot take; empty for what programs tell each other.
func unsupported(m *waE2E.Message) (kind string) {
	switch {
	case m.GetAudioMessage().GetPTT():
		return "voice"
	case m.GetAudioMessage() != nil:
		return "audio"
	case m.GetVideoMessage().GetGifPlayback():
		return "animation"
	case m.GetVideoMessage() != nil:
		return "video"
	case m.GetPtvMessage() != nil:
		return "video_note"
	case m.GetStickerMessage() != nil, m.GetLottieStickerMessage() != nil:
		return "sticker"
	}
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		switch f.Name() {
		case "conversation", "extendedTextMessage", "messageContextInfo", "senderKeyDistributionMessage", "fastRatchetKeySenderKeyDistributionMessage",
			"protocolMessage", "albumMessage", "keepInChatMessage", "pinInChatMessage", "pollUpdateMessage", "encReactionMessage", "stickerSyncRmrMessage",
			"call", "callLogMesssage", "placeholderMessage", "bcallMessage", "messageHistoryBundle", "messageHistoryNotice":
			return true
		}
		kind = string(f.Name())
		return false
	})
	return kind
}

// ref is all that it takes to fetch a file. It holds the file's key.
type ref struct {
	Message string    `json:"message"`
	Chat    types.JID `json:"chat"`
	Kind    string    `json:"kind"` // of whatsmeow
	Path    string    `json:"path"`
	Key     []byte    `json:"key"`
	Sealed  []byte    `json:"sealed"` // SHA-256 of the encrypted file
	Plain   []byte    `json:"plain"`  // and of the file itself
	Size    int64     `json:"size"`
}

func attach(in *bots.Inbound, info types.MessageInfo, m whatsmeow.DownloadableMessage, f bots.InboundFile) {
	if f.Size > bots.MaxFile {
		in.Refused = append(in.Refused, bots.RefusedUpload{Name: f.Name, Reason: reasonTooLarge})
		return
	}
	f.MediaType = clean(f.MediaType)
	r := ref{
		Message: info.ID, Chat: info.Chat, Kind: string(whatsmeow.GetMediaType(m)), Path: m.GetDirectPath(), Key: m.GetMediaKey(), Sealed: m.GetFileEncSHA256(),
		Plain: m.GetFileSHA256(), Size: f.Size,
	}
	text, err := json.Marshal(r)
	if err != nil { // of strings and bytes it cannot be
		in.Refused = append(in.Refused, bots.RefusedUpload{Name: f.Name, Reason: reasonUnsupported})
		return
	}
	f.Ref = string(text)
	in.Files = append(in.Files, f)
}

// answered is how the message of ours begins that the sender answers; of a file its name.
func answered(m *waE2E.Message, from types.MessageSource) string {
	c := contextOf(m)
	quoted := c.GetQuotedMessage()
	if quoted == nil {
		return ""
	}
	author, err := types.ParseJID(c.GetParticipant())
	if err != nil || author.User == "" || author.User == from.Sender.User || author.User == from.SenderAlt.User {
		return "" // their own
	}
	text := cmp.Or(textOf(quoted), quoted.GetDocumentMessage().GetFileName())
	if runes := []rune(text); len(runes) > answeredMost {
		text = string(runes[:answeredMost])
	}
	return clean(text)
}

// contextOf is what the message says of others.
func contextOf(m *waE2E.Message) (c *waE2E.ContextInfo) {
	m.ProtoReflect().Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		part, ok := v.Interface().(protoreflect.Message)
		if !ok {
			return true
		}
		if with, ok := part.Interface().(interface{ GetContextInfo() *waE2E.ContextInfo }); ok {
			c = with.GetContextInfo()
		}
		return c == nil
	})
	return c
}

func digits(s string) string {
	number, _, _ := strings.Cut(s, "@")
	if _, err := strconv.ParseUint(number, 10, 64); err != nil {
		return ""
	}
	return number
}
