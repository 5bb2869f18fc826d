package files

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// ErrKey says that what was to be opened was sealed by a key that is not in the key file, or that the key file holds no usable key.
var ErrKey = errors.New("key does not fit")

// checkText is what a check row holds; it is no secret.
const checkText = "librarian key check 1"

// Keys are the age identities of one installation: the first encrypts, all decrypt.
type Keys struct {
	recipient  age.Recipient
	identities []age.Identity
}

// ParseKeys reads a key file's text: one age identity a line, blank lines and lines that begin with # aside.
// The error never repeats what was read.
func ParseKeys(text []byte) (*Keys, error) {
	identities, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parse keys: %w", ErrKey) // age's own error may quote the line
	}
	switch first := identities[0].(type) {
	case *age.X25519Identity:
		return &Keys{recipient: first.Recipient(), identities: identities}, nil
	case *age.HybridIdentity:
		return &Keys{recipient: first.Recipient(), identities: identities}, nil
	}
	return nil, fmt.Errorf("parse keys: first key cannot encrypt: %w", ErrKey)
}

// ReadKeyFile reads the key file.
func ReadKeyFile(path string) (*Keys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return ParseKeys(text)
}

// NewKeyFile writes a key file with one new key, readable by its owner alone. A file that exists is never overwritten: the error is then fs.ErrExist.
//
// The key is X25519, not post-quantum, so that the age program of Debian 12 can open a file when all else is lost.
func NewKeyFile(path string) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("generate key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	_, err = fmt.Fprintf(f, "# public key: %s\n%s\n", identity.Recipient(), identity)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write key file: %w", err), os.Remove(path))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("keep key file: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("keep key file: %w", err)
	}
	return nil
}

// Encrypt gives the encrypted form of src as it is read. Nothing is held but one chunk of 64 KiB.
func (k *Keys) Encrypt(src io.Reader) (io.Reader, error) {
	r, err := age.EncryptReader(src, k.recipient)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return r, nil
}

// Decrypt gives the plain form of src as it is read. Tampering shows only when reading reaches it: trust nothing before io.EOF.
func (k *Keys) Decrypt(src io.Reader) (io.Reader, error) {
	r, err := age.Decrypt(src, k.identities...)
	if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
		return nil, fmt.Errorf("decrypt: %w", ErrKey)
	}
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	return r, nil
}

// Seal encrypts a small secret.
func (k *Keys) Seal(plain []byte) ([]byte, error) {
	r, err := k.Encrypt(bytes.NewReader(plain))
	if err != nil {
		return nil, err
	}
	sealed, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal gave, by this or any earlier key of the file; ErrKey when none fits.
func (k *Keys) Open(sealed []byte) ([]byte, error) {
	r, err := k.Decrypt(bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("open sealed: %w", err)
	}
	return plain, nil
}

// NewCheck makes the ciphertext to be kept in the database, by which Check later knows that the key file belongs to it.
func (k *Keys) NewCheck() ([]byte, error) { return k.Seal([]byte(checkText)) }

// Check tells by what NewCheck made whether these keys are the database's; ErrKey if not.
func (k *Keys) Check(sealed []byte) error {
	plain, err := k.Open(sealed)
	if err != nil {
		return fmt.Errorf("check key: %w", errors.Join(ErrKey, err))
	}
	if subtle.ConstantTimeCompare(plain, []byte(checkText)) != 1 {
		return fmt.Errorf("check key: %w", ErrKey)
	}
	return nil
}
