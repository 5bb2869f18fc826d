package papers

import (
	"strings"
	"testing"
)

func TestCodeIsReadBack(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, kind := range []Kind{Form, Application, Consent, Surety} {
		for number := 1; number <= mostPages; number++ {
			want, page := NewToken(), Page{kind, number}
			token, got, ok := ReadCode(Code(want, page))
			if !ok || token != want || got != page {
				t.Errorf("%s %d: read %s %v, %v", kind, number, token, got, ok)
			}
			if seen[want] {
				t.Errorf("token %s came twice", want)
			}
			seen[want] = true
		}
	}
}

func TestWhatIsNoCode(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("A", 25) + "7"
	if _, _, ok := ReadCode("LR1." + token + ".F1"); !ok {
		t.Fatal("a good code is not read")
	}
	for _, text := range []string{
		"", "LR1.", "LR2." + token + ".F1", "LR1." + token, "LR1." + token + ".", "LR1." + token + ".F", "LR1." + token + ".X1", "LR1." + token + ".f1",
		"LR1." + token + ".F0", "LR1." + token + ".F01", "LR1." + token + ".F-1", "LR1." + token + ".F+1", "LR1." + token + ".F100", "LR1." + token + ".F1 ",
		"LR1." + token[1:] + ".F1", "LR1.A" + token + ".F1", "LR1." + strings.ToLower(token) + ".F1", "LR1." + token[:25] + "1.F1",
		"LR1." + token[:24] + "Я.F1", "https://example.org/LR1." + token + ".F1", "LR1." + token + ".Ф1", "LR1." + token + ".F１",
	} {
		if token, page, ok := ReadCode(text); ok {
			t.Errorf("%q is read as %s %v", text, token, page)
		}
	}
}

func FuzzReadCode(f *testing.F) {
	f.Add("LR1.AAAAAAAAAAAAAAAAAAAAAAAAA7.C12")
	f.Fuzz(func(t *testing.T, text string) {
		if token, page, ok := ReadCode(text); ok && Code(token, page) != text {
			t.Errorf("%q is read as %s %v", text, token, page)
		}
	})
}
