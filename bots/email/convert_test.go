package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const ownAddress = "library@lib.test"

// wanted is what stands beside a letter of the corpus.
type wanted struct {
	What      What     `json:"what"`
	From      string   `json:"from"`
	Name      *string  `json:"name"`
	Subject   string   `json:"subject"`
	Text      string   `json:"text"`
	LooseText bool     `json:"loosetext"` // the text is not looked at
	Token     string   `json:"token"`
	Answer    bool     `json:"answer"`
	Answers   []string `json:"answers"`
	MessageID *string  `json:"messageid"`
	Files     []struct {
		Name string `json:"name"`
		Sum  string `json:"sha256"`
	} `json:"files"`
	Bounce *struct {
		ID         string `json:"id"`
		Recipients []struct {
			Address   string `json:"address"`
			Status    string `json:"status"`
			Failed    bool   `json:"failed"`
			Permanent bool   `json:"permanent"`
		} `json:"recipients"`
	} `json:"bounce"`
}

func TestConvertCorpus(t *testing.T) {
	t.Parallel()
	letters := corpus(t)
	if len(letters) < 100 {
		t.Fatalf("the corpus has %d letters", len(letters))
	}
	for _, file := range letters {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(strings.TrimSuffix(file, ".eml") + ".want.json")
			if err != nil {
				t.Fatal(err)
			}
			var want wanted
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			got, err := Convert(raw, ownAddress)
			if err != nil {
				t.Fatal(err)
			}
			if got.Sum != sha256.Sum256(raw) {
				t.Error("the sum is of something else")
			}
			compare(t, &got, &want)
		})
	}
}

func corpus(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/letters/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func compare(t *testing.T, got *Letter, want *wanted) {
	t.Helper()
	same := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}
	same("kind", got.What, want.What)
	same("sender", got.From, want.From)
	same("subject", got.Subject, want.Subject)
	same("token", got.Token, want.Token)
	same("answer", got.Answer, want.Answer)
	if !want.LooseText {
		same("text", got.Text, want.Text)
	}
	if want.Name != nil {
		same("name", got.Name, *want.Name)
	}
	if want.MessageID != nil {
		same("message id", got.MessageID, *want.MessageID)
	}
	for i, id := range want.Answers {
		if names := got.Names(); i >= len(names) || names[i] != id {
			t.Errorf("it names %q, want %q", names, want.Answers)
		}
	}
	if len(got.Files) != len(want.Files) {
		t.Fatalf("it has %d files, want %d", len(got.Files), len(want.Files))
	}
	for i, f := range want.Files {
		sum := sha256.Sum256(got.Files[i].Content)
		same("file name", got.Files[i].Name, f.Name)
		same("file "+f.Name, hex.EncodeToString(sum[:]), f.Sum)
	}
	if want.Bounce == nil {
		return
	}
	same("bounced letter", got.Bounce.MessageID, want.Bounce.ID)
	if len(got.Bounce.Recipients) != len(want.Bounce.Recipients) {
		t.Fatalf("it tells of %v, want %v", got.Bounce.Recipients, want.Bounce.Recipients)
	}
	for i, r := range want.Bounce.Recipients {
		same("recipient", got.Bounce.Recipients[i], Undelivered{r.Address, r.Status, r.Failed, r.Permanent})
	}
}

func TestConvertRefuses(t *testing.T) {
	t.Parallel()
	nested := "text"
	for range maxDepth + 2 {
		nested = "Content-Type: message/rfc822\r\n\r\nX: y\r\n" + nested
	}
	cases := map[string]string{
		"nothing":    "",
		"no headers": "hello there\r\n",
		"nested":     "From: a@b.test\r\n" + nested,
		"many parts": "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", maxParts+1),
		"long head":  "From: a@b.test\r\n" + strings.Repeat("X: "+strings.Repeat("y", 100)+"\r\n", maxHeader/100) + "\r\nx",
	}
	for name, raw := range cases {
		l, err := Convert([]byte(raw), ownAddress)
		if !errors.Is(err, ErrLetter) {
			t.Errorf("%s: %v", name, err)
		}
		if l.Sum != sha256.Sum256([]byte(raw)) {
			t.Errorf("%s: it has no identity", name)
		}
	}
}

func FuzzConvert(f *testing.F) {
	for _, file := range corpus(f) {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(raw) < 20_000 {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		l, err := Convert(raw, ownAddress)
		if !bytes.Equal(before, raw) {
			t.Error("the source was changed")
		}
		if err != nil {
			if !errors.Is(err, ErrLetter) {
				t.Error(err)
			}
			return
		}
		for _, text := range []string{l.Text, l.Subject, l.Name, l.From, l.MessageID} {
			if !utf8.ValidString(text) {
				t.Errorf("%q is not UTF-8", text)
			}
		}
		if strings.ContainsAny(l.Subject+l.Name+l.From, "\r\n\x00") {
			t.Errorf("a header has several lines: %q %q %q", l.Subject, l.Name, l.From)
		}
		for _, a := range slices.Concat([]string{l.From}, l.To, l.Cc, l.Delivered) {
			if again, err := ParseAddress(a); a != "" && (err != nil || again != a) {
				t.Errorf("%q is no address: %v", a, err)
			}
		}
		for _, file := range l.Files {
			if file.Name == "" || strings.ContainsAny(file.Name, "/\\\r\n\x00") || !utf8.ValidString(file.Name) {
				t.Errorf("a file is called %q", file.Name)
			}
		}
		if l.Token != "" && !isToken(l.Token) {
			t.Errorf("%q is no token", l.Token)
		}
	})
}
