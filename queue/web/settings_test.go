package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// asking is a library of its own that asks what a full registration asks, with its director.
func (h *house) asking(lang library.Lang) (library.ID, *visitor) {
	h.t.Helper()
	h.count++
	lib := h.library(fmt.Sprintf("asking-%d", h.count), "Научная библиотека")
	h.setting(lib, func(s *library.Settings) {
		r := &s.Registration
		r.Full, r.Surety, r.ConsentPhoto = true, true, false
		r.Fields, r.Eligibility = library.ExampleFields(), library.ExampleEligibility()
		r.Consent = library.Consent{Version: "2026-1", Text: map[library.Lang]string{library.Russian: "Даю согласие.", library.English: "I agree."}}
	})
	h.clock.move(2 * time.Second) // libraries are remembered for one
	return lib, h.signedIn(lib, queue.RoleDirector, lang)
}

func (h *house) setting(lib library.ID, change func(*library.Settings)) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		_, err := contacts.ReviseSettings(ctx, tx, contacts.Revision{Library: lib}, func(s *library.Settings) error {
			change(s)
			return nil
		})
		return err
	})
}

// settings are those in force.
func (h *house) settings(lib library.ID) library.Library {
	h.t.Helper()
	now, err := contacts.Current(h.t.Context(), h.pool, lib)
	if err != nil {
		h.t.Fatal(err)
	}
	return now
}

// revision is a form of the settings as they are.
func (h *house) revision(lib library.ID, fields ...string) url.Values {
	h.t.Helper()
	form := url.Values{"base": {fmt.Sprint(h.settings(lib).Version)}}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return form
}

// settled is a good change of settings in a library of its own.
func (g guests) settled(path string, fields ...string) deed {
	g.h.t.Helper()
	lib, director := g.h.asking(library.English)
	return deed{director, "/desk/settings" + path, g.h.revision(lib, fields...)}
}

func (a answer) has(t *testing.T, status int, words ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, not %d", a.status, status)
	}
	for _, want := range words {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestNewConsentIsInForceAndTheOldOneStaysReadable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/consent"
	head.get(page).has(t, http.StatusOK, "Даю согласие.", `value="2026-2"`, "To register anybody we need consent")
	const long = "Даю согласие на новых условиях."
	form := h.revision(lib, "version", "2026-2", "text.ru", long+"\r\nНа год.", "text.en", "I agree anew.", "do", "preview")
	head.post(page, form).has(t, http.StatusOK, long, "This is not saved yet")
	if got := h.settings(lib).Settings.Registration.Consent.Version; got != "2026-1" {
		t.Fatalf("a look has put %s in force", got)
	}
	form.Set("do", "save")
	head.post(page, form).leads(t, page+"?did=in-force")
	consent := h.settings(lib).Settings.Registration.Consent
	if consent.Version != "2026-2" || consent.Text[library.Russian] != long+"\nНа год." {
		t.Errorf("in force: %+v", consent)
	}
	history, err := contacts.TextHistory(t.Context(), h.pool, lib, contacts.TextConsent)
	if err != nil || len(history) != 4 || history[0].By != int64(head.staff.ID) {
		t.Fatalf("history: %+v, %v", history, err)
	}
	head.get(page).has(t, http.StatusOK, "Даю согласие.", history[0].Hash, history[3].Hash, "Анна Иванова", `value="2026-3"`)
	var detail string
	if err := h.pool.QueryRow(t.Context(), `select detail::text from audit where act = 'settings.changed' and library_id = $1`, lib).Scan(&detail); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(detail, "consent 2026-2") || strings.Contains(detail, "согласие") {
		t.Errorf("the audit log holds %s", detail)
	}
}

func TestBadTextsAreRefusedBesideTheirFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	for _, c := range []struct{ path, version, ru, en, want string }{
		{"consent", "2026-1", "Другое.", "", "Another text had this version"},
		{"consent", "new one", "Другое.", "", "without spaces"},
		{"consent", "2026-2", "", "Other.", "records in this language"},
		{"consent", "2026-2", strings.Repeat("я", mostText+1), "", "Too long"},
		{"consent", "2026-2", "Даю согласие.", "I agree.", "nothing to save"},
		{"rules", "2026-1", "", "Rules.", "records in this language"},
		{"rules", "2026-1", "", "", "nothing to save"},
	} {
		form := h.revision(lib, "version", c.version, "text.ru", c.ru, "text.en", c.en)
		got := head.post("/desk/settings/"+c.path, form)
		got.has(t, http.StatusUnprocessableEntity, c.want, `value="`+c.version+`"`)
		if c.en != "" && !strings.Contains(got.body, c.en) {
			t.Errorf("%q is lost", c.en)
		}
	}
	if got := h.settings(lib).Version; got != 2 {
		t.Errorf("the settings are of version %d", got)
	}
	if got := head.post("/desk/settings/rules", url.Values{"version": {"1"}, "text.ru": {"x"}}); got.status != http.StatusBadRequest {
		t.Errorf("without a version of the settings: %d", got.status)
	}
}

func TestSecondHeadIsToldAndLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, one := h.asking(library.English)
	two := h.signedIn(lib, queue.RoleDirector, library.English)
	first, second := h.revision(lib, "version", "2026-2", "text.ru", "Первый."), h.revision(lib, "way", "simple", "address", "Новая, 5")
	one.post("/desk/settings/consent", first).leads(t, "/desk/settings/consent?did=in-force")
	late := two.post("/desk/settings/way", second)
	late.has(t, http.StatusConflict, "Somebody else has changed", "Новая, 5", `value="simple" checked`, `name="base" value="3"`)
	second.Set("base", "3")
	two.post("/desk/settings/way", second).leads(t, "/desk/settings?did=saved")
	now := h.settings(lib).Settings
	if now.Registration.Full || now.Address != "Новая, 5" || now.Registration.Consent.Text[library.Russian] != "Первый." {
		t.Errorf("in force: %+v", now)
	}
}

// TestASaveIsFeltWithinASecond holds what the pages promise.
func TestASaveIsFeltWithinASecond(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	remembered := contacts.NewLibraries(h.pool, h.clock.Now)
	if _, err := remembered.ByID(t.Context(), lib); err != nil {
		t.Fatal(err)
	}
	head.post("/desk/settings/rules", h.revision(lib, "version", "1", "text.ru", "Правила.")).leads(t, "/desk/settings/rules?did=in-force")
	h.clock.move(time.Second)
	if now, err := remembered.ByID(t.Context(), lib); err != nil || now.Settings.Registration.Rules.Text[library.Russian] != "Правила." {
		t.Errorf("after a second: %+v, %v", now.Settings.Registration.Rules, err)
	}
}

func TestSettingsInEveryLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, lang := range library.Langs() {
		lib, head := h.asking(lang)
		bare := h.signedIn(h.lib, queue.RoleDirector, lang)
		for _, rt := range routes() {
			path, is := strings.CutPrefix(rt.pattern, "GET ")
			if !is || !strings.HasPrefix(path, "/desk/settings") {
				continue
			}
			path = strings.ReplaceAll(path, "{key}", "category")
			for by, of := range map[*visitor]library.ID{head: lib, bare: h.lib} {
				path := path
				if strings.Contains(path, "{id}") {
					path = departmentPath(h.department(of, "Хранение"))
				}
				h.good(t, by, path, fmt.Sprintf("<html lang=%q", lang))
			}
		}
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}
