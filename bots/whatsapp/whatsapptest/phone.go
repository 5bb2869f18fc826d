package whatsapptest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// ErrUnlinked means that no device is linked to the account: what is sent to it arrives at the library's phone alone.
var ErrUnlinked = errors.New("no device is linked")

// Phone is the phone of a person who writes to libraries.
type Phone struct {
	server      *Server
	number, lid types.JID
	name        string
	party       *party

	// Under the server's lock.
	said    map[string]*said
	asked   map[string]int // how often a message of a library was asked for again
	inbox   []Sent
	ticks   map[string]ticks
	typing  int
	files   shelf
	misread int
}

// said is a message of the person, as their phone keeps it to send it again.
type said struct {
	to      *Account
	message *waE2E.Message
	options Options
	at      time.Time
	path    string // where its file lies now; empty: where the message says
}

type ticks struct{ delivered, read bool }

// Options say how a message is sent.
type Options struct {
	ID           string    // empty: a new one
	ByNumber     bool      // the sender is named by number, with the LID beside it; without: by LID, with the number beside it
	NumberHidden bool      // the sender is named by LID alone
	In           types.JID // a group, or types.StatusBroadcastJID; empty: the chat with the account
	At           time.Time // zero: now
	Name         string    // empty: the name of the phone
}

// AddPhone adds a person's phone, known to every account. Without a LID nobody can answer them: a client asks for it before it sends.
func (s *Server) AddPhone(phone, lid, name string) *Phone {
	p := &Phone{server: s, number: types.NewJID(digits(phone), types.DefaultUserServer), name: name}
	p.said, p.asked, p.ticks = map[string]*said{}, map[string]int{}, map[string]ticks{}
	if lid != "" {
		p.lid = types.NewJID(lid, types.HiddenUserServer)
	}
	p.party = newParty(p.number, p.lid)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phones[p.number] = p
	if lid != "" {
		s.phones[p.lid] = p
	}
	return p
}

// Number is the person's number, without +.
func (p *Phone) Number() string { return p.number.User }

// LID is the person's id without their number; empty: they have none.
func (p *Phone) LID() string { return p.lid.User }

// address is how the person is named where nothing else is asked for.
func (p *Phone) address() types.JID {
	if p.lid.IsEmpty() {
		return p.number
	}
	return p.lid
}

// newID is an id as phones make them.
func newID() (string, error) {
	raw := make([]byte, 15)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	return "3A" + strings.ToUpper(hex.EncodeToString(raw)), nil
}

// Send sends a message to the devices of an account, now or when they log in. It gives the message's id; with ErrUnlinked too.
func (p *Phone) Send(to *Account, m *waE2E.Message, o Options) (string, error) {
	if o.ID == "" {
		var err error
		if o.ID, err = newID(); err != nil {
			return "", fmt.Errorf("send: %w", err)
		}
	}
	said := &said{to: to, message: m, options: o, at: o.At}
	p.party.mu.Lock() // one after the other, as a person writes
	defer p.party.mu.Unlock()
	p.server.mu.Lock()
	if said.at.IsZero() {
		said.at = p.server.now()
	}
	p.said[o.ID] = said
	devices := to.linked()
	p.server.mu.Unlock()
	if len(devices) == 0 {
		return o.ID, fmt.Errorf("send: %w", ErrUnlinked)
	}
	for _, d := range devices {
		if err := p.deliver(d, said, 0); err != nil {
			return "", fmt.Errorf("send: %w", err)
		}
	}
	return o.ID, nil
}

// bundle gives what begins a session with the device.
func (d *device) bundle() *prekey.Bundle {
	d.account.server.mu.Lock()
	defer d.account.server.mu.Unlock()
	return d.keys.bundle(d.lid.Device)
}

// deliver encrypts a message for a device; the count says how often it has been asked for again. The lock of the party is held.
func (p *Phone) deliver(d *device, m *said, count int) error {
	s := p.server
	kind, ciphertext, err := p.party.seal(d.lid, m.message, d.bundle)
	if err != nil {
		return err
	}
	form := formOf(m.message)
	enc := node{Tag: "enc", Attrs: attrs{"v": "2", "type": kind, "mediatype": form.media}}
	if count > 0 {
		enc.Attrs["count"] = count
	}
	n := node{Tag: "message", Attrs: p.sender(m.options)}
	n.Attrs["id"], n.Attrs["t"], n.Attrs["type"], n.Attrs["edit"] = m.options.ID, m.at.Unix(), form.kind, form.edit
	s.mu.Lock()
	defer s.mu.Unlock()
	enc.Content = s.faults.passes(ciphertext)
	n.Content = []node{enc}
	d.push(&pending{class: "message", id: m.options.ID, node: n, asked: count > 0})
	return nil
}

// sender names the person in a stanza.
func (p *Phone) sender(o Options) attrs {
	a := attrs{"from": p.address(), "notify": p.name}
	switch {
	case !o.In.IsEmpty():
		a["from"], a["participant"], a["participant_pn"], a["addressing_mode"] = o.In, p.address(), p.number, string(types.AddressingModeLID)
	case p.lid.IsEmpty():
	case o.NumberHidden:
		a["addressing_mode"] = string(types.AddressingModeLID)
	case o.ByNumber:
		a["from"], a["sender_lid"] = p.number, p.lid
	default:
		a["sender_pn"], a["addressing_mode"] = p.number, string(types.AddressingModeLID)
	}
	if o.Name != "" {
		a["notify"] = o.Name
	}
	return a
}

// Inbox is what arrived at the phone, in order.
func (p *Phone) Inbox() []Sent {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return append([]Sent(nil), p.inbox...)
}

// Wait waits until so many messages have arrived, and gives all. Beyond the context's end it fails.
func (p *Phone) Wait(ctx context.Context, n int) ([]Sent, error) {
	var got []Sent
	err := p.server.Until(ctx, func() bool {
		got = p.Inbox()
		return len(got) >= n
	})
	if err != nil {
		return got, fmt.Errorf("wait for %d messages: %w (%d came)", n, err, len(got))
	}
	return got, nil
}

// Typing counts how often the person was shown that the library writes.
func (p *Phone) Typing() int {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.typing
}

// Ticks says what the person sees below a message of theirs: that it was delivered, that it was read. A receipt of a program that has not said it is
// present ("inactive") shows no tick, as on a phone.
func (p *Phone) Ticks(id string) (delivered, read bool) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	t := p.ticks[id]
	return t.delivered, t.read
}
