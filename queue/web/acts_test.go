package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"librarian/contacts/library"
	"librarian/queue"
)

// TestFromRegistrationToCard walks one reader's papers over two desks.
func TestFromRegistrationToCard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian, registrar := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	task := h.task(h.lib, queue.KindRegistration, "Айыына", "", 0)
	page := taskAddress(task.ID)
	if got := registrar.get(page); got.status != http.StatusForbidden {
		t.Fatalf("another role's task: %d", got.status)
	}
	if got := librarian.get(page).body; !strings.Contains(got, "Take the task to act on it.") || strings.Contains(got, page+"/accept") {
		t.Fatal("a task can be decided by who does not hold it")
	}
	if got := librarian.post(page+"/accept", url.Values{}); got.status != http.StatusConflict {
		t.Fatalf("accepted without holding it: %d", got.status)
	}
	librarian.post(page+"/take", nil).leads(t, page)
	for _, want := range []string{page + "/accept", "reader@example.org", "17 May 1990", "/desk/files/secondphoto", "Мама, for a child", "Айыына Петрова", "version 3"} {
		if !strings.Contains(librarian.get(page).body, want) {
			t.Errorf("the librarian's page lacks %s", want)
		}
	}
	if got := librarian.post(page+"/done", nil); got.status != http.StatusConflict {
		t.Fatalf("closed without a decision: %d", got.status)
	}
	librarian.post(page+"/accept", url.Values{}).leads(t, "/desk?did=accepted")
	if got := librarian.post(page+"/accept", url.Values{}); got.status != http.StatusConflict {
		t.Fatalf("accepted twice: %d", got.status)
	}

	rows, err := h.desk.List(t.Context(), h.lib, queue.Filter{Scope: queue.Scope{Roles: []queue.Role{queue.RoleRegistrar}}})
	if err != nil || len(rows) != 1 || rows[0].Kind != queue.KindCard || rows[0].Conversation != task.Conversation {
		t.Fatalf("tasks of the registrar: %v, %v", rows, err)
	}
	page = taskAddress(rows[0].ID)
	registrar.post(page+"/take", nil).leads(t, page)
	if got := registrar.get(page).body; !strings.Contains(got, `data-copy="17.05.1990"`) || !strings.Contains(got, `value="000123"`) {
		t.Error("the registrar's page lacks data to copy or the next number")
	}
	form := url.Values{"number": {"taken"}, "password": {"first-password"}}
	again := registrar.post(page+"/card", form)
	if again.status != http.StatusConflict || !strings.Contains(again.body, "That number was issued before.") || !strings.Contains(again.body, `value="taken"`) || !strings.Contains(again.body, `value="first-password"`) {
		t.Fatalf("a number used before: %d", again.status)
	}
	if got := registrar.post(page+"/card", url.Values{"number": {"000123"}, "password": {"a b"}}); got.status != http.StatusConflict {
		t.Fatalf("a password with a space: %d", got.status)
	}
	form.Set("number", "000123")
	registrar.post(page+"/card", form).leads(t, "/desk?did=issued")

	if len(h.talks.told) != 2 || h.talks.told[0].Kind != queue.NewsAccepted || h.talks.told[1].Kind != queue.NewsCard ||
		h.talks.told[1].Fields["number"] != "000123" || h.talks.told[1].Secret != "abc" {
		t.Errorf("the reader was told %+v", h.talks.told)
	}
	var kept int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from audit where detail::text like '%first-password%'`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the password stands in %d rows of the audit log: %v", kept, err)
	}
	if strings.Contains(h.logged.String(), "first-password") {
		t.Error("the password is logged")
	}
}

func TestRefusalNeedsAReason(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	for _, c := range []struct {
		what, reason string
		kind         string // of the news; empty: nothing is done
	}{
		{"/refuse", " \n", ""},
		{"/refuse", strings.Repeat("я", maxReason+1), ""},
		{"/refuse", "The name is not the one in the paper", queue.NewsRefused},
	} {
		task := h.task(h.lib, queue.KindRegistration, fmt.Sprint("Reader ", h.count), "", 0)
		page, before := taskAddress(task.ID), len(h.talks.told)
		by.post(page+"/take", nil).leads(t, page)
		got := by.post(page+c.what, url.Values{"reason": {c.reason}})
		if c.kind == "" {
			if got.status != http.StatusConflict || len(h.talks.told) != before {
				t.Errorf("%s for %.10q: %d", c.what, c.reason, got.status)
			}
			continue
		}
		if got.status != http.StatusSeeOther || len(h.talks.told) != before+1 || h.talks.told[before].Kind != c.kind || h.talks.told[before].Fields["reason"] != c.reason {
			t.Errorf("%s for %q: %d, told %+v", c.what, c.reason, got.status, h.talks.told[before:])
		}
	}
}

func TestTwoPeopleCannotTakeOneTask(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.task(h.lib, queue.KindQuestion, "Reader", "?", 0)
	start, statuses := make(chan struct{}), make(chan int)
	for range 2 {
		by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
		go func() {
			<-start
			statuses <- by.post(taskAddress(task.ID)+"/take", nil).status
		}()
	}
	close(start)
	if got := <-statuses + <-statuses; got != http.StatusSeeOther+http.StatusConflict {
		t.Errorf("the two answers add up to %d", got)
	}
}

func TestReplyIsKeptWhenItCannotGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by, colleague := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	conv := h.conversation(h.lib, "Сардана")
	page, text := conversationAddress(conv), url.Values{"text": {"Good day to you"}}
	if got := colleague.ask(http.MethodPost, page+"/take-over", url.Values{"epoch": {"0"}}, "HX-Request", "true"); got.status != http.StatusOK ||
		!strings.Contains(got.body, "/hand-back") || strings.Contains(got.body, "<textarea") {
		t.Errorf("taken over: %d %s", got.status, got.body)
	}
	if got := by.ask(http.MethodPost, page+"/take-over", url.Values{"epoch": {"0"}}, "HX-Request", "true"); got.status != http.StatusOK ||
		!strings.Contains(got.body, "Somebody else is speaking") || !strings.Contains(got.body, "/take-over") {
		t.Errorf("taken over from an old part: %d %s", got.status, got.body)
	}
	if got := by.post(page+"/take-over", url.Values{"epoch": {"0"}}); got.status != http.StatusConflict || !strings.Contains(got.body, "Somebody else is speaking") {
		t.Errorf("taken over from an old page: %d", got.status)
	}
	for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
		got := by.ask(http.MethodPost, page+"/say", text, headers...)
		if !strings.Contains(got.body, "Good day to you</textarea>") || !strings.Contains(got.body, "Somebody else is speaking") {
			t.Errorf("with %v the text is lost: %d", headers, got.status)
		}
	}
	colleague.post(page+"/hand-back", nil).leads(t, page+"?did=returned")
	got := by.ask(http.MethodPost, page+"/say", text, "HX-Request", "true")
	if got.status != http.StatusOK || got.header.Get("HX-Trigger") != "chatchange" || strings.Contains(got.body, "Good day to you") {
		t.Errorf("said: %d", got.status)
	}
	if got := by.post(page+"/say", url.Values{"text": {strings.Repeat("я", maxReply+1)}}); got.status != http.StatusConflict {
		t.Errorf("a text too long: %d", got.status)
	}
}

func TestAnsweringClosesTheTask(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.task(h.lib, queue.KindQuestion, "Reader", "?", 0)
	form := url.Values{"text": {"At nine."}, "task": {fmt.Sprint(task.ID)}, "finish": {"1"}}
	if got := by.post(conversationAddress(task.Conversation)+"/say", form); got.status != http.StatusConflict {
		t.Fatalf("answered without holding the task: %d", got.status)
	}
	by.post(taskAddress(task.ID)+"/take", nil).leads(t, taskAddress(task.ID))
	by.post(conversationAddress(task.Conversation)+"/say", form).leads(t, "/desk?did=answered")
	if got, err := h.desk.Get(t.Context(), h.lib, task.ID); err != nil || got.State != queue.StateDone || got.Outcome != outcomeAnswered {
		t.Errorf("the task is %s, %s: %v", got.State, got.Outcome, err)
	}
}

func TestOnlyPicturesAreShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	if got := by.get("/desk/files/page"); got.status != http.StatusNotFound {
		t.Errorf("a page is shown: %d", got.status)
	}
	got := by.get("/desk/files/page/original")
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment;") || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the original: %d, %v", got.status, got.header)
	}
	got = by.get("/desk/files/firstphoto")
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "image/png" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a picture: %d, %v", got.status, got.header)
	}
}

func TestOneTimePasswordIsShownOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleDirector, library.English)
	form := url.Values{"name": {"New One"}, "login": {"new.one"}, "role": {"librarian"}, "lang": {"sah"}}
	added := by.post("/desk/staff", form)
	if added.status != http.StatusOK || !strings.Contains(added.body, "One-time password: New One") {
		t.Fatalf("added: %d", added.status)
	}
	if got := by.get("/desk/staff").body; strings.Contains(got, "One-time password:") || !strings.Contains(got, "new.one") {
		t.Error("the list shows the password again, or lacks the new one")
	}
	if got := by.post("/desk/staff", form); got.status != http.StatusConflict || !strings.Contains(got.body, `value="new.one"`) {
		t.Errorf("the same login again: %d", got.status)
	}
	form.Set("role", "operator")
	if got := by.post("/desk/staff", form); got.status != http.StatusForbidden {
		t.Errorf("a director adds an operator: %d", got.status)
	}
}

func TestMomentsAreShort(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, c := range []struct {
		left time.Duration
		want string
	}{
		{30 * time.Second, "in 1 min"},
		{-time.Second, "overdue 1 min"},
		{12 * time.Minute, "in 12 min"},
		{3 * time.Hour, "in 3 h"},
		{72 * time.Hour, "in 3 d"},
		{-30 * time.Minute, "overdue 30 min"},
		{-5 * time.Hour, "overdue 5 h"},
	} {
		v := &visit{Site: h.site, r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/desk", nil), at: h.clock.Now(), lang: library.English}
		if got := v.due(v.at.Add(c.left)); got.Short != c.want || got.Late != (c.left < 0) {
			t.Errorf("%s: %q, late %v", c.left, got.Short, got.Late)
		}
	}
}
