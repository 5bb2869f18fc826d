package whatsapptest

import (
	"fmt"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// Says sends words. It gives the message's id, as all that follow do.
func (p *Phone) Says(to *Account, text string) (string, error) {
	return p.Send(to, Text(text), Options{})
}

// SendsImage sends a picture; its name is not told, as WhatsApp keeps none of pictures.
func (p *Phone) SendsImage(to *Account, _, mediaType string, data []byte, caption string) (string, error) {
	return p.sendMade(to)(p.server.Image(mediaType, data, caption))
}

// SendsDocument sends a file untouched.
func (p *Phone) SendsDocument(to *Account, name, mediaType string, data []byte, caption string) (string, error) {
	return p.sendMade(to)(p.server.Document(name, mediaType, data, caption))
}

// SendsVoice sends a recording.
func (p *Phone) SendsVoice(to *Account, data []byte, seconds uint32) (string, error) {
	return p.sendMade(to)(p.server.Voice(data, seconds))
}

// SendsSticker sends a sticker.
func (p *Phone) SendsSticker(to *Account, data []byte) (string, error) {
	return p.sendMade(to)(p.server.Sticker(data))
}

func (p *Phone) sendMade(to *Account) func(*waE2E.Message, error) (string, error) {
	return func(m *waE2E.Message, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return p.Send(to, m, Options{})
	}
}

// SendsAlbum sends pictures chosen together: first a message that says how many come, whose id is the first, then each picture with a pointer to it. The
// caption is that of the first picture.
func (p *Phone) SendsAlbum(to *Account, mediaType, caption string, pictures ...[]byte) ([]string, error) {
	parent, err := p.Send(to, &waE2E.Message{AlbumMessage: &waE2E.AlbumMessage{ExpectedImageCount: proto.Uint32(uint32(len(pictures)))}}, Options{})
	if err != nil {
		return nil, err
	}
	ids := []string{parent}
	for i, data := range pictures {
		m, err := p.server.Image(mediaType, data, caption)
		if err != nil {
			return ids, err
		}
		caption = ""
		m.MessageContextInfo = &waE2E.MessageContextInfo{MessageAssociation: &waE2E.MessageAssociation{
			AssociationType: waE2E.MessageAssociation_MEDIA_ALBUM.Enum(), ParentMessageKey: to.key(parent, true), MessageIndex: proto.Int32(int32(i)), //nolint:gosec // a few
		}}
		id, err := p.Send(to, m, Options{})
		if err != nil {
			return ids, fmt.Errorf("picture %d of an album: %w", i+1, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// key points to a message in the person's chat with the account; own: the person wrote it.
func (a *Account) key(id string, own bool) *waCommon.MessageKey {
	return &waCommon.MessageKey{RemoteJID: proto.String(a.lid.String()), FromMe: &own, ID: &id}
}

// Edits changes the text of a message of the person's.
func (p *Phone) Edits(to *Account, id, text string) (string, error) {
	return p.Send(to, &waE2E.Message{EditedMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Key: to.key(id, true), Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), EditedMessage: Text(text), TimestampMS: proto.Int64(p.server.now().UnixMilli()),
	}}}}, Options{})
}

// Deletes takes a message of the person's back for everybody.
func (p *Phone) Deletes(to *Account, id string) (string, error) {
	return p.Send(to, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Key: to.key(id, true), Type: waE2E.ProtocolMessage_REVOKE.Enum()}}, Options{})
}

// Reacts puts a sign below a message of the library; an empty one takes it off.
func (p *Phone) Reacts(to *Account, id, sign string) (string, error) {
	return p.Send(to, &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{
		Key: to.key(id, false), Text: &sign, SenderTimestampMS: proto.Int64(p.server.now().UnixMilli()),
	}}, Options{})
}

// Answers sends words that quote a message, of the library or the person's own.
func (p *Phone) Answers(to *Account, id, text string) (string, error) {
	author, quoted := p.quoted(to, id)
	return p.Send(to, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
		Text: &text, ContextInfo: &waE2E.ContextInfo{StanzaID: &id, Participant: &author, QuotedMessage: quoted},
	}}, Options{})
}

// quoted finds who wrote a message, and the message; without one the quotation is empty, as of a message that was deleted.
func (p *Phone) quoted(to *Account, id string) (string, *waE2E.Message) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	if own := p.said[id]; own != nil {
		return p.address().String(), own.message
	}
	for _, m := range p.inbox {
		if m.ID == id && m.From == to.Number() {
			return to.lid.String(), m.Message
		}
	}
	return to.lid.String(), nil
}

// SendsViewOnce sends a picture that is to be seen once: WhatsApp gives it to phones alone, and linked devices hear only that there was one.
func (p *Phone) SendsViewOnce(to *Account) (string, error) {
	id, err := newID()
	if err != nil {
		return "", err
	}
	n := node{Tag: "message", Attrs: p.sender(Options{}), Content: []node{{Tag: "unavailable", Attrs: attrs{"type": "view_once"}}}}
	n.Attrs["id"], n.Attrs["t"], n.Attrs["type"] = id, p.server.now().Unix(), "media"
	to.each(func(d *device) { d.push(&pending{class: "message", id: id, node: n}) })
	return id, nil
}
