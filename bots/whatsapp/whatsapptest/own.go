package whatsapptest

import (
	"fmt"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// Says plays somebody in the library who writes to a reader on the library's phone: the reader gets it, and linked devices get a copy.
func (a *Account) Says(to *Phone, text string) (string, error) {
	id, err := newID()
	if err != nil {
		return "", fmt.Errorf("say on the phone: %w", err)
	}
	m := &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{DestinationJID: proto.String(to.address().String()), Message: Text(text)}}
	s := a.server
	a.party.mu.Lock()
	defer a.party.mu.Unlock()
	s.mu.Lock()
	devices := a.linked()
	to.inbox = place(to.inbox, Sent{ID: id, From: a.Number(), To: to.address().String(), Message: Text(text), At: s.now(), Copies: 1})
	s.change()
	s.mu.Unlock()
	for _, d := range devices {
		kind, ciphertext, err := a.party.seal(d.lid, m, d.bundle)
		if err != nil {
			return "", fmt.Errorf("say on the phone: %w", err)
		}
		n := node{Tag: "message", Content: []node{{Tag: "enc", Attrs: attrs{"v": "2", "type": kind}, Content: ciphertext}}}
		n.Attrs = attrs{"id": id, "type": "text", "from": a.lid, "recipient": to.address(), "peer_recipient_pn": to.number, "t": s.now().Unix()}
		s.mu.Lock()
		d.push(&pending{class: "message", id: id, node: n})
		s.mu.Unlock()
	}
	return id, nil
}
