package whatsapptest

import "go.mau.fi/whatsmeow/proto/waE2E"

// form is what the envelope of a message tells the server of it.
type form struct{ kind, media, edit string }

// The marks of a message that changes an earlier one.
const (
	editMark   = "1"
	revokeMark = "7"
)

// formOf reads the form of a message.
func formOf(m *waE2E.Message) form {
	inner := unwrap(m)
	switch {
	case inner.GetReactionMessage() != nil && inner.GetReactionMessage().GetText() == "":
		return form{kind: "reaction", edit: revokeMark}
	case inner.GetReactionMessage() != nil:
		return form{kind: "reaction"}
	case inner.GetProtocolMessage().GetType() == waE2E.ProtocolMessage_MESSAGE_EDIT:
		return form{kind: "text", edit: editMark}
	case inner.GetProtocolMessage() != nil:
		return form{kind: "text", edit: revokeMark}
	case inner.GetPollCreationMessage() != nil, inner.GetPollCreationMessageV3() != nil:
		return form{kind: "poll"}
	}
	if media := mediaOf(inner); media != "" {
		return form{kind: "media", media: media}
	}
	return form{kind: "text"}
}

// mediaOf is what kind of file or thing a message carries; empty for words.
func mediaOf(m *waE2E.Message) string {
	switch {
	case m.GetImageMessage() != nil:
		return "image"
	case m.GetDocumentMessage() != nil:
		return "document"
	case m.GetAudioMessage().GetPTT():
		return "ptt"
	case m.GetAudioMessage() != nil:
		return "audio"
	case m.GetVideoMessage() != nil:
		return "video"
	case m.GetStickerMessage() != nil:
		return "sticker"
	case m.GetContactMessage() != nil:
		return "vcard"
	case m.GetContactsArrayMessage() != nil:
		return "contact_array"
	case m.GetLocationMessage() != nil:
		return "location"
	case m.GetLiveLocationMessage() != nil:
		return "livelocation"
	}
	return ""
}

// unwrap takes a message out of the covers in which phones send some kinds.
func unwrap(m *waE2E.Message) *waE2E.Message {
	for _, cover := range []*waE2E.FutureProofMessage{
		m.GetEditedMessage(), m.GetDocumentWithCaptionMessage(), m.GetViewOnceMessage(), m.GetViewOnceMessageV2(), m.GetEphemeralMessage(),
	} {
		if cover.GetMessage() != nil {
			return unwrap(cover.GetMessage())
		}
	}
	return m
}
