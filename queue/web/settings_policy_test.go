package web

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
)

// askingForm ticks what may be asked for by each.
func (h *house) askingForm(lib library.ID) url.Values {
	h.t.Helper()
	form, policy := h.revision(lib), h.settings(lib).Settings.Policy
	for _, account := range library.Asking() {
		for _, kind := range library.Served() {
			if policy.May(account, kind) {
				form.Add("asks."+string(account), string(kind))
			}
		}
	}
	return form
}

func TestWhoMayAskForWhat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/asking"
	h.setting(lib, func(s *library.Settings) {
		s.Policy.Asks = map[library.Account][]library.Request{library.AccountBanned: {library.RequestLoan}}
	})
	head.get(page).has(t, http.StatusOK, `name="asks.remote" value="fragment" checked`, `name="asks.unknown" value="fragment">`)
	head.get("/desk/settings").has(t, http.StatusOK, "question to a librarian")
	head.post(page, h.askingForm(lib)).has(t, http.StatusUnprocessableEntity, "nothing to save")
	form := h.askingForm(lib)
	form.Add("asks.unknown", "fragment")
	form.Add("asks.unknown", "nonsense")
	form.Add("asks.unknown", "subscription")
	form.Del("asks.card")
	head.post(page, form).leads(t, page+"?did=saved")
	want := map[library.Account][]library.Request{
		library.AccountUnknown: {library.RequestQuestion, library.RequestFragment}, library.AccountBanned: {library.RequestLoan},
		library.AccountCard: {library.RequestDigitisation, library.RequestLoan, library.RequestSubscription}, // which the page does not have
	}
	if policy := h.settings(lib).Settings.Policy; !reflect.DeepEqual(policy.Asks, want) {
		t.Errorf("policy: %+v", policy.Asks)
	}
	head.post(page, form).has(t, http.StatusConflict, "Somebody else has changed", `name="asks.unknown" value="fragment" checked`)
	form = h.askingForm(lib)
	form["asks.unknown"], form["asks.card"] = []string{"question"}, []string{"question", "fragment", "article"}
	head.post(page, form).leads(t, page+"?did=saved")
	delete(want, library.AccountUnknown)
	delete(want, library.AccountCard)
	if policy := h.settings(lib).Settings.Policy; !reflect.DeepEqual(policy.Asks, want) {
		t.Errorf("the usual is stored: %+v", policy.Asks)
	}
	form = h.askingForm(lib)
	form.Del("asks.unknown")
	head.post(page, form).leads(t, page+"?did=saved")
	if h.settings(lib).Settings.Policy.May(library.AccountUnknown, library.RequestQuestion) {
		t.Error("who may ask for nothing may ask")
	}
	var detail string
	if err := h.pool.QueryRow(t.Context(), `select detail::text from audit where act = 'settings.changed' and library_id = $1 order by id limit 1`, lib).Scan(&detail); err != nil ||
		!strings.Contains(detail, "asks unknown fragment") || !strings.Contains(detail, "asks card question") {
		t.Errorf("the audit log holds %s, %v", detail, err)
	}
}

// copyingForm are the usual limits.
func (h *house) copyingForm(lib library.ID) url.Values {
	form := h.revision(lib)
	form.Set("link_days", "14")
	form.Set("link_views", "5")
	for _, kind := range library.Copied() {
		form.Set("percent."+string(kind), "30")
		form.Set("pages."+string(kind), "")
		form.Set("free."+string(kind), "yes")
		form.Set("more."+string(kind), "yes")
	}
	return form
}

func TestLimitsOfCopying(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/copying"
	head.get(page).has(t, http.StatusOK, `name="percent.fragment" value="30"`, `name="free.article" value="yes" checked`)
	head.post(page, h.copyingForm(lib)).has(t, http.StatusUnprocessableEntity, "nothing to save")
	for field, bad := range map[string]string{"link_days": "999", "link_views": "-1", "percent.fragment": "0", "percent.article": "101", "pages.article": "many"} {
		form := h.copyingForm(lib)
		form.Set(field, bad)
		form.Set("pages.fragment", "77")
		head.post(page, form).has(t, http.StatusUnprocessableEntity, `name="`+field+`" value="`+bad+`"`, `value="77"`, "aria-invalid")
	}
	form := h.copyingForm(lib)
	form.Set("percent.fragment", "15")
	form.Set("pages.fragment", "40")
	form.Set("one.article", "yes")
	form.Del("free.article")
	form.Del("more.article")
	form.Set("link_days", "7")
	head.post(page, form).leads(t, page+"?did=saved")
	want := map[library.Request]library.Copying{
		library.RequestFragment: {Percent: 15, Pages: 40}, library.RequestArticle: {Percent: 30, OneArticle: true, CountDomain: true, Final: true},
	}
	if got := h.settings(lib).Settings.Policy.Copying; !reflect.DeepEqual(got, want) {
		t.Errorf("limits: %+v", got)
	}
	if got := h.settings(lib).Settings.Policy.Link; got != (library.Linking{Days: 7, Views: 5}) {
		t.Errorf("links: %+v", got)
	}
	head.get("/desk/settings").has(t, http.StatusOK, "link to a large file: days 7, downloads 5", "fragment of a book: at most 15 % of a work, at most pages: 40", "one article of an issue")
	head.post(page, form).has(t, http.StatusConflict, "Somebody else has changed")
}

func TestPromisesAreSet(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/promises"
	head.get(page).has(t, http.StatusOK, "Usually: 16", `name="hours.fragment" value=""`)
	head.post(page, h.revision(lib)).has(t, http.StatusUnprocessableEntity, "nothing to save")
	for _, bad := range []string{"soon", "-1", "0", "99999", "NaN", "1e9"} {
		head.post(page, h.revision(lib, "hours.fragment", bad, "hours.query", "7")).has(t, http.StatusUnprocessableEntity, "Give a number of hours", `value="`+bad+`"`, `value="7"`)
	}
	h.setting(lib, func(s *library.Settings) {
		s.Promise = map[string]library.Promise{"lesson": {Minutes: 30}, "card": {Minutes: 60}}
	})
	head.get(page).has(t, http.StatusOK, `name="hours.card" value="1"`)
	head.post(page, h.revision(lib, "hours.fragment", "1,5", "hours.query", "12.25")).leads(t, page+"?did=saved")
	want := map[string]library.Promise{"lesson": {Minutes: 30}, "fragment": {Minutes: 90}, "query": {Minutes: 735}}
	if got := h.settings(lib).Settings.Promise; !reflect.DeepEqual(got, want) {
		t.Errorf("promises: %+v", got)
	}
	head.get(page).has(t, http.StatusOK, `name="hours.query" value="12.25"`)
	for _, lang := range []library.Lang{library.Russian, library.Ukrainian, library.Sakha} {
		h.signedIn(lib, queue.RoleDirector, lang).get(page).has(t, http.StatusOK, `name="hours.query" value="12,25"`)
	}
	head.post(page, h.revision(lib, "hours.query", "3")).leads(t, page+"?did=saved")
}
