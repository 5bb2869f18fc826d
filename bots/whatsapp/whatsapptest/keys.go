package whatsapptest

import (
	"encoding/binary"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/util/optional"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// uploaded are the keys that a linked device has given for those who write to it.
type uploaded struct {
	registration uint32
	identity     [32]byte
	signed       *keys.PreKey
	once         []*keys.PreKey // each begins one session
}

// registered reads the keys that a device brings to be linked; nil where they are not whole.
func registered(r *waWa6.ClientPayload_DevicePairingRegistrationData) *uploaded {
	if len(r.GetERegid()) != 4 || len(r.GetEIdent()) != 32 || len(r.GetESkeyID()) != 3 || len(r.GetESkeyVal()) != 32 || len(r.GetESkeySig()) != 64 {
		return nil
	}
	return &uploaded{
		registration: binary.BigEndian.Uint32(r.GetERegid()), identity: [32]byte(r.GetEIdent()),
		signed: publicKey(r.GetESkeyID(), r.GetESkeyVal(), r.GetESkeySig()),
	}
}

// take reads what a device uploads; keys that are there already stay.
func (u *uploaded) take(n *node) {
	for _, child := range n.GetChildren() {
		raw := content(child)
		switch {
		case child.Tag == "registration" && len(raw) == 4:
			u.registration = binary.BigEndian.Uint32(raw)
		case child.Tag == "identity" && len(raw) == 32:
			u.identity = [32]byte(raw)
		case child.Tag == "skey":
			if k := readKey(child); k != nil {
				u.signed = k
			}
		case child.Tag == "key":
			if k := readKey(child); k != nil {
				u.once = append([]*keys.PreKey{k}, u.once...) // of a retry receipt: it is to be used at once
			}
		case child.Tag == "list":
			for _, one := range child.GetChildren() {
				if k := readKey(one); k != nil {
					u.once = append(u.once, k)
				}
			}
		}
	}
}

// bundle gives what begins a session with the device, and uses up a key.
func (u *uploaded) bundle(device uint16) *prekey.Bundle {
	owner := identity.NewKey(ecc.NewDjbECPublicKey(u.identity))
	id, key := optional.NewEmptyUint32(), ecc.ECPublicKeyable(nil)
	if len(u.once) > 0 {
		id, key = optional.NewOptionalUint32(u.once[0].KeyID), ecc.NewDjbECPublicKey(*u.once[0].Pub)
		u.once = u.once[1:]
	}
	return prekey.NewBundle(u.registration, uint32(device), id, u.signed.KeyID, key, ecc.NewDjbECPublicKey(*u.signed.Pub), *u.signed.Signature, owner)
}

// content is what a stanza holds as bytes; nil for another kind.
func content(n node) []byte {
	raw, ok := n.Content.([]byte)
	if !ok {
		return nil
	}
	return raw
}

// inside is the stanza within a stanza at the end of this path; an empty one where there is none.
func inside(n node, path ...string) node {
	found, ok := n.GetOptionalChildByTag(path...)
	if !ok {
		return node{}
	}
	return found
}

func readKey(n node) *keys.PreKey {
	return publicKey(content(inside(n, "id")), content(inside(n, "value")), content(inside(n, "signature")))
}

// publicKey is nil where the id or the key has another length.
func publicKey(id, value, signature []byte) *keys.PreKey {
	if len(id) != 3 || len(value) != 32 {
		return nil
	}
	public := [32]byte(value)
	k := &keys.PreKey{KeyID: binary.BigEndian.Uint32(append([]byte{0}, id...)), KeyPair: keys.KeyPair{Pub: &public}}
	if len(signature) == 64 {
		s := [64]byte(signature)
		k.Signature = &s
	}
	return k
}

func keyNode(tag string, k *keys.PreKey) node {
	children := []node{{Tag: "id", Content: binary.BigEndian.AppendUint32(nil, k.KeyID)[1:]}, {Tag: "value", Content: k.Pub[:]}}
	if k.Signature != nil {
		children = append(children, node{Tag: "signature", Content: k.Signature[:]})
	}
	return node{Tag: tag, Content: children}
}

// publish is what others need to begin a session with a phone.
func (p *party) publish() []node {
	return []node{
		{Tag: "registration", Content: binary.BigEndian.AppendUint32(nil, p.self.RegistrationID)},
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: p.self.IdentityKey.Pub[:]},
		keyNode("key", p.prekey()), keyNode("skey", p.self.SignedPreKey),
	}
}

// party finds the phone of a number or LID; nil: there is none, or it is a linked device.
func (s *Server) party(of types.JID) *party {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of.Device != 0 {
		return nil
	}
	if p := s.phones[of]; p != nil {
		return p.party
	}
	if a := s.accounts[of]; a != nil {
		return a.party
	}
	return nil
}

// keysOf answers a device that wants to begin sessions.
func (c *connection) keysOf(n *node, asked node) {
	var users []node
	for _, u := range asked.GetChildren() {
		jid := u.AttrGetter().OptionalJIDOrEmpty("jid")
		answer := node{Tag: "user", Attrs: attrs{"jid": jid}}
		if p := c.server.party(jid); p != nil {
			answer.Content = p.publish()
		} else {
			answer.Content = []node{{Tag: "error", Attrs: attrs{"code": "404", "text": "item-not-found"}}}
		}
		users = append(users, answer)
	}
	c.result(n, node{Tag: "list", Content: users})
}
