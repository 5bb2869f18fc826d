package cards

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// OWASP's setting for argon2id: 19 MiB, two passes, one lane.
const (
	hashMemory = 19 * 1024 // KiB
	hashPasses = 2
	hashLanes  = 1
	hashLength = 32
	saltLength = 16
)

// What a stored hash may ask for, or a broken row could take the whole machine.
const (
	maxMemory = 64 * 1024 // KiB
	maxPasses = 10
	maxLanes  = 4
)

// maxPassword bounds what is hashed, in bytes.
const maxPassword = 1024

// What may be wrong with a password.
var (
	ErrPassword = errors.New("a password is 1 to 1024 bytes")
	errHash     = errors.New("not an argon2id hash")
)

var unpadded = base64.RawStdEncoding

// HashPassword gives the argon2id of the password as a PHC string. It takes some 50 ms and 19 MiB: who calls it for strangers bounds how many at
// once. ErrPassword when it is empty or longer than 1024 bytes.
func HashPassword(plain string) (string, error) {
	if plain == "" || len(plain) > maxPassword {
		return "", ErrPassword
	}
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	key := argon2.IDKey(canonical(plain), salt, hashPasses, hashMemory, hashLanes, hashLength)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes,
		unpadded.EncodeToString(salt), unpadded.EncodeToString(key)), nil
}

// VerifyPassword reports whether the password is that of the hash, at the cost of HashPassword. A hash it cannot read matches nothing.
func VerifyPassword(hash, plain string) bool {
	h, err := parseHash(hash)
	if err != nil || plain == "" || len(plain) > maxPassword {
		return false
	}
	key := argon2.IDKey(canonical(plain), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

type passwordHash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func parseHash(hash string) (passwordHash, error) {
	var h passwordHash
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, errHash
	}
	if h.memory < 8 || h.memory > maxMemory || h.passes < 1 || h.passes > maxPasses || h.lanes < 1 || h.lanes > maxLanes {
		return h, errHash
	}
	var err error
	if h.salt, err = unpadded.DecodeString(parts[4]); err != nil || len(h.salt) < 8 {
		return h, errHash
	}
	if h.key, err = unpadded.DecodeString(parts[5]); err != nil || len(h.key) < 16 || len(h.key) > 64 {
		return h, errHash
	}
	return h, nil
}

// First passwords are of 16 letters and digits, so that each is four random bits. None looks like another one or like a Cyrillic small letter.
const (
	firstAlphabet = "2345678dfgjnrtvw"
	firstLength   = 12
	firstGroup    = 4
)

// FirstPassword makes a password of 48 random bits that can be read out and typed, such as 4dg7-r2tw-8fnv. It is right without the hyphens and in
// capital letters too.
func FirstPassword() (string, error) {
	raw := make([]byte, firstLength)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make a first password: %w", err)
	}
	var out strings.Builder
	for i, b := range raw {
		if i > 0 && i%firstGroup == 0 {
			out.WriteByte('-')
		}
		out.WriteByte(firstAlphabet[b&15])
	}
	return out.String(), nil
}

// canonical is what is hashed: й may be typed in two ways, and a first password as it is heard.
func canonical(plain string) []byte {
	bare := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(plain))
	if len(bare) == firstLength && strings.Trim(bare, firstAlphabet) == "" {
		return []byte(bare)
	}
	return []byte(norm.NFKC.String(plain))
}
