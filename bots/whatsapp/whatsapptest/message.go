package whatsapptest

import (
	"errors"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// errNobody means that a message was encrypted for a device that does not exist.
var errNobody = errors.New("nobody has this address")

// message takes a message that a client sends: it goes to the phone of its receiver and, as a copy, to the library's own.
func (c *connection) message(n *node) {
	s, d := c.server, c.device
	if d == nil {
		return
	}
	get := n.AttrGetter()
	id, to := get.OptionalString("id"), get.OptionalJIDOrEmpty("to")
	if hook := s.hooks().message; hook != nil {
		hook(id)
	}
	if s.refuses(c, id, to) {
		return
	}
	list := inside(*n, "participants")
	parts := list.GetChildren()
	if len(parts) == 0 { // to one device: it was asked for again, or is for the own phone
		parts = []node{{Tag: "to", Attrs: attrs{"jid": to}, Content: n.GetChildren()}}
	}
	for _, part := range parts {
		enc := inside(part, "enc")
		m := Sent{ID: id, From: d.account.Number(), at: d}
		receiver := part.AttrGetter().OptionalJIDOrEmpty("jid")
		m.Message, m.Err = s.decrypt(receiver, d.lid, enc)
		if get.OptionalString("category") != "peer" { // words between a program and its own phone are no messages
			s.arrive(receiver, m)
			s.askAgain(receiver, m)
		}
	}
	s.acknowledge(c, id, to)
}

// askAgain is what a phone does that could not read a message, where AutoAsk says so.
func (s *Server) askAgain(receiver types.JID, m Sent) {
	s.mu.Lock()
	p, on := s.phones[receiver], s.faults.autoAsk
	s.mu.Unlock()
	if m.Err == nil || p == nil || !on {
		return
	}
	_ = p.AsksAgain(m.ID) // it came a moment ago: nothing else can be wrong
}

func (s *Server) decrypt(receiver, from types.JID, enc node) (*waE2E.Message, error) {
	p := s.party(receiver)
	if p == nil {
		return nil, errNobody
	}
	ciphertext := content(enc)
	s.mu.Lock()
	if phone := s.phones[receiver]; phone != nil && phone.misread > 0 && len(ciphertext) > 0 {
		phone.misread--
		ciphertext = spoilt(ciphertext)
	}
	s.mu.Unlock()
	return p.open(from, enc.AttrGetter().OptionalString("type"), ciphertext)
}

// acknowledge tells the client that its message is safe.
func (s *Server) acknowledge(c *connection, id string, to types.JID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.dropAcks {
		return
	}
	c.send(node{Tag: "ack", Attrs: attrs{"class": "message", "id": id, "from": to, "t": s.now().Unix()}})
}

// refuses says no to a message where that is asked for.
func (s *Server) refuses(c *connection, id string, to types.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.refusal == 0 {
		return false
	}
	c.send(node{Tag: "ack", Attrs: attrs{"class": "message", "id": id, "from": to, "t": s.now().Unix(), "error": s.faults.refusal}})
	return true
}

// arrive puts a message into the list of a phone.
func (s *Server) arrive(receiver types.JID, m Sent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.At, m.Copies = s.now(), 1
	if a := s.accounts[receiver.ToNonAD()]; a != nil {
		if own := m.Message.GetDeviceSentMessage(); own != nil {
			m.Message, m.To = own.GetMessage(), own.GetDestinationJID()
		}
		a.copies = place(a.copies, m)
	} else if p := s.phones[receiver]; p != nil {
		m.To = receiver.String()
		before := len(p.inbox)
		p.inbox = place(p.inbox, m)
		if s.faults.autoDeliver && m.Err == nil && m.at != nil && len(p.inbox) > before {
			p.tell(m.at, "", []string{m.ID})
		}
	}
	s.change()
}

// place adds a message; one that is there already is counted, and shown where it could not be read before.
func place(list []Sent, m Sent) []Sent {
	for i := range list {
		if list[i].ID != m.ID || list[i].From != m.From {
			continue
		}
		list[i].Copies++
		if list[i].Message == nil && m.Err == nil {
			list[i].Message, list[i].Err = m.Message, nil
		}
		return list
	}
	return append(list, m)
}
