package whatsapptest

import (
	"bytes"
	"strconv"

	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/types"
)

// tooManyPeople is the reason of a ban that clients are told: messages to too many people who do not know the sender.
const tooManyPeople = "101"

// welcome decides what a new connection is for.
func (s *Server) welcome(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.payload.GetDevicePairingData() != nil {
		s.offer(c)
		return
	}
	a := s.accounts[types.NewJID(strconv.FormatUint(c.payload.GetUsername(), 10), types.DefaultUserServer)]
	d := a.device(c.payload, c.static)
	switch {
	case a != nil && a.outdated || s.faults.outdated:
		c.end(failure("405", nil))
	case d == nil:
		c.end(failure("401", attrs{"location": "frc"}))
	case a.banned.After(s.now()):
		c.end(a.banNode())
	default:
		s.login(c, d)
	}
}

func failure(reason string, more attrs) node {
	n := node{Tag: "failure", Attrs: attrs{"reason": reason}}
	for k, v := range more {
		n.Attrs[k] = v
	}
	return n
}

// banNode says how long the ban lasts; the server's lock is held.
func (a *Account) banNode() node {
	return failure("402", attrs{"code": tooManyPeople, "expire": int(a.banned.Sub(a.server.now()).Seconds() + 0.5)})
}

// device is the linked device that logs in; nil: there is none with these keys. The server's lock is held.
func (a *Account) device(p *waWa6.ClientPayload, noise []byte) *device {
	if a == nil {
		return nil
	}
	for _, d := range a.linked() {
		if uint32(d.number.Device) == p.GetDevice() && bytes.Equal(d.noise, noise) {
			return d
		}
	}
	return nil
}

// login lets a device in; its older connection has to go. The lock is held.
func (s *Server) login(c *connection, d *device) {
	if d.conn != nil {
		d.account.replaced++
		d.dismiss(replaced())
	}
	c.device, d.conn, d.active = d, c, false
	d.account.logins++
	c.send(node{Tag: "success", Attrs: attrs{"t": s.now().Unix(), "lid": d.lid, "props": "27", "companion_enc_static": "x"}})
	count := d.resend()
	c.send(node{Tag: "ib", Attrs: attrs{"from": types.ServerJID}, Content: []node{{Tag: "offline", Attrs: attrs{"count": count}}}})
	s.change()
}

// forget notes that a connection is over.
func (s *Server) forget(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pairings[c]; p != nil {
		p.end(errGone)
		delete(s.pairings, c)
	}
	if c.device != nil && c.device.conn == c {
		c.device.conn = nil
	}
	s.change()
}
