package web

import (
	"net/http"
	"strings"
	"testing"

	"librarian/contacts/library"
)

func TestOwnWordsOfPapers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/papers"
	head.get(page).has(t, http.StatusOK, "I undertake to tell the library", "Библиотека: {library}.", `value="2026-1"`)
	form := h.revision(lib, "version", "2026-1", "application_duty.ru", "Обязуюсь беречь билет {library}.", "application_duty.en", "I take care. {library}", "sample", "application-child")
	drawn := head.post(page+"/sample", form)
	drawn.has(t, http.StatusOK, "%PDF application true en", "Обязуюсь беречь билет")
	if kind := drawn.header.Get("Content-Type"); kind != "application/pdf" {
		t.Errorf("the sample is %s", kind)
	}
	if got := h.settings(lib).Settings.Registration.Wording; len(got.Text) > 0 {
		t.Fatalf("a look has put in force %+v", got)
	}
	head.post(page, form).leads(t, page+"?did=in-force")
	own, has := h.settings(lib).Settings.Registration.Wording.Own("application_duty")
	if !has || own[library.English] != "I take care. {library}" {
		t.Errorf("in force: %v", own)
	}
	head.get(page).has(t, http.StatusOK, "Application: undertaking · Русский", "Обязуюсь беречь билет {library}.", `value="2026-2"`)
	for _, c := range []struct{ field, text, version, want string }{
		{"application_duty.ru", "Обязуюсь.", "2026-1", "Another text had this version"},
		{"application_duty.en", "I do.", "2026-2", "records in this language"},
		{"form_true.ru", "Верно, {name}.", "2026-2", "Curly brackets"},
		{"form_true.ru", strings.Repeat("я", mostSentence+1), "2026-2", "Too long"},
	} {
		head.post(page, h.revision(lib, "version", c.version, c.field, c.text)).has(t, http.StatusUnprocessableEntity, c.want, c.text)
	}
	head.post(page, h.revision(lib, "version", "2026-2")).leads(t, page+"?did=in-force")
	if now := h.settings(lib).Settings.Registration.Wording; len(now.Text) > 0 || now.Version != "" {
		t.Errorf("own words that were taken back: %+v", now)
	}
}
