package web

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"librarian/contacts/library"
	"librarian/queue"
)

var secretShown = regexp.MustCompile(`<span class="secret">([A-Z2-7]+)</span>`)

func (a answer) leads(t testing.TB, to string) {
	t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != to {
		t.Fatalf("status %d to %q, want %q", a.status, a.header.Get("Location"), to)
	}
}

func (h *house) code(secret string) url.Values {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return url.Values{"code": {code[:3] + " " + code[3:]}}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	staff, password := h.staff(h.lib, queue.RoleLibrarian, library.English)
	task := h.task(h.lib, queue.KindQuestion, "Reader", "When do you open?", 0)
	by := h.visitor()

	by.get(taskAddress(task.ID)).leads(t, "/desk/sign-in")
	form := url.Values{"login": {staff.Login}, "password": {"wrong"}, "lang": {"en"}}
	if got := by.post("/desk/sign-in", form); got.status != http.StatusUnauthorized || !strings.Contains(got.body, "The login or the password is wrong.") {
		t.Fatalf("wrong password: %d", got.status)
	}
	form.Set("password", password)
	by.post("/desk/sign-in", form).leads(t, "/desk/enrol")
	by.get("/desk").leads(t, "/desk/enrol")
	by.get("/desk/sign-in/code").leads(t, "/desk/enrol")

	page := by.get("/desk/enrol")
	found := secretShown.FindStringSubmatch(page.body)
	if found == nil {
		t.Fatalf("no secret on the page: %d", page.status)
	}
	secret := found[1]
	if !holdsPicture(page.body) {
		t.Error("no QR code on the page")
	}
	if got := by.post("/desk/enrol", url.Values{"code": {"000000"}}); got.status != http.StatusUnauthorized || !strings.Contains(got.body, secret) {
		t.Fatalf("a wrong code: %d, and the same secret again", got.status)
	}
	by.post("/desk/enrol", h.code(secret)).leads(t, taskAddress(task.ID))
	by.get(taskAddress(task.ID)).leads(t, "/desk/password")

	change := url.Values{"old": {password}, "new": {"short"}, "again": {"short"}}
	if got := by.post("/desk/password", change); got.status != http.StatusUnprocessableEntity {
		t.Fatalf("a weak password: %d", got.status)
	}
	change["new"], change["again"] = []string{"several long words"}, []string{"several other words"}
	if got := by.post("/desk/password", change); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "The new passwords differ.") {
		t.Fatalf("two passwords: %d", got.status)
	}
	change.Set("again", "several long words")
	by.post("/desk/password", change).leads(t, "/desk?did=password")
	if got := by.get(taskAddress(task.ID)); got.status != http.StatusOK || !strings.Contains(got.body, "When do you open?") {
		t.Fatalf("the task: %d", got.status)
	}

	again := h.visitor()
	form.Set("password", "several long words")
	again.post("/desk/sign-in", form).leads(t, "/desk/sign-in/code")
	again.get("/desk/enrol").leads(t, "/desk/sign-in/code")
	if got := again.post("/desk/sign-in/code", h.code(secret)); got.status != http.StatusUnauthorized {
		t.Fatalf("the same code twice: %d", got.status)
	}
	h.clock.move(time.Minute)
	again.post("/desk/sign-in/code", h.code(secret)).leads(t, "/desk")
	again.get("/desk/sign-in/code").leads(t, "/desk")
	for act, want := range map[string]int{"session.begun": 2, "session.opened": 2, "staff.password": 1} {
		if got := h.audited(act, staff); got != want {
			t.Errorf("%s: %d rows in the audit log, want %d", act, got, want)
		}
	}
	again.post("/desk/sign-out", nil).leads(t, "/desk/sign-in")
	again.get("/desk").leads(t, "/desk/sign-in")
}

func holdsPicture(body string) bool {
	_, rest, ok := strings.Cut(html.UnescapeString(body), `src="data:image/png;base64,`)
	if !ok {
		return false
	}
	text, _, _ := strings.Cut(rest, `"`)
	data, err := base64.StdEncoding.DecodeString(text)
	return err == nil && strings.HasPrefix(string(data), "\x89PNG")
}

func TestOnlyPagesOfTheDeskAreGoneBackTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	staff, password := h.staff(h.lib, queue.RoleGate, library.English)
	for _, next := range []string{"https://evil.example/desk", "//evil.example", "/deskevil", "/chat"} {
		by := h.visitor()
		by.post("/desk/sign-in", url.Values{"login": {staff.Login}, "password": {password}})
		home, err := url.Parse(h.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		by.Jar.SetCookies(home, []*http.Cookie{{Name: cookieNext, Value: url.QueryEscape(next), Path: "/desk"}})
		page := by.get("/desk/enrol")
		if found := secretShown.FindStringSubmatch(page.body); found != nil {
			by.post("/desk/enrol", h.code(found[1])).leads(t, "/desk")
			h.tellsNothing(t, staff)
		}
	}
}

// tellsNothing takes the second factor away again, so that the next visitor can set it up.
func (h *house) tellsNothing(t *testing.T, staff queue.Staff) {
	t.Helper()
	if _, err := h.pool.Exec(t.Context(), `update staff set totp_secret = null, totp_last = 0 where id = $1`, staff.ID); err != nil {
		t.Fatal(err)
	}
}

func TestLanguageBeforeSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, c := range []struct{ query, header, want string }{
		{"", "", `lang="ru"`},
		{"", "uk-UA,uk;q=0.9", `lang="uk"`},
		{"", "de,sah;q=0.5", `lang="sah"`},
		{"", "de", `lang="ru"`},
		{"?lang=en", "uk", `lang="en"`},
		{"?lang=xx", "uk", `lang="uk"`},
	} {
		got := h.visitor().ask(http.MethodGet, "/desk/sign-in"+c.query, nil, "Accept-Language", c.header)
		if !strings.Contains(got.body, "<html "+c.want) {
			t.Errorf("%q with %q: not %s", c.query, c.header, c.want)
		}
	}
}

// from is a sign-in from the address behind the proxy, and the status of its answer.
func (v *visitor) from(address, login, password string) int {
	form := url.Values{"login": {login}, "password": {password}}
	return v.ask(http.MethodPost, "/desk/sign-in", form, "X-Forwarded-For", address).status
}

func TestPasswordsTriedFromOneNetwork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	staff, password := h.staff(h.lib, queue.RoleLibrarian, library.English)
	by := h.visitor()
	const here, neighbour, there = "2001:db8::1", "2001:db8::2", "198.51.100.7"
	for range triesAtOnce + 5 { // a right password costs nothing
		if got := by.from(here, staff.Login, password); got != http.StatusSeeOther {
			t.Fatalf("the right password: %d", got)
		}
	}
	for i := range triesAtOnce {
		if got := by.from(here, fmt.Sprint("nobody", i), "wrong"); got != http.StatusUnauthorized {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	for _, c := range []struct {
		from string
		want int
	}{{here, http.StatusTooManyRequests}, {neighbour, http.StatusTooManyRequests}, {there, http.StatusSeeOther}} {
		if got := by.from(c.from, staff.Login, password); got != c.want {
			t.Errorf("from %s: %d, want %d", c.from, got, c.want)
		}
	}
	form := url.Values{"login": {staff.Login}, "password": {password}}
	got := by.ask(http.MethodPost, "/desk/sign-in", form, "X-Forwarded-For", here)
	if got.header.Get("Retry-After") != "11" || !strings.Contains(got.body, "Подождите минуту") {
		t.Errorf("the refusal says %q", got.header.Get("Retry-After"))
	}
	h.clock.move(tryEvery)
	if got := by.from(here, staff.Login, password); got != http.StatusSeeOther {
		t.Errorf("after a while: %d", got)
	}
	h.clock.move(2 * triesKept)
	by.from(there, staff.Login, password)
	h.site.tries.mu.Lock()
	defer h.site.tries.mu.Unlock()
	if n := len(h.site.tries.networks); n != 1 {
		t.Errorf("%d networks are remembered", n)
	}
}

func TestAPageLeftOpenDoesNotKeepTheSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	idle, busy := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	for range 5 { // 15 hours
		h.clock.move(3 * time.Hour)
		idle.ask(http.MethodGet, "/desk/counters", nil, "HX-Request", "true")
		idle.ask(http.MethodGet, "/desk/queue", nil, "HX-Request", "true", "Accept", "*/*")
		if got := busy.get("/desk"); got.status != http.StatusOK {
			t.Fatalf("in use: %d", got.status)
		}
	}
	idle.get("/desk").leads(t, "/desk/sign-in")
}
