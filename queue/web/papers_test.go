package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
)

// holds fails for each of the strings that the page lacks.
func (a answer) holds(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(a.body, w) {
			t.Errorf("status %d, the page lacks %s", a.status, w)
		}
	}
}

func (a answer) lacks(t *testing.T, unwanted ...string) {
	t.Helper()
	for _, u := range unwanted {
		if strings.Contains(a.body, u) {
			t.Errorf("the page holds %s", u)
		}
	}
}

// TestPapersPageByPage walks a librarian through papers of which one page is bad, and again when it has come anew.
func TestPapersPageByPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.papered(by)
	page := taskAddress(task.ID)
	by.get(page).holds(t, `src="/desk/files/formone"`, "/desk/files/formfile/original", "no signature seen", "chosen by the reader", "came by post",
		"It came on paper", "<dt>Education</dt>", "0 of 4 accepted", `value="unsigned" selected`, "disabled>Accept the registration")
	h.refused(t, by.post(page+"/accept", url.Values{}), "once every page is accepted")

	part := func(what string, form url.Values) answer {
		return by.ask(http.MethodPost, page+"/papers/"+what, form, "HX-Request", "true")
	}
	part("accept", pageForm("form", 1)).holds(t, `id="page-form-2" tabindex="0" aria-labelledby="page-form-2-title" data-paper data-next`, "1 of 4 accepted")
	part("accept", pageForm("form", 2)).holds(t, `page-application-1-title" data-paper data-next`)
	part("return", pageForm("application", 1, "cause", reasonOther, "words", " \n")).holds(t, "up to 300 characters", "2 of 4 accepted")
	part("return", pageForm("application", 1, "cause", reasonOther, "words", strings.Repeat("я", maxPageReason+1))).holds(t, "up to 300 characters")
	part("return", pageForm("application", 1, "cause", reasonOther, "words", "The stamp\nis missing")).holds(t, `page-consent-1-title" data-paper data-next`, `<p class="says">The stamp is missing</p>`)
	part("accept", pageForm("consent", 1)).holds(t, `aria-labelledby="decision-title" data-next`, page+"/papers/send-back", "3 of 4 accepted")
	h.refused(t, by.post(page+"/accept", url.Values{}), "once every page is accepted")

	by.post(page+"/papers/send-back", url.Values{}).leads(t, "/desk?did=sent-back")
	if told := h.talks.told; len(told) != 1 || told[0].Kind != queue.NewsPapersReturned || told[0].Fields["pages"] != "application:1:The stamp is missing" {
		t.Errorf("the reader is told %+v", told)
	}
	done, err := h.desk.Get(t.Context(), h.lib, task.ID)
	reg, failed := h.registrationOf(t.Context(), h.lib, task.Registration)
	if err != nil || failed != nil || done.Outcome != outcomeReturned || reg.State != registrationWaits {
		t.Errorf("the task ended %s, the registration is %s: %v, %v", done.Outcome, reg.State, err, failed)
	}
	by.get(page).holds(t, "papers sent back to the reader", "The reader still owes papers")
	var words int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from audit where detail::text like '%stamp%'`).Scan(&words); err != nil || words != 0 {
		t.Errorf("the librarian's words stand in %d rows of the audit log: %v", words, err)
	}
}

// refused is an act that was told apart from one that was done.
func (h *house) refused(t *testing.T, got answer, why string) {
	t.Helper()
	if got.status != http.StatusConflict || !strings.Contains(got.body, why) || !strings.Contains(got.body, "</html>") {
		t.Errorf("status %d, or not told: %s", got.status, why)
	}
}

func TestAllPagesAcceptedGoToTheRegistrar(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by, registrar := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	task := h.papered(by)
	page := taskAddress(task.ID)
	for n, p := range h.folder.all[task.Registration] {
		next := "#decision"
		if n < 3 {
			next = "#" + pageID(h.folder.all[task.Registration][n+1].Kind, h.folder.all[task.Registration][n+1].Number)
		}
		by.post(page+"/papers/accept", pageForm(p.Kind, p.Number)).leads(t, page+next)
	}
	by.get(page).lacks(t, "disabled>", "send-back")
	h.refused(t, by.post(page+"/papers/send-back", url.Values{}), "done already") // nothing is returned
	by.post(page+"/accept", url.Values{}).leads(t, "/desk?did=accepted")

	rows, err := h.desk.List(t.Context(), h.lib, queue.Filter{Scope: queue.Scope{Roles: []queue.Role{queue.RoleRegistrar}}})
	if err != nil || len(rows) != 1 {
		t.Fatalf("tasks of the registrar: %v, %v", rows, err)
	}
	page = taskAddress(rows[0].ID)
	registrar.get(page).holds(t, `data-copy="Higher"`, `data-copy="reader@example.org"`, `src="/desk/files/formone"`, page+"/registration.csv", "4 of 4 accepted")
	registrar.get(page).lacks(t, "/papers/accept", "by-post")

	got := registrar.get(page + "/registration.csv")
	want := "\ufeffName,Date of birth,E-mail,Phone,Education,Place of work\r\nReader 2,17.05.1990,reader@example.org,'+79241234567,Higher,\"'=HYPERLINK(\"\"x\"\")\"\r\n"
	want = strings.Replace(want, "Reader 2", rows[0].ReaderName, 1)
	if got.status != http.StatusOK || got.body != want || got.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("the table: %d, %v\n%q\n%q", got.status, got.header, got.body, want)
	}
	if got := by.get(page + "/registration.csv"); got.status != http.StatusForbidden {
		t.Errorf("the table for a librarian: %d", got.status)
	}
}

func TestTwoOnOnePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by, colleague := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.papered(by)
	page := taskAddress(task.ID)
	h.refused(t, colleague.post(page+"/papers/accept", pageForm("form", 1)), "You do not hold the task")

	start, statuses := make(chan struct{}), make(chan int)
	for _, act := range []string{"accept", "return"} {
		go func() {
			<-start
			statuses <- by.post(page+"/papers/"+act, pageForm("form", 1, "cause", queue.ReasonBlurred)).status
		}()
	}
	close(start)
	if got := <-statuses + <-statuses; got != http.StatusSeeOther+http.StatusConflict {
		t.Errorf("accepted and returned at once: the two answers add up to %d", got)
	}
	if n := h.audited("page.accepted", by.staff) + h.audited("page.returned", by.staff); n != 1 {
		t.Errorf("%d rows in the audit log", n)
	}

	by.post(page+"/papers/accept", pageForm("form", 2)).leads(t, page+"#page-application-1")
	by.post(page+"/papers/accept", pageForm("form", 2)).leads(t, page+"#page-application-1") // a second press
	stale := pageForm("form", 2, "cause", queue.ReasonBlurred)
	h.refused(t, by.post(page+"/papers/return", stale), "Registration form, page 2: this has been decided already")
	got := by.ask(http.MethodPost, page+"/papers/return", stale, "HX-Request", "true")
	got.holds(t, "this has been decided already", `<div id="papers"`)
	if n := h.audited("page.accepted", by.staff) + h.audited("page.returned", by.staff); n != 2 {
		t.Errorf("%d rows in the audit log", n)
	}

	newer := pageForm("application", 1)
	h.folder.all[task.Registration][2].File = "newerfile"
	h.refused(t, by.post(page+"/papers/accept", newer), "Application, page 1: a newer photo has just come")
	newer.Set("file", "newerfile")
	by.post(page+"/papers/accept", newer).leads(t, page+"#page-consent-1")

	by.post(page+"/release", nil).leads(t, "/desk?did=released")
	colleague.post(page+"/take", nil).leads(t, page)
	h.refused(t, by.post(page+"/papers/accept", pageForm("consent", 1)), "You do not hold the task")
	h.refused(t, colleague.post(page+"/papers/accept", pageForm("form", 2)), "decided already")
}

func TestPagesThatThereAreNot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleDirector, library.English)
	page := taskAddress(h.papered(by).ID)
	for _, form := range []url.Values{{}, pageForm("passport", 1), pageForm("form", 0), {"kind": {"form"}, "number": {"x"}}, pageForm("form", 1, "sheet", "-1"), pageForm("form", 1, "cause", "whim")} {
		if got := by.post(page+"/papers/return", form); got.status != http.StatusBadRequest {
			t.Errorf("%v: %d", form, got.status)
		}
	}
	if got := by.post(page+"/papers/accept", pageForm("form", 9)); got.status != http.StatusNotFound {
		t.Errorf("a page beyond the last: %d", got.status)
	}
	card := taskAddress(h.task(h.lib, queue.KindCard, "Reader", "", 0).ID)
	simple := taskAddress(h.task(h.lib, queue.KindRegistration, "Reader", "", 0).ID)
	for _, path := range []string{card + "/papers", simple + "/papers", page + "/registration.csv"} {
		if got := by.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	by.get(simple).lacks(t, `id="papers"`)
}

func TestPapersByPost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by, registrar := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	registration, page := h.awaiting("Айыына")
	by.get("/desk/papers").holds(t, page, "Айыына", "1 of 4 pages missing")
	by.get(page).holds(t, page+"/by-post", "Not here yet.", "awaited")
	registrar.get(page).lacks(t, "/by-post")
	if got := registrar.post(page+"/by-post", url.Values{}); got.status != http.StatusForbidden {
		t.Fatalf("noted by a registrar: %d", got.status)
	}
	came := by.post(page+"/by-post", url.Values{})
	rows, err := h.desk.List(t.Context(), h.lib, queue.Filter{Scope: queue.Scope{Roles: []queue.Role{queue.RoleLibrarian}}})
	if err != nil || len(rows) != 1 || rows[0].Registration != registration || rows[0].Conversation == 0 || rows[0].Channel == "" {
		t.Fatalf("tasks: %+v, %v", rows, err)
	}
	came.leads(t, taskAddress(rows[0].ID)+"?did=by-post")
	if told := h.talks.told; len(told) != 1 || told[0].Kind != queue.NewsPapersArrived {
		t.Errorf("the reader is told %+v", told)
	}
	h.refused(t, by.post(page+"/by-post", url.Values{}), "done already")
	task := taskAddress(rows[0].ID)
	by.post(task+"/take", nil).leads(t, task)
	by.get(task).holds(t, "It came on paper", "1 of 4 accepted", task+"/papers/accept")
	by.get("/desk/papers").lacks(t, page)
	part := by.ask(http.MethodGet, "/desk/papers", nil, "HX-Request", "true")
	part.holds(t, `<div id="waiting"`, "No papers are awaited")
	part.lacks(t, "</html>")

	simple := h.task(h.lib, queue.KindRegistration, "Simple", "", 0)
	if got := by.post(fmt.Sprintf("/desk/registrations/%d/by-post", simple.Registration), url.Values{}); got.status != http.StatusNotFound {
		t.Errorf("papers of a simple registration: %d", got.status)
	}
}

// TestLetterMeetsAnOpenTask keeps one task for one registration.
func TestLetterMeetsAnOpenTask(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.task(h.lib, queue.KindRegistration, "Reader", "", 0)
	h.hand(task.Registration)
	if _, err := h.pool.Exec(t.Context(), `update registrations set state = 'papers' where id = $1`, task.Registration); err != nil {
		t.Fatal(err)
	}
	by.get(taskAddress(task.ID)).holds(t, "/by-post")
	by.post(fmt.Sprintf("/desk/registrations/%d/by-post", task.Registration), url.Values{}).leads(t, taskAddress(task.ID)+"?did=by-post")
}

func TestPapersInEveryLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, lang := range library.Langs() {
		director := h.signedIn(h.lib, queue.RoleDirector, lang)
		h.good(t, h.signedIn(h.other, queue.RoleDirector, lang), "/desk/papers", `class="card empty"`)
		task := h.papered(director)
		registration, waits := h.awaiting("Читатель")
		for i, reason := range append(reasons(), "") {
			h.folder.all[registration][i%3].State, h.folder.all[registration][i%3].Reason = pageReturned, reason
			h.good(t, director, waits, `id="papers"`)
		}
		director.post(taskAddress(task.ID)+"/papers/return", pageForm("form", 2, "cause", queue.ReasonCutOff))
		h.good(t, director, taskAddress(task.ID), `data-accept`)
		director.post(taskAddress(task.ID)+"/papers/send-back", url.Values{})
		for _, path := range []string{"/desk/papers", "/desk?did=sent-back", "/desk?tab=done", taskAddress(task.ID) + "?did=by-post"} {
			h.good(t, director, path, "</html>")
		}
		for _, act := range []string{"page.accepted", "page.returned", "papers.sent_back", "papers.by_post", "registration.exported"} {
			v := &visit{Site: h.site, r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/desk", nil), lang: lang}
			if name := v.actName(act); name == act || keyShown.MatchString(name) {
				t.Errorf("%s: %s is called %q", lang, act, name)
			}
		}
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "Анна": "Анна", "a=b": "a=b", "=1+1": "'=1+1", "+7924": "'+7924", "-5": "'-5", "@x": "'@x", "\t=1": "'\t=1", "\r=1": "'\r=1", "10-5": "10-5",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

func TestWhatIsLookedAtNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ states, after, want string }{
		{"rrr", "page-form-1", "page-form-2"},
		{"rar", "page-form-2", "page-form-3"},
		{"raa", "page-form-3", "page-form-1"},
		{"rar", "page-form-1", "page-form-3"},
		{"axa", "page-form-2", "decision"},
		{"wwa", "page-form-3", "decision"},
		{"", "page-form-1", "decision"},
	} {
		view := &papersView{}
		for i, state := range c.states {
			view.Pages = append(view.Pages, pageView{Kind: "form", Number: i + 1, State: map[rune]string{'r': pageReceived, 'a': pageAccepted, 'x': pageReturned, 'w': pageWanted}[state]})
		}
		view.goOn(c.after)
		if got := view.next(); got != c.want || view.DecisionIsNext != (c.want == "decision") {
			t.Errorf("%s after %s: %s", c.states, c.after, got)
		}
	}
}
