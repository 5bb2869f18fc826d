package main

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
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

// TestNewConsentFromTheDeskIsAskedFor walks it with the program itself: a reader joins on a text that the head has written, and is asked again when the head
// has written another.
func TestNewConsentFromTheDeskIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	pool := w.pool()
	head := w.colleague("director")
	head.putsInForce("2026-1", "Я согласна на прежнее.")
	reader := w.visitor("anna")
	for _, step := range []struct{ says, chooses string }{
		{"", "start"}, {"", "lang:ru"}, {"", "register"}, {"", "self"}, {"", "yes"}, {"Иванова Анна", ""}, {"5 марта 1987", ""}, {"+7 914 123-45-67", ""}, {"", "yes"},
	} {
		if step.says != "" {
			reader.says(step.says)
		} else {
			reader.chooses(step.chooses)
		}
		w.answered(pool)
	}
	if n := w.count(pool, `select count(*) from registrations g join consents c on c.id = g.consent_id where c.version = '2026-1'`); n != 1 {
		t.Fatalf("%d registrations on the first text\n%s\n%s", n, w.history(reader), w.log)
	}
	head.putsInForce("2026-2", "Я согласна на новое.")
	asked := `select count(*) from outbox where body::text like '%Я согласна на новое.%'`
	w.await("the reader is asked of the new text", func() bool {
		reader.says("меню")
		w.answered(pool)
		return w.count(pool, asked) > 0
	})
	reader.chooses("yes")
	w.answered(pool)
	if n := w.count(pool, `select count(*) from consents where version = '2026-2'`); n != 1 {
		t.Errorf("%d consents to the new text\n%s", n, w.log)
	}
	if shown := w.must("library", "show", "demo"); !strings.Contains(shown, "2026-2") {
		t.Errorf("the command line shows %s", shown)
	}
}

// putsInForce writes the text of the consent on its page.
func (c *colleague) putsInForce(version, text string) {
	c.w.Helper()
	const page = "/desk/settings/consent"
	base := regexp.MustCompile(`name="base" value="(\d+)"`).FindStringSubmatch(c.get(page))
	if base == nil {
		c.w.Fatal("the page has no version of the settings")
	}
	if done := c.post(page, url.Values{"base": base[1:], "version": {version}, "text.ru": {text}}); !strings.Contains(done, "Новая версия действует") {
		c.w.Fatalf("not in force\n%s", done)
	}
}
