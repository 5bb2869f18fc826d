package papers

import (
	"strings"
	"testing"

	"librarian/contacts/library"
)

// TestOwnSentences holds that the library's own words are printed and kept as what they are, and that nothing else of the papers changes.
func TestOwnSentences(t *testing.T) {
	t.Parallel()
	before := anOrder()
	before.Kinds = []Kind{Form, Application, Consent, Surety}
	after := before
	after.Wording = library.Wording{Version: "2027-1", Text: map[string]map[library.Lang]string{
		"application_duty": {library.Russian: "Обязуюсь беречь билет. Библиотека: {library}.", library.English: "I take care of the card of {library}."},
		"consent_give":     {library.Russian: "Даю согласие оператору."},
	}}
	was, is := draw(t, before), draw(t, after)
	for i, kind := range before.Kinds {
		own := kind == Application || kind == Consent
		if changed := was[i].TextHash != is[i].TextHash; changed != own {
			t.Errorf("%s: the hash has changed: %v", kind, changed)
		}
		want := map[Kind]string{Application: "2027-1", Consent: before.Version + " / 2027-1"}[kind]
		first := map[Kind]string{Consent: before.Version}[kind]
		if is[i].Version != want || was[i].Version != first {
			t.Errorf("%s: version %q, before %q; want %q and %q", kind, is[i].Version, was[i].Version, want, first)
		}
	}
	text := words(t, is[1].PDF)
	if !strings.Contains(text, "Обязуюсь беречь билет. Библиотека: "+before.Library.Title(library.Russian)) || !strings.Contains(text, "2027-1") ||
		strings.Contains(text, "Обязуюсь сообщать") {
		t.Errorf("the application says %s", text)
	}
	if text := words(t, is[2].PDF); !strings.Contains(text, "Даю согласие оператору.") || !strings.Contains(text, before.Version) {
		t.Errorf("the consent says %s", text)
	}
}
