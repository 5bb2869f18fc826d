package cards

import (
	"errors"
	"strings"
	"testing"
)

func TestPassword(t *testing.T) {
	t.Parallel()
	for _, plain := range []string{"q", "пароль с пробелом", "4dg7-r2tw-8fnv", strings.Repeat("я", 512)} {
		hash, err := HashPassword(plain)
		must(t, err)
		again, err := HashPassword(plain)
		must(t, err)
		if hash == again || hash == plain || strings.Contains(hash, plain) && len(plain) > 3 || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%q: %s and %s", plain, hash, again)
		}
		if !VerifyPassword(hash, plain) || VerifyPassword(hash, plain+"x") || VerifyPassword(hash, "") || VerifyPassword(hash, hash) {
			t.Errorf("%q: wrong answer", plain)
		}
	}
	for _, plain := range []string{"", strings.Repeat("a", maxPassword+1)} {
		if _, err := HashPassword(plain); !errors.Is(err, ErrPassword) {
			t.Errorf("%d bytes: %v", len(plain), err)
		}
	}
}

func TestPasswordAsItIsTyped(t *testing.T) {
	t.Parallel()
	cases := []struct {
		set, typed string
		want       bool
	}{
		{"4dg7-r2tw-8fnv", "4DG7R2TW 8FNV", true},
		{"4dg7-r2tw-8fnv", "4dg7-r2tw-8fnw", false},
		{"Yakutsk-2026", "yakutsk-2026", false},
		{"Yakutsk-2026", "Yakutsk2026", false},
		{"зимни\u0439 день", "зимни\u0438\u0306 день", true},
	}
	for _, c := range cases {
		hash, err := HashPassword(c.set)
		must(t, err)
		if got := VerifyPassword(hash, c.typed); got != c.want {
			t.Errorf("%q for %q: %v", c.typed, c.set, got)
		}
	}
}

func TestBrokenHash(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("open")
	must(t, err)
	for _, broken := range []string{
		"", "open", "$", "$$$$$", hash[1:], hash + "$", hash[:len(hash)-40],
		strings.Replace(hash, "argon2id", "argon2i", 1),
		strings.Replace(hash, "v=19", "v=16", 1),
		strings.Replace(hash, "m=19456", "m=99999999", 1),
		strings.Replace(hash, "t=2", "t=0", 1),
		strings.Replace(hash, "t=2", "t=3", 1),
		strings.Replace(hash, "p=1", "p=0", 1),
		strings.Replace(hash, "p=1", "p=300", 1),
		hash[:strings.LastIndex(hash, "$")+1],
	} {
		if VerifyPassword(broken, "open") || VerifyPassword(broken, "") {
			t.Errorf("%s matches", broken)
		}
	}
}

func TestFirstPassword(t *testing.T) {
	t.Parallel()
	seen, letters := map[string]bool{}, map[rune]bool{}
	for range 500 {
		p, err := FirstPassword()
		must(t, err)
		if len(p) != 14 || p[4] != '-' || p[9] != '-' || strings.Trim(p, firstAlphabet+"-") != "" || seen[p] {
			t.Fatalf("password %q", p)
		}
		seen[p] = true
		for _, r := range p {
			letters[r] = true
		}
	}
	if len(letters) != len(firstAlphabet)+1 {
		t.Errorf("of %d letters", len(letters))
	}
}
