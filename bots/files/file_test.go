package files

import (
	"strings"
	"testing"
)

func TestNamesAreCleaned(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                                "",
		"скан.jpg":                        "скан.jpg",
		"../../etc/passwd":                "passwd",
		`C:\Users\x\scan 1.pdf`:           "scan 1.pdf",
		"a\x00b\r\nc\u202egpj.exe":        "abcgpj.exe",
		"  .hidden. ":                     "hidden",
		"dir/":                            "",
		"bad\xff\xfe.png":                 "bad.png",
		strings.Repeat("я", 300) + ".pdf": strings.Repeat("я", nameLimit-4) + ".pdf",
	} {
		if got := cleanName(given); got != want {
			t.Errorf("%q became %q, not %q", given, got, want)
		}
	}
}

func TestKindIsToldByContent(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]Kind{
		"%PDF-1.7\n":               PDF,
		"\xff\xd8\xff\xe0\x00\x10": Image,
		"GIF89a":                   Image,
		"обычный текст":            Text,
		`{\rtf1 x}`:                Document,
		`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`: Other,
		"<!DOCTYPE html><html><script>1</script></html>":                          Other,
		"MZ\x90\x00": Other,
		"PK\x03\x04": Other,
		"":           Text,
	} {
		if got := kindOf(mediaTypeOf([]byte(head))); got != want {
			t.Errorf("%q is %s (%s), not %s", head, got, mediaTypeOf([]byte(head)), want)
		}
	}
}

func TestIDsAreValidAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[ID]bool{}
	for range 1000 {
		id := newID()
		if !id.Valid() || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}
