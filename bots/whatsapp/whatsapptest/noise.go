package whatsapptest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow/proto/waCert"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/socket"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// certificateLife is how long a server's certificates last; clients look at it.
const certificateLife = 10 * 24 * time.Hour

// authority holds the keys of all servers of the process: a client knows one root, which is a variable of its library. The values never change.
var authority = sync.OnceValue(func() (a struct{ root, intermediate, static *keys.KeyPair }) {
	a.root, a.intermediate, a.static = keys.NewKeyPair(), keys.NewKeyPair(), keys.NewKeyPair()
	return a
})

// Cert is the root key of all servers of this process, for whatsmeow.WACertPubKey, which is to be set once and before any client connects.
func Cert() [32]byte { return *authority().root.Pub }

// Cert is the root key by which a client knows the server. It is the same for all servers of this process.
func (s *Server) Cert() [32]byte { return Cert() }

// CertHex is the root key in hexadecimal digits, for another process.
func (s *Server) CertHex() string {
	key := Cert()
	return hex.EncodeToString(key[:])
}

// certify makes the chain: the root signs the intermediate, that signs the key of the server.
func certify(now time.Time) ([]byte, error) {
	a := authority()
	intermediate, err := certificate(a.root, a.intermediate, 1, 0, now)
	if err != nil {
		return nil, err
	}
	leaf, err := certificate(a.intermediate, a.static, 2, 1, now)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&waCert.CertChain{Intermediate: intermediate, Leaf: leaf})
}

func certificate(issuer, subject *keys.KeyPair, serial, issuerSerial uint32, now time.Time) (*waCert.CertChain_NoiseCertificate, error) {
	details, err := proto.Marshal(&waCert.CertChain_NoiseCertificate_Details{
		Serial: &serial, IssuerSerial: &issuerSerial, Key: subject.Pub[:],
		NotBefore: proto.Uint64(uint64(now.Add(-time.Hour).Unix())), NotAfter: proto.Uint64(uint64(now.Add(certificateLife).Unix())),
	})
	if err != nil {
		return nil, err
	}
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*issuer.Priv), details)
	return &waCert.CertChain_NoiseCertificate{Details: details, Signature: signature[:]}, nil
}

// noise is the state of a Noise XX handshake.
type noise struct {
	hash, salt []byte
	aead       cipher.AEAD
	count      uint32
}

func newNoise() (*noise, error) {
	start := []byte(socket.NoiseStartPattern)
	aead, err := gcm(start)
	n := &noise{hash: start, salt: start, aead: aead}
	n.add(socket.WAConnHeader)
	return n, err
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// nonce is the counter of frames in 12 bytes.
func nonce(count uint32) []byte { return binary.BigEndian.AppendUint32(make([]byte, 8, 12), count) }

// agree is the secret that two pairs of keys share.
func agree(private *[32]byte, public []byte) ([]byte, error) {
	mine, err := ecdh.X25519().NewPrivateKey(private[:])
	if err != nil {
		return nil, err
	}
	theirs, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return mine.ECDH(theirs)
}

// add lets the hash know what went over the line.
func (n *noise) add(said []byte) {
	sum := sha256.Sum256(append(append([]byte(nil), n.hash...), said...))
	n.hash = sum[:]
}

func (n *noise) expand(secret []byte) (first, second []byte, err error) {
	out, err := hkdf.Key(sha256.New, secret, n.salt, "", 64)
	if err != nil {
		return nil, nil, err
	}
	return out[:32], out[32:], nil
}

func (n *noise) mix(private *[32]byte, public []byte) error {
	secret, err := agree(private, public)
	if err != nil {
		return err
	}
	var key []byte
	if n.salt, key, err = n.expand(secret); err != nil {
		return err
	}
	n.count = 0
	n.aead, err = gcm(key)
	return err
}

func (n *noise) seal(plain []byte) []byte {
	out := n.aead.Seal(nil, nonce(n.count), plain, n.hash)
	n.count++
	n.add(out)
	return out
}

func (n *noise) open(sealed []byte) ([]byte, error) {
	plain, err := n.aead.Open(nil, nonce(n.count), sealed, n.hash)
	n.count++
	n.add(sealed)
	return plain, err
}

// handshake is what a client has said of itself, and the ciphers of all that follows.
type handshake struct {
	payload       *waWa6.ClientPayload
	static        []byte // the client's key of the line
	reads, writes cipher.AEAD
}

// respond plays the server's part of the handshake; whole frames are read and written.
func respond(chain []byte, read func() ([]byte, error), write func([]byte) error) (handshake, error) {
	n, err := newNoise()
	if err != nil {
		return handshake{}, err
	}
	var m waWa6.HandshakeMessage
	if err := receive(read, &m); err != nil {
		return handshake{}, err
	}
	theirs, ours := m.GetClientHello().GetEphemeral(), keys.NewKeyPair()
	n.add(theirs)
	n.add(ours.Pub[:])
	if err := n.mix(ours.Priv, theirs); err != nil {
		return handshake{}, fmt.Errorf("hello of the client: %w", err)
	}
	hello := &waWa6.HandshakeMessage_ServerHello{Ephemeral: ours.Pub[:], Static: n.seal(authority().static.Pub[:])}
	if err := n.mix(authority().static.Priv, theirs); err != nil {
		return handshake{}, err
	}
	hello.Payload = n.seal(chain)
	out, err := proto.Marshal(&waWa6.HandshakeMessage{ServerHello: hello})
	if err != nil {
		return handshake{}, err
	}
	if err := write(out); err != nil {
		return handshake{}, err
	}
	if err := receive(read, &m); err != nil {
		return handshake{}, err
	}
	return n.finish(ours.Priv, m.GetClientFinish())
}

func receive(read func() ([]byte, error), m proto.Message) error {
	raw, err := read()
	if err != nil {
		return err
	}
	return proto.Unmarshal(raw, m)
}

func (n *noise) finish(ours *[32]byte, said *waWa6.HandshakeMessage_ClientFinish) (handshake, error) {
	static, err := n.open(said.GetStatic())
	if err != nil {
		return handshake{}, fmt.Errorf("key of the client: %w", err)
	}
	if err := n.mix(ours, static); err != nil {
		return handshake{}, err
	}
	raw, err := n.open(said.GetPayload())
	if err != nil {
		return handshake{}, fmt.Errorf("payload of the client: %w", err)
	}
	h := handshake{payload: &waWa6.ClientPayload{}, static: static}
	if err := proto.Unmarshal(raw, h.payload); err != nil {
		return handshake{}, err
	}
	toServer, toClient, err := n.expand(nil)
	if err != nil {
		return handshake{}, err
	}
	var first, second error
	h.reads, first = gcm(toServer)
	h.writes, second = gcm(toClient)
	return h, errors.Join(first, second)
}
