package whatsapptest

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"
)

// retryKey is what the key of a file is stretched with to talk of its loss.
const retryKey = "WhatsApp Media Retry Notification"

// errNoMessage means that nobody has sent such a message, or that it has no file.
var errNoMessage = errors.New("no such message with a file")

// shelf is how it stands with the files that a person sent, on the library's own phone: that is whom a linked device asks for them.
type shelf struct {
	off, gone bool
	asked     []request // while it was off
}

// request asks for the file of a message.
type request struct {
	from *device
	id   string
	chat types.JID
}

// DropMedia takes the file of a person's message off the host, as WhatsApp does after some weeks.
func (s *Server) DropMedia(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.phones {
		m := p.said[id]
		if m == nil || fileOf(m.message) == nil {
			continue
		}
		if m.path == "" {
			m.path = fileOf(m.message).GetDirectPath()
		}
		s.media.dropped[at(m.path)] = true
		return nil
	}
	return fmt.Errorf("drop the file of %s: %w", id, errNoMessage)
}

// Reupload says whether the library's phone is on, so that it can send up again what this person sent; it is, until it is said that it is not. What was asked
// while it was off is answered when it is on again.
func (p *Phone) Reupload(on bool) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.files.off = !on
	if on {
		p.flush()
	}
}

// GoneFromPhone says that the library's phone, which is on, has the files of this person no more.
func (p *Phone) GoneFromPhone() {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.files.off, p.files.gone = false, true
	p.flush()
}

// flush answers what was asked; the server's lock is held.
func (p *Phone) flush() {
	asked := p.files.asked
	p.files.asked = nil
	for _, r := range asked {
		p.restore(r)
	}
}

// reupload takes a device's request for a file that the host has dropped.
func (s *Server) reupload(d *device, id string, n *node) {
	about := inside(*n, "rmr")
	r := request{d, id, about.AttrGetter().OptionalJIDOrEmpty("jid")}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, vector := s.phones[r.chat], content(inside(*n, "encrypt", "enc_iv"))
	if p == nil || len(vector) != nonceLen || p.said[id] == nil || fileOf(p.said[id].message) == nil {
		return // the phone does not know the message: it says nothing
	}
	key := mediaRetryKey(fileOf(p.said[id].message).GetMediaKey())
	plain, err := gcmutil.Decrypt(key, vector, content(inside(*n, "encrypt", "enc_p")), []byte(id))
	var asked waMmsRetry.ServerErrorReceipt
	if err != nil || proto.Unmarshal(plain, &asked) != nil || asked.GetStanzaID() != id {
		return // as above
	}
	p.files.asked = append(p.files.asked, r)
	if !p.files.off {
		p.flush()
	}
	s.change()
}

func mediaRetryKey(mediaKey []byte) []byte {
	return hkdfutil.SHA256(mediaKey, nil, []byte(retryKey), 32)
}

// restore sends a file up again and tells the device where it lies; the server's lock is held.
func (p *Phone) restore(r request) {
	s, m := p.server, p.said[r.id]
	file := fileOf(m.message)
	told := &waMmsRetry.MediaRetryNotification{StanzaID: &r.id, Result: waMmsRetry.MediaRetryNotification_NOT_FOUND.Enum()}
	if !p.files.gone {
		m.path = s.media.keep(s.media.blobs[at(file.GetDirectPath())])
		told.Result, told.DirectPath = waMmsRetry.MediaRetryNotification_SUCCESS.Enum(), &m.path
	}
	plain, err := proto.Marshal(told)
	if err != nil {
		return // it is made of two strings
	}
	vector := make([]byte, nonceLen)
	_, _ = rand.Read(vector) // it never fails
	sealed, err := gcmutil.Encrypt(mediaRetryKey(file.GetMediaKey()), vector, plain, []byte(r.id))
	if err != nil {
		return // the lengths are right
	}
	r.from.push(&pending{class: "notification", id: r.id, node: node{
		Tag: "notification", Attrs: attrs{"from": r.from.account.number, "type": "mediaretry", "id": r.id, "t": s.now().Unix()},
		Content: []node{
			{Tag: "encrypt", Content: []node{{Tag: "enc_p", Content: sealed}, {Tag: "enc_iv", Content: vector}}},
			{Tag: "rmr", Attrs: attrs{"jid": r.chat, "from_me": "false"}},
		},
	}})
}

// MisreadNext lets the phone fail to read the next message of a library: it stands in the inbox with Err, until AsksAgain brings a copy.
func (p *Phone) MisreadNext() {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.misread++
}

// AsksAgain asks the device that sent a message to send it again, as a phone does that could not read it; from the second time on with new keys.
func (p *Phone) AsksAgain(id string) error {
	p.party.mu.Lock()
	defer p.party.mu.Unlock()
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	d := p.sentBy(id)
	if d == nil {
		return fmt.Errorf("ask for %s again: it never came", id)
	}
	p.asked[id]++
	t := p.server.now().Unix()
	n := node{Tag: "receipt", Attrs: attrs{"from": p.address(), "id": id, "t": t, "type": string(types.ReceiptTypeRetry)}}
	n.Content = []node{
		{Tag: "retry", Attrs: attrs{"count": p.asked[id], "id": id, "t": t, "v": 1}},
		{Tag: "registration", Content: binary.BigEndian.AppendUint32(nil, p.party.self.RegistrationID)},
	}
	if p.asked[id] > 1 {
		n.Content = append(n.GetChildren(), node{Tag: "keys", Content: []node{
			{Tag: "type", Content: []byte{ecc.DjbType}},
			{Tag: "identity", Content: p.party.self.IdentityKey.Pub[:]},
			keyNode("key", p.party.prekey()), keyNode("skey", p.party.self.SignedPreKey),
		}})
	}
	d.push(&pending{class: "receipt", id: id, kind: string(types.ReceiptTypeRetry), node: n})
	return nil
}

// sentBy is the device from which a message came; the server's lock is held.
func (p *Phone) sentBy(id string) *device {
	for _, m := range p.inbox {
		if m.ID == id {
			return m.at
		}
	}
	return nil
}
