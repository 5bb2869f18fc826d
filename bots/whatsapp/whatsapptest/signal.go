package whatsapptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/protocol"
	"go.mau.fi/libsignal/session"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// The kinds of a ciphertext: the first ones of a session carry the keys that begin it.
const (
	firstKind = "pkmsg"
	laterKind = "msg"
)

// errNoKeys means that a device has given no keys with which a session could begin.
var errNoKeys = errors.New("the device has no keys")

// party is a phone as Signal knows it: its keys and its sessions. Its lock is taken before that of the server, never after.
type party struct {
	mu     sync.Mutex
	self   *store.Device
	tables *tables
}

func newParty(number, lid types.JID) *party {
	t := &tables{identities: map[string][32]byte{}, sessions: map[string][]byte{}, prekeys: map[uint32]*keys.PreKey{}}
	self := &store.Device{
		NoiseKey: keys.NewKeyPair(), IdentityKey: keys.NewKeyPair(), RegistrationID: rand.Uint32(),
		ID: &number, LID: lid, Identities: t, Sessions: t, PreKeys: t,
	}
	self.SignedPreKey = self.IdentityKey.CreateSignedPreKey(1)
	return &party{self: self, tables: t}
}

// seal encrypts a message for a device. The bundle is asked for where no session has begun.
func (p *party) seal(to types.JID, m *waE2E.Message, bundle func() *prekey.Bundle) (kind string, ciphertext []byte, err error) {
	ctx, address := context.Background(), to.SignalAddress()
	builder := session.NewBuilderFromSignal(p.self, address, store.SignalProtobufSerializer)
	if known, err := p.tables.HasSession(ctx, address.String()); err != nil {
		return "", nil, err
	} else if !known {
		if err := begin(ctx, builder, bundle()); err != nil {
			return "", nil, fmt.Errorf("begin a session with %s: %w", to, err)
		}
	}
	plain, err := proto.Marshal(m)
	if err != nil {
		return "", nil, err
	}
	sealed, err := session.NewCipher(builder, address).Encrypt(ctx, pad(plain))
	if err != nil {
		return "", nil, fmt.Errorf("encrypt for %s: %w", to, err)
	}
	if sealed.Type() == protocol.PREKEY_TYPE {
		return firstKind, sealed.Serialize(), nil
	}
	return laterKind, sealed.Serialize(), nil
}

func begin(ctx context.Context, builder *session.Builder, bundle *prekey.Bundle) error {
	if bundle == nil {
		return errNoKeys
	}
	return builder.ProcessBundle(ctx, bundle)
}

// pad ends a message with 1 to 15 bytes that say how many they are.
func pad(plain []byte) []byte {
	n := 1 + rand.IntN(15)
	return append(plain, bytes.Repeat([]byte{byte(n)}, n)...)
}

// open decrypts what a device sent.
func (p *party) open(from types.JID, kind string, ciphertext []byte) (*waE2E.Message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	plain, err := p.decrypt(from, kind, ciphertext)
	if err != nil {
		return nil, fmt.Errorf("decrypt from %s: %w", from, err)
	}
	if len(plain) == 0 || int(plain[len(plain)-1]) > len(plain) {
		return nil, errors.New("the padding is broken")
	}
	m := &waE2E.Message{}
	return m, proto.Unmarshal(plain[:len(plain)-int(plain[len(plain)-1])], m)
}

func (p *party) decrypt(from types.JID, kind string, ciphertext []byte) ([]byte, error) {
	ctx, address, form := context.Background(), from.SignalAddress(), store.SignalProtobufSerializer
	cipher := session.NewCipher(session.NewBuilderFromSignal(p.self, address, form), address)
	if kind == firstKind {
		m, err := protocol.NewPreKeySignalMessageFromBytes(ciphertext, form.PreKeySignalMessage, form.SignalMessage)
		if err != nil {
			return nil, err
		}
		return cipher.DecryptMessage(ctx, m)
	}
	m, err := protocol.NewSignalMessageFromBytes(ciphertext, form.SignalMessage)
	if err != nil {
		return nil, err
	}
	return cipher.Decrypt(ctx, m)
}

// forget ends the session with a device, so that the next message begins a new one.
func (p *party) forget(device types.JID) {
	p.tables.mu.Lock()
	defer p.tables.mu.Unlock()
	delete(p.tables.sessions, device.SignalAddress().String())
}

// prekey makes a key with which one session can begin; a phone never runs out of them.
func (p *party) prekey() *keys.PreKey {
	p.tables.mu.Lock()
	defer p.tables.mu.Unlock()
	p.tables.lastKey++
	k := keys.NewPreKey(p.tables.lastKey)
	p.tables.prekeys[k.KeyID] = k
	return k
}

// tables are what a phone keeps of Signal.
type tables struct {
	store.NoopStore // for what a phone does not need here

	mu         sync.Mutex
	identities map[string][32]byte
	sessions   map[string][]byte
	prekeys    map[uint32]*keys.PreKey
	lastKey    uint32
}

func (t *tables) PutIdentity(_ context.Context, address string, key [32]byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.identities[address] = key
	return nil
}

// IsTrustedIdentity trusts all, as a phone does that only mentions a changed key.
func (t *tables) IsTrustedIdentity(context.Context, string, [32]byte) (bool, error) { return true, nil }

func (t *tables) GetSession(_ context.Context, address string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sessions[address], nil
}

func (t *tables) HasSession(_ context.Context, address string) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sessions[address] != nil, nil
}

func (t *tables) PutSession(_ context.Context, address string, s []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sessions[address] = s
	return nil
}

func (t *tables) GetPreKey(_ context.Context, id uint32) (*keys.PreKey, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.prekeys[id], nil
}

func (t *tables) RemovePreKey(_ context.Context, id uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.prekeys, id)
	return nil
}
