package main

import (
	"bytes"
	"slices"
	"testing"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue/web"
)

// TestSamplesOfPapersAreDrawn draws every paper of the full example in every language.
func TestSamplesOfPapersAreDrawn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	lib, err := contacts.Current(t.Context(), o.pool, o.lib)
	if err != nil {
		t.Fatal(err)
	}
	lib.Settings = fullSettings()
	var all [][]byte
	for _, lang := range library.Langs() {
		for _, paper := range []string{"form", "application", "consent", "surety"} {
			pdf, err := o.samplePaper(t.Context(), web.PaperSample{Library: lib, Lang: lang, Paper: paper, Child: paper == "surety"})
			if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
				t.Fatalf("%s in %s: %v", paper, lang, err)
			}
			if slices.ContainsFunc(all, func(other []byte) bool { return bytes.Equal(other, pdf) }) {
				t.Errorf("%s in %s is another paper", paper, lang)
			}
			all = append(all, pdf)
		}
	}
}
