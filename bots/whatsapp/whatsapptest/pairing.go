package whatsapptest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

var (
	errGone    = errors.New("the program to be linked is gone")
	errRefused = errors.New("the program refused to be linked")
)

// linkWait is how long a phone waits for the program that it links.
const linkWait = 20 * time.Second

// pairing is a program that waits to be linked. What it holds is under the server's lock.
type pairing struct {
	conn *connection
	keys *uploaded
	refs []string
	// The code that is to be typed: for which number, what the program gave, and our part.
	number    types.JID
	codeRef   string
	wrapped   []byte // the program's key, under the code
	primary   *[32]byte
	companion []byte
	account   *Account // who links it
	device    *device  // what it becomes

	request string // id of the pair-success
	signed  []byte // what the account signed
	done    chan error
}

// offer gives a program what it shows as pictures; the lock is held.
func (s *Server) offer(c *connection) {
	p := &pairing{conn: c, keys: registered(c.payload.GetDevicePairingData())}
	if s.faults.outdated || p.keys == nil {
		c.end(failure("405", nil))
		return
	}
	refs := make([]node, 6)
	for i := range refs {
		p.refs = append(p.refs, "2@"+rand.Text())
		refs[i] = node{Tag: "ref", Content: []byte(p.refs[i])}
	}
	s.pairings[c] = p
	c.send(node{
		Tag: "iq", Attrs: attrs{"from": types.ServerJID, "type": "set", "id": s.nextID(), "xmlns": "md"},
		Content: []node{{Tag: "pair-device", Content: refs}},
	})
	s.change()
}

// ScanQR links the program that shows this picture; the text is what the picture says. It waits until the program has agreed, at most 20 s, and so must not
// be called where the client would have to go on.
func (a *Account) ScanQR(text string) error {
	if _, after, ok := strings.Cut(text, "#"); ok { // the picture of today is an address, with the fields after #
		text = after
	}
	fields := strings.Split(text, ",")
	if len(fields) < 4 {
		return fmt.Errorf("scan: the picture has %d fields", len(fields))
	}
	var raw [3][]byte
	for i := range raw {
		var err error
		if raw[i], err = base64.StdEncoding.DecodeString(fields[i+1]); err != nil {
			return fmt.Errorf("scan: field %d: %w", i+2, err)
		}
	}
	done, err := a.scan(fields[0], raw[0], raw[1], raw[2])
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	return a.linkWait(done)
}

func (a *Account) scan(ref string, noise, identity, secret []byte) (<-chan error, error) {
	s := a.server
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, p := range s.pairings {
		if slices.Contains(p.refs, ref) && string(c.static) == string(noise) && string(p.keys.identity[:]) == string(identity) {
			p.done = make(chan error, 1)
			return p.done, p.agree(a, secret)
		}
	}
	return nil, errGone
}

// linkWait waits for the program's answer.
func (a *Account) linkWait(done <-chan error) error {
	ctx, cancel := context.WithTimeout(a.server.ctx, linkWait)
	defer cancel()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("link: no answer: %w", ctx.Err())
	}
}

// agree tells the program that the account takes it, with a proof that only who saw the picture or the code can give; the lock is held.
func (p *pairing) agree(a *Account, secret []byte) error {
	s := a.server
	details, err := proto.Marshal(&waAdv.ADVDeviceIdentity{RawID: proto.Uint32(1), Timestamp: proto.Uint64(uint64(s.now().Unix())), KeyIndex: proto.Uint32(1)})
	if err != nil {
		return err
	}
	own := a.party.self.IdentityKey
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*own.Priv), slices.Concat(whatsmeow.AdvAccountSignaturePrefix, details, p.keys.identity[:]))
	signed, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentity{Details: details, AccountSignatureKey: own.Pub[:], AccountSignature: signature[:]})
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(signed)
	proof, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentityHMAC{Details: signed, HMAC: mac.Sum(nil)})
	if err != nil {
		return err
	}
	d := &device{account: a, noise: p.conn.static, keys: p.keys}
	d.number, d.lid = a.number, a.lid
	d.number.Device = uint16(len(a.devices) + 1) //nolint:gosec // a few
	d.lid.Device = d.number.Device
	a.devices = append(a.devices, d)
	p.account, p.device, p.signed, p.request = a, d, details, s.nextID()
	p.conn.send(node{
		Tag: "iq", Attrs: attrs{"from": types.ServerJID, "type": "set", "id": p.request, "xmlns": "md", "t": s.now().Unix()},
		Content: []node{{Tag: "pair-success", Content: []node{
			{Tag: "device-identity", Content: proof},
			{Tag: "device", Attrs: attrs{"jid": d.number, "lid": d.lid}},
			{Tag: "platform", Attrs: attrs{"name": "android"}},
		}}},
	})
	return nil
}

// KickPairing breaks the lines of the programs that wait to be linked.
func (s *Server) KickPairing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.pairings {
		c.cancel()
	}
}

// end tells who links how it ended; the lock is held.
func (p *pairing) end(err error) {
	if p.done != nil {
		p.done <- err
		p.done = nil
	}
}

// answered takes the program's answer to pair-success. True: it was one.
func (c *connection) answered(n *node) bool {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pairings[c]
	if p == nil || p.done == nil || n.Attrs["id"] != p.request {
		return false
	}
	if n.Attrs["type"] != "result" || !p.countersigned(content(inside(*n, "pair-device-sign", "device-identity"))) {
		p.end(errRefused)
		return true
	}
	p.device.linked = true
	p.end(nil)
	delete(s.pairings, c)
	c.end(node{Tag: "stream:error", Attrs: attrs{"code": "515"}}) // the program is to log in as the device that it is now
	s.change()
	return true
}

// countersigned says whether the program has signed what the account signed.
func (p *pairing) countersigned(raw []byte) bool {
	var id waAdv.ADVSignedDeviceIdentity
	if proto.Unmarshal(raw, &id) != nil || len(id.GetDeviceSignature()) != 64 {
		return false
	}
	said := slices.Concat(whatsmeow.AdvDeviceSignaturePrefix, p.signed, p.keys.identity[:], p.account.party.self.IdentityKey.Pub[:])
	return ecc.VerifySignature(ecc.NewDjbECPublicKey(p.keys.identity), said, [64]byte(id.GetDeviceSignature()))
}
