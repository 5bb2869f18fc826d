package whatsapptest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"go.mau.fi/whatsmeow/util/keys"
)

// A key under a code is its salt, its initial vector and itself.
const (
	saltEnd    = 32
	vectorEnd  = saltEnd + 16
	wrappedLen = vectorEnd + 32
	codeRounds = 2 << 16
	nonceLen   = 12
	bundleKey  = "link_code_pairing_key_bundle_encryption_key"
	secretKey  = "adv_secret"
)

var (
	errNoCode    = errors.New("no program waits for a code for this number")
	errWrongCode = errors.New("the code is wrong")
)

// turn opens or closes the part of a wrapped key that is under the code.
func turn(code string, wrapped []byte) ([]byte, error) {
	key, err := pbkdf2.Key(sha256.New, code, wrapped[:saltEnd], codeRounds, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, wrappedLen-vectorEnd)
	cipher.NewCTR(block, wrapped[saltEnd:vectorEnd]).XORKeyStream(out, wrapped[vectorEnd:wrappedLen])
	return out, nil
}

// EnterCode types the code on the phone, with or without the dash. It waits until the program has agreed, at most 20 s, and fails for a wrong code.
func (a *Account) EnterCode(code string) error {
	done, err := a.enter(strings.ToUpper(strings.ReplaceAll(code, "-", "")))
	if err != nil {
		return fmt.Errorf("enter a code: %w", err)
	}
	return a.linkWait(done)
}

func (a *Account) enter(code string) (<-chan error, error) {
	s := a.server
	s.mu.Lock()
	p := s.coded(a.number)
	if p == nil {
		s.mu.Unlock()
		return nil, errNoCode
	}
	theirs := p.wrapped
	s.mu.Unlock()
	ours := keys.NewKeyPair()
	wrapped := make([]byte, wrappedLen)
	if _, err := rand.Read(wrapped[:vectorEnd]); err != nil {
		return nil, err
	}
	copy(wrapped[vectorEnd:], ours.Pub[:])
	closed, err := turn(code, wrapped) // a tenth of a second and more: not under the lock
	if err != nil {
		return nil, err
	}
	copy(wrapped[vectorEnd:], closed)
	companion, err := turn(code, theirs)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.coded(a.number) != p {
		return nil, errNoCode
	}
	p.companion, p.primary, p.account, p.done = companion, ours.Priv, a, make(chan error, 1)
	p.conn.send(node{
		Tag: "notification", Attrs: attrs{"from": types.ServerJID, "type": codeTag, "id": s.nextID(), "t": s.now().Unix()},
		Content: []node{{Tag: codeTag, Attrs: attrs{"stage": "primary_hello"}, Content: []node{
			{Tag: "link_code_pairing_wrapped_primary_ephemeral_pub", Content: wrapped},
			{Tag: "primary_identity_pub", Content: a.party.self.IdentityKey.Pub[:]},
			{Tag: "link_code_pairing_ref", Content: []byte(p.codeRef)},
		}}},
	})
	return p.done, nil
}

// codeTag is the stanza of all steps.
const codeTag = "link_code_companion_reg"

// coded is the program that waits for a code on the phone of this number; the lock is held.
func (s *Server) coded(number types.JID) *pairing {
	for _, p := range s.pairings {
		if p.number == number && p.codeRef != "" {
			return p
		}
	}
	return nil
}

// linkByCode answers both steps of a program.
func (c *connection) linkByCode(n *node, step node) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pairings[c]
	if p == nil {
		c.failed(n, "400", "bad-request")
		return
	}
	if step.AttrGetter().OptionalString("stage") == "companion_finish" {
		p.finish(n, step)
		return
	}
	wrapped, number := content(inside(step, "link_code_pairing_wrapped_companion_ephemeral_pub")), step.AttrGetter().OptionalJIDOrEmpty("jid")
	if len(wrapped) != wrappedLen || s.accounts[number] == nil {
		c.failed(n, "400", "bad-request")
		return
	}
	if older := s.coded(number); older != nil {
		older.codeRef = "" // the phone asks for the newest code
	}
	p.number, p.wrapped, p.codeRef = number, wrapped, rand.Text()
	c.result(n, node{Tag: codeTag, Content: []node{{Tag: "link_code_pairing_ref", Content: []byte(p.codeRef)}}})
	s.change()
}

// finish opens what the program sent under the secret of both, which only the right code gives.
func (p *pairing) finish(n *node, step node) {
	secret, err := p.secret(content(inside(step, "link_code_pairing_wrapped_key_bundle")), content(inside(step, "companion_identity_public")))
	if err != nil {
		p.conn.failed(n, "400", "bad-request")
		p.end(err)
		return
	}
	p.conn.result(n)
	if err := p.agree(p.account, secret); err != nil {
		p.end(err)
	}
}

func (p *pairing) secret(bundle, identity []byte) ([]byte, error) {
	if p.primary == nil || len(bundle) < saltEnd+nonceLen || len(identity) != 32 {
		return nil, errWrongCode
	}
	shared, err := agree(p.primary, p.companion)
	if err != nil {
		return nil, errWrongCode
	}
	aead, err := gcm(hkdfutil.SHA256(shared, bundle[:saltEnd], []byte(bundleKey), 32))
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, bundle[saltEnd:saltEnd+nonceLen], bundle[saltEnd+nonceLen:], nil)
	if err != nil || len(plain) != 96 || string(plain[:32]) != string(identity) || string(identity) != string(p.keys.identity[:]) {
		return nil, errWrongCode
	}
	both, err := agree(p.account.party.self.IdentityKey.Priv, identity)
	if err != nil {
		return nil, err
	}
	return hkdfutil.SHA256(slices.Concat(shared, both, plain[64:]), nil, []byte(secretKey), 32), nil
}
