package files

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func newKeys(t *testing.T, more ...string) (*Keys, string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	keys, err := ParseKeys([]byte(strings.Join(append([]string{identity.String()}, more...), "\n")))
	must(t, err)
	return keys, identity.String()
}

func TestKeyFileIsPrivateAndNeverOverwritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	must(t, NewKeyFile(path))
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
	before, err := os.ReadFile(path)
	must(t, err)
	if err := NewKeyFile(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second key file: %v", err)
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Error("the key file was overwritten")
	}
	if _, err := ReadKeyFile(path); err != nil {
		t.Error(err)
	}
}

func TestKeysAfterRotation(t *testing.T) {
	t.Parallel()
	old, oldText := newKeys(t)
	sealed, err := old.Seal([]byte("hello"))
	must(t, err)
	rotated, _ := newKeys(t, oldText)
	plain, err := rotated.Open(sealed)
	must(t, err)
	if string(plain) != "hello" {
		t.Errorf("opened %q", plain)
	}
	fresh, err := rotated.Seal([]byte("later"))
	must(t, err)
	if _, err := old.Open(fresh); !errors.Is(err, ErrKey) {
		t.Errorf("the old key opens what the new one sealed: %v", err)
	}
}

func TestHybridKeysSeal(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateHybridIdentity()
	must(t, err)
	keys, err := ParseKeys([]byte(identity.String()))
	must(t, err)
	sealed, err := keys.Seal([]byte("hello"))
	must(t, err)
	if plain, err := keys.Open(sealed); err != nil || string(plain) != "hello" {
		t.Errorf("opened %q, %v", plain, err)
	}
}

func TestSealedIsNotMalleable(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	sealed, err := keys.Seal([]byte("hello"))
	must(t, err)
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if plain, err := keys.Open(bad); err == nil {
			t.Fatalf("byte %d of %d changed, still opened as %q", i, len(sealed), plain)
		}
	}
}

func TestKeyCheck(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	stranger, _ := newKeys(t)
	check, err := keys.NewCheck()
	must(t, err)
	if err := keys.Check(check); err != nil {
		t.Error(err)
	}
	another, err := keys.Seal([]byte("something else"))
	must(t, err)
	for name, err := range map[string]error{
		"other key": stranger.Check(check), "other text": keys.Check(another), "nothing": keys.Check(nil),
	} {
		if !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseKeysDoesNotRepeatThem(t *testing.T) {
	t.Parallel()
	_, text := newKeys(t)
	for name, bad := range map[string]string{
		"empty": "", "comment": "# nothing", "broken": text[:len(text)-1] + "!", "two in a line": text + " " + text,
	} {
		_, err := ParseKeys([]byte(bad))
		if !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), text[20:40]) {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
}
