package whatsapptest

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow/types"
)

// Account is a library's number and the phone that holds it.
type Account struct {
	server *Server
	number types.JID
	lid    types.JID
	party  *party

	// Under the server's lock.
	devices  []*device // that were ever linked
	banned   time.Time // until then
	outdated bool
	logins   int
	replaced int
	copies   []Sent
	present  int
}

// device is a program linked to an account. What it holds is under the server's lock.
type device struct {
	account     *Account
	number, lid types.JID
	noise       []byte // its key of the line
	keys        *uploaded
	linked      bool
	conn        *connection // where it is logged in
	active      bool        // it has said that it is ready
	waiting     []*pending  // not confirmed, oldest first
}

// pending is a stanza that a device has not confirmed.
type pending struct {
	class, id, kind string // the kind of a receipt
	node            node
	tries           int
	asked           bool // it was asked for again: the confirmation that comes with that belongs to the copy that could not be read
}

// AddAccount adds a library's number, with or without +.
func (s *Server) AddAccount(phone string) *Account {
	number := types.NewJID(digits(phone), types.DefaultUserServer)
	a := &Account{server: s, number: number, lid: types.NewJID("9000"+number.User, types.HiddenUserServer)}
	a.party = newParty(a.number, a.lid)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[a.number], s.accounts[a.lid] = a, a
	return a
}

func digits(phone string) string {
	var d []rune
	for _, r := range phone {
		if r >= '0' && r <= '9' {
			d = append(d, r)
		}
	}
	return string(d)
}

// Number is the account's number, without +.
func (a *Account) Number() string { return a.number.User }

// Linked says whether a device is linked.
func (a *Account) Linked() bool {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return len(a.linked()) > 0
}

// linked are the devices that are linked now; the server's lock is held.
func (a *Account) linked() []*device {
	var linked []*device
	for _, d := range a.devices {
		if d.linked {
			linked = append(linked, d)
		}
	}
	return linked
}

// each does something with the linked devices, under the server's lock.
func (a *Account) each(do func(*device)) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	for _, d := range a.linked() {
		do(d)
	}
	a.server.change()
}

// Online says whether a linked device is logged in and has said that it is ready.
func (a *Account) Online() bool {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	for _, d := range a.linked() {
		if d.conn != nil && d.active {
			return true
		}
	}
	return false
}

// WaitOnline waits until Online.
func (a *Account) WaitOnline(ctx context.Context) error { return a.server.Until(ctx, a.Online) }

// Logins counts how often devices of this account have logged in.
func (a *Account) Logins() int {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.logins
}

// Replaced counts the logins that threw out an older connection of the same device: two programs used its keys at a time.
func (a *Account) Replaced() int {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.replaced
}

// Unlink takes the linked devices off the phone's list: they are told so where they are connected, and refused from then on.
func (a *Account) Unlink() {
	a.each(func(d *device) {
		d.linked, d.waiting = false, nil
		d.dismiss(node{Tag: "stream:error", Attrs: attrs{"code": "401"}, Content: []node{{Tag: "conflict", Attrs: attrs{"type": "device_removed"}}}})
	})
}

// Ban shuts the account out for so long, or until Unban.
func (a *Account) Ban(d time.Duration) {
	a.server.mu.Lock()
	a.banned = a.server.now().Add(d)
	a.server.mu.Unlock()
	a.each(func(d *device) { d.dismiss(a.banNode()) })
}

// Unban lets the account in again.
func (a *Account) Unban() {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.banned = time.Time{}
}

// Outdated says whether devices of the account are refused for their version, at the next login.
func (a *Account) Outdated(yes bool) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.outdated = yes
}

// Replace plays a second program that logs in with the keys of the device.
func (a *Account) Replace() { a.each(func(d *device) { d.dismiss(replaced()) }) }

func replaced() node {
	return node{Tag: "stream:error", Content: []node{{Tag: "conflict", Attrs: attrs{"type": "replaced"}}}}
}

// Kick breaks the line without a word.
func (a *Account) Kick() {
	a.each(func(d *device) {
		if d.conn != nil {
			d.conn.cancel()
			d.conn = nil
		}
	})
}

// dismiss ends the device's connection with a last word; the server's lock is held.
func (d *device) dismiss(last node) {
	if d.conn != nil {
		d.conn.end(last)
		d.conn = nil
	}
}

// push keeps a stanza until the device confirms it, and sends it where it can; the server's lock is held.
func (d *device) push(p *pending) {
	d.waiting = append(d.waiting, p)
	if d.conn != nil && !d.account.server.faults.hold {
		d.conn.send(p.stanza(false))
	}
	d.account.server.change()
}

// stanza is the stanza as it is sent this time.
func (p *pending) stanza(again bool) node {
	n := p.node
	if again {
		n.Attrs = attrs{"offline": p.tries}
		for k, v := range p.node.Attrs {
			n.Attrs[k] = v
		}
	}
	p.tries++
	return n
}

// confirm drops what the device has confirmed; the server's lock is held.
func (d *device) confirm(class, id, kind string) {
	for i, p := range d.waiting {
		if p.class != class || p.id != id || p.kind != kind {
			continue
		}
		if p.asked {
			p.asked = false
		} else {
			d.waiting = append(d.waiting[:i], d.waiting[i+1:]...)
		}
		d.account.server.change()
		return
	}
}

// resend sends all that is not confirmed; the server's lock is held.
func (d *device) resend() int {
	if d.conn == nil || d.account.server.faults.hold {
		return 0
	}
	for _, p := range d.waiting {
		d.conn.send(p.stanza(true))
	}
	return len(d.waiting)
}
