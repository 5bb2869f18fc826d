package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"librarian/contacts/library"
	"librarian/queue"
)

// deed is one good request to a route.
type deed struct {
	by   *visitor
	path string
	form url.Values
}

// guests are browsers of those whom the deeds need.
type guests struct {
	h                                                         *house
	director, librarian, registrar, nobody, elsewhere, roamer *visitor
}

func newGuests(h *house) guests {
	return guests{
		h: h, director: h.signedIn(h.lib, queue.RoleDirector, library.English), librarian: h.signedIn(h.lib, queue.RoleLibrarian, library.English),
		registrar: h.signedIn(h.lib, queue.RoleRegistrar, library.English), nobody: h.signedIn(h.lib, queue.RoleMethodist, library.English),
		elsewhere: h.signedIn(h.other, queue.RoleDirector, library.English), roamer: h.signedIn(0, queue.RoleOperator, library.English),
	}
}

// held is a new task of the kind, taken by the visitor.
func (g guests) held(by *visitor, kind string) queue.Task {
	g.h.t.Helper()
	task := g.h.task(g.h.lib, kind, fmt.Sprint("Reader ", g.h.count), "A question", time.Minute)
	if _, err := g.h.desk.Take(g.h.t.Context(), g.h.lib, task.ID, by.staff.ID); err != nil {
		g.h.t.Fatal(err)
	}
	return task
}

func (g guests) on(by *visitor, kind, what string, form url.Values) deed {
	return deed{by, taskAddress(g.held(by, kind).ID) + what, form}
}

func (g guests) said(what string, form url.Values) deed {
	return deed{g.librarian, conversationAddress(g.h.conversation(g.h.lib, "Reader")) + what, form}
}

// member is a colleague to be governed.
func (g guests) member(what string) deed {
	member, _ := g.h.staff(g.h.lib, queue.RoleGate, library.English)
	return deed{g.director, fmt.Sprintf("/desk/staff/%d%s", member.ID, what), url.Values{}}
}

func (g guests) session(t *testing.T) deed {
	t.Helper()
	if _, err := g.h.desk.OpenSession(t.Context(), g.librarian.staff.ID, "elsewhere"); err != nil {
		t.Fatal(err)
	}
	sessions, err := g.h.desk.ListSessions(t.Context(), g.librarian.staff.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(sessions, func(s queue.Session) bool { return s.Agent == "elsewhere" })
	return deed{g.librarian, "/desk/account/sessions/" + sessions[i].ID + "/end", url.Values{}}
}

// joining are the joining of two contacts, and the undo of another's.
func (g guests) joining() (join, part deed) {
	g.h.t.Helper()
	one, two := g.h.pair()
	three, four := g.h.pair()
	return deed{g.librarian, conversationAddress(one) + "/join", g.h.contactOf(two)},
		deed{g.librarian, conversationAddress(three) + "/part", g.h.joined(three, four)}
}

// deeds has a good request for every route that writes to the audit log, and for every other one with something in its address.
// What needs a half-open session is in TestSignIn.
func (g guests) deeds(t *testing.T) map[string]deed {
	t.Helper()
	reason := url.Values{"reason": {"The photo is blurred"}}
	open := func(kind, what string) deed {
		return deed{g.director, taskAddress(g.h.task(g.h.lib, kind, fmt.Sprint("Reader ", g.h.count), "", 0).ID) + what, url.Values{}}
	}
	join, joined := g.joining()
	double, department := g.doubled(), departmentPath(g.h.department(g.h.lib, "Хранение"))
	all := map[string]deed{
		"POST /desk/sign-out":                     {g.h.signedIn(g.h.lib, queue.RoleGate, library.English), "/desk/sign-out", url.Values{}},
		"POST /desk/libraries":                    {g.roamer, "/desk/libraries", url.Values{"library": {fmt.Sprint(g.h.other)}}},
		"GET /desk/tasks/{id}":                    open(queue.KindRegistration, ""),
		"GET /desk/tasks/{id}/side":               open(queue.KindQuestion, "/side"),
		"POST /desk/tasks/{id}/take":              open(queue.KindQuestion, "/take"),
		"POST /desk/tasks/{id}/release":           g.on(g.librarian, queue.KindQuestion, "/release", url.Values{}),
		"POST /desk/tasks/{id}/done":              g.on(g.librarian, queue.KindStuck, "/done", url.Values{}),
		"POST /desk/tasks/{id}/accept":            g.on(g.librarian, queue.KindRegistration, "/accept", url.Values{}),
		"POST /desk/tasks/{id}/refuse":            g.on(g.librarian, queue.KindRegistration, "/refuse", reason),
		"POST /desk/tasks/{id}/double":            double,
		"POST /desk/tasks/{id}/correct":           g.on(g.librarian, queue.KindRegistration, "/correct", url.Values{"old.email": {"reader@example.org"}, "text.email": {"other@example.org"}}),
		"POST /desk/tasks/{id}/papers/reopen":     g.papers("/papers/reopen", pageForm("form", 2)),
		"POST /desk/tasks/{id}/papers/redraw":     g.papers("/papers/redraw", url.Values{}),
		"POST /desk/tasks/{id}/card":              g.on(g.registrar, queue.KindCard, "/card", url.Values{"number": {"000123"}, "password": {"good-first-one"}}),
		"POST /desk/tasks/{id}/has-card":          g.on(g.registrar, queue.KindCard, "/has-card", url.Values{"number": {"000123"}}),
		"GET /desk/tasks/{id}/registration.csv":   g.on(g.registrar, queue.KindCard, "/registration.csv", nil),
		"GET /desk/tasks/{id}/papers":             g.papers("/papers", nil),
		"POST /desk/tasks/{id}/papers/accept":     g.papers("/papers/accept", pageForm("form", 1)),
		"POST /desk/tasks/{id}/papers/return":     g.papers("/papers/return", pageForm("form", 1, "cause", queue.ReasonBlurred)),
		"POST /desk/tasks/{id}/papers/send-back":  g.papers("/papers/send-back", url.Values{}),
		"GET /desk/registrations/{id}":            g.awaited("", nil),
		"GET /desk/registrations/{id}/papers":     g.awaited("/papers", nil),
		"GET /desk/registrations/{id}/proof.zip":  g.awaited("/proof.zip", nil),
		"POST /desk/registrations/{id}/by-post":   g.awaited("/by-post", url.Values{}),
		"POST /desk/lessons/{id}/certify":         g.newcomer("/certify", url.Values{"how": {"lesson"}}),
		"POST /desk/lessons/{id}/missed":          g.newcomer("/missed", url.Values{}),
		"POST /desk/lessons/{id}/waive":           g.newcomer("/waive", reason),
		"GET /desk/conversations/{id}":            g.said("", nil),
		"GET /desk/conversations/{id}/entries":    g.said("/entries", nil),
		"GET /desk/conversations/{id}/speaker":    g.said("/speaker", nil),
		"GET /desk/conversations/{id}/events":     g.said("/events", nil),
		"POST /desk/conversations/{id}/say":       g.said("/say", url.Values{"text": {"Good day"}}),
		"POST /desk/conversations/{id}/typing":    g.said("/typing", url.Values{}),
		"POST /desk/conversations/{id}/take-over": g.said("/take-over", url.Values{"epoch": {"0"}}),
		"POST /desk/conversations/{id}/hand-back": g.said("/hand-back", url.Values{}),
		"POST /desk/conversations/{id}/join":      join,
		"POST /desk/conversations/{id}/part":      joined,
		"POST /desk/conversations/{id}/block":     g.said("/block", url.Values{}),
		"POST /desk/conversations/{id}/unblock":   g.said("/unblock", url.Values{}),
		"GET /desk/files/{id}":                    {g.librarian, "/desk/files/firstphoto", nil},
		"GET /desk/files/{id}/original":           {g.librarian, "/desk/files/firstphoto/original", nil},
		"POST /desk/staff":                        {g.director, "/desk/staff", url.Values{"name": {"New"}, "login": {"new.one"}, "role": {"gate"}, "lang": {"ru"}}},
		"POST /desk/staff/{id}/off":               g.member("/off"),
		"POST /desk/staff/{id}/on":                g.member("/on"),
		"POST /desk/staff/{id}/reset":             g.member("/reset"),
		"POST /desk/staff/{id}/department":        g.placed(),
		"POST /desk/settings/departments":         {g.director, "/desk/settings/departments", departmentForm("Новый")},
		"GET /desk/settings/departments/{id}":     {g.director, department, nil},
		"POST /desk/settings/departments/{id}":    {g.director, department, departmentForm("Другой", "base", "1")},
		"POST /desk/settings/sigla":               {g.director, "/desk/settings/sigla", url.Values{"seen": {"[]"}}},
		"POST /desk/settings/asking":              g.settled("/asking", "asks.card", "question"),
		"POST /desk/settings/copying":             g.settled("/copying", "percent.fragment", "10", "percent.article", "30", "link_days", "14", "link_views", "5"),
		"POST /desk/settings/promises":            g.settled("/promises", "hours.query", "12"),
		"POST /desk/settings/way":                 g.settled("/way", "way", "simple"),
		"POST /desk/settings/consent":             g.settled("/consent", "version", "2026-2", "text.ru", "Новое согласие."),
		"POST /desk/settings/rules":               g.settled("/rules", "version", "2026-1", "text.ru", "Правила."),
		"POST /desk/settings/papers":              g.settled("/papers", "version", "2026-1", "form_true.ru", "Всё верно."),
		"POST /desk/settings/papers/sample":       g.settled("/papers/sample", "version", "2026-1", "sample", "form"),
		"POST /desk/settings/joining":             g.settled("/joining", "min_age", "15"),
		"POST /desk/settings/questions":           g.settled("/questions", "key", "phone", "state.phone", "required"),
		"GET /desk/settings/questions/{key}":      g.settled("/questions/phone"),
		"POST /desk/settings/questions/{key}":     g.settled("/questions/phone", "state", "required"),
		"POST /desk/account/language":             {g.librarian, "/desk/account/language", url.Values{"lang": {"en"}}},
		"POST /desk/account/notices":              {g.librarian, "/desk/account/notices", url.Values{"email": {"yes"}}},
		"POST /desk/account/binding":              {g.librarian, "/desk/account/binding", url.Values{}},
		"POST /desk/account/binding/end":          {g.librarian, "/desk/account/binding/end", url.Values{}},
		"POST /desk/account/sessions/{id}/end":    g.session(t),
	}
	maps.Copy(all, g.orders())
	maps.Copy(all, g.tray())
	maps.Copy(all, g.questions())
	maps.Copy(all, g.needs())
	maps.Copy(all, g.channels())
	return all
}

// entrance are the routes of signing in, which TestSignIn walks: their visitors are nowhere yet.
var entrance = []string{
	"POST /desk/sign-in", "POST /desk/sign-in/code", "POST /desk/enrol", "POST /desk/password",
}

// unrecorded are the routes that are no acts though they are posted to: what they do is over within seconds, or changes nothing.
var unrecorded = []string{"POST /desk/conversations/{id}/typing", "POST /desk/settings/papers/sample"}

func TestEveryRouteIsGuarded(t *testing.T) {
	t.Parallel()
	known := append(queue.Permissions(), open, entering, leaving, renewing, own, roaming)
	seen := map[string]bool{}
	for _, rt := range routes() {
		method, _, _ := strings.Cut(rt.pattern, " ")
		switch {
		case seen[rt.pattern]:
			t.Errorf("%s stands twice", rt.pattern)
		case !slices.Contains(known, rt.needs):
			t.Errorf("%s needs the unknown permission %q", rt.pattern, rt.needs)
		case method != http.MethodGet && (rt.act == "") != slices.Contains(unrecorded, rt.pattern):
			t.Errorf("%s names no act for the audit log", rt.pattern)
		case rt.needs == open && method != http.MethodGet && rt.pattern != "POST /desk/sign-in":
			t.Errorf("%s changes something and is open to all", rt.pattern)
		}
		seen[rt.pattern] = true
	}
}

// address fills the pattern with an id when no deed does.
func address(pattern string, deeds map[string]deed) (method, path string, form url.Values) {
	method, path, _ = strings.Cut(pattern, " ")
	if d, ok := deeds[pattern]; ok {
		return method, d.path, d.form
	}
	path = strings.ReplaceAll(path, "{name}", "frame.css")
	return method, path, url.Values{}
}

func TestWalkOfStrangersAndColleagues(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g := newGuests(h)
	deeds := g.deeds(t)
	for _, rt := range routes() {
		if strings.Contains(rt.pattern, "{id}") && deeds[rt.pattern].path == "" {
			t.Errorf("%s has no deed", rt.pattern)
			continue
		}
		method, path, form := address(rt.pattern, deeds)
		if rt.needs == open {
			continue
		}
		stranger := h.visitor().ask(method, path, form)
		if slices.Contains(unrecorded, rt.pattern) { // asked for by a page, which a page of signing in would tell nothing
			if stranger.status != http.StatusUnauthorized {
				t.Errorf("%s: a stranger gets %d", rt.pattern, stranger.status)
			}
		} else if stranger.status != http.StatusSeeOther || stranger.header.Get("Location") != "/desk/sign-in" {
			t.Errorf("%s: a stranger gets %d to %q", rt.pattern, stranger.status, stranger.header.Get("Location"))
		}
		if slices.Contains(queue.Permissions(), rt.needs) || rt.needs == roaming {
			without := g.nobody.ask(method, path, form)
			if rt.pattern == "GET /desk" { // the brand's link: everybody is sent to a page of theirs
				if without.header.Get("Location") != "/desk/account" {
					t.Errorf("%s: without permission one is sent to %q", rt.pattern, without.header.Get("Location"))
				}
			} else if without.status != http.StatusForbidden {
				t.Errorf("%s: without permission one gets %d", rt.pattern, without.status)
			}
		}
		if strings.Contains(rt.pattern, "{id}") {
			if got := g.elsewhere.ask(method, path, form); got.status != http.StatusNotFound {
				t.Errorf("%s: what is another library's gets %d", rt.pattern, got.status)
			}
		}
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}

func TestEveryActIsAudited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	deeds := newGuests(h).deeds(t)
	for _, rt := range routes() {
		if rt.act == "" || slices.Contains(entrance, rt.pattern) {
			continue
		}
		d, ok := deeds[rt.pattern]
		if !ok {
			t.Errorf("%s has no deed", rt.pattern)
			continue
		}
		before := h.audited(rt.act, d.by.staff)
		method, _, _ := strings.Cut(rt.pattern, " ")
		got := d.by.ask(method, d.path, d.form)
		if got.status != http.StatusOK && got.status != http.StatusSeeOther {
			t.Errorf("%s: status %d", rt.pattern, got.status)
		}
		if after := h.audited(rt.act, d.by.staff); after != before+1 {
			t.Errorf("%s: %d rows of %s in the audit log", rt.pattern, after-before, rt.act)
		}
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}

// audited counts the rows of the act by the person.
func (h *house) audited(act string, by queue.Staff) (count int) {
	h.t.Helper()
	err := h.pool.QueryRow(h.t.Context(), `select count(*) from audit where act = $1 and staff_id = $2`, act, by.ID).Scan(&count)
	if err != nil {
		h.t.Fatal(err)
	}
	return count
}

func TestRequestsFromElsewhereAndTooLargeAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	form := url.Values{"lang": {"ru"}}
	if got := by.ask(http.MethodPost, "/desk/account/language", form, "Sec-Fetch-Site", "cross-site"); got.status != http.StatusForbidden {
		t.Errorf("from another site: %d", got.status)
	}
	form.Set("more", strings.Repeat("x", maxForm))
	if got := by.post("/desk/account/language", form); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", got.status)
	}
	got := by.get("/desk")
	for name, want := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q", name, got.header.Get(name))
		}
	}
	for _, inline := range []string{"<style", "style=\"", "onclick", "javascript:", "<script>"} {
		if strings.Contains(got.body, inline) {
			t.Errorf("the page holds %s", inline)
		}
	}
}
