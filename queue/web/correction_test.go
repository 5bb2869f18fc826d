package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"librarian/contacts/library"
	"librarian/queue"
)

// asks gives the library questions and rules of its own.
func (h *house) asks(r library.Registration) {
	h.t.Helper()
	settings, err := json.Marshal(library.Settings{Name: map[library.Lang]string{library.Russian: "Библиотека"}, Registration: r})
	if err == nil {
		_, err = h.pool.Exec(h.t.Context(), `update libraries set settings = $2 where id = $1`, h.lib, settings)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.move(3 * time.Second) // settings are remembered for two
}

// mending is the form as a page shows it, with what was typed over it.
func mending(pairs ...string) url.Values {
	form := url.Values{
		"old.name": {"Айыына Петрова"}, "text.name": {"Айыына Петрова"}, "old.born": {"1990-05-17"}, "text.born": {"17.05.1990"},
		"old.email": {"reader@example.org"}, "text.email": {"reader@example.org"}, "old.phone": {"+79241234567"}, "text.phone": {"+79241234567"},
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// taken is a task of the kind that the visitor holds.
func (h *house) taken(by *visitor, kind, name string) queue.Task {
	h.t.Helper()
	task := h.task(h.lib, kind, name, "", time.Minute)
	if _, err := h.desk.Take(h.t.Context(), h.lib, task.ID, by.staff.ID); err != nil {
		h.t.Fatal(err)
	}
	return task
}

func TestCorrectionsAreToldAndKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.asks(library.Registration{Fields: library.ExampleFields(), Eligibility: library.ExampleEligibility()})
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.taken(by, queue.KindRegistration, "Айыына Петрова")
	page := taskAddress(task.ID)
	by.get(page).holds(t, page+"/correct", `name="old.born" value="1990-05-17"`, `name="text.born" value="17.05.1990"`, `<option value="higher">`)

	form := mending("text.name", " Петрова  Айыына ", "text.born", "17 мая 2011", "text.phone", "8 924 765-43-21", "old.answer.education", "", "pick.answer.education", "higher", "old.answer.category", "", "pick.answer.category", "pensioner", "old.answer.address", "", "text.answer.address", "", "reason", "as in the passport")
	by.post(page+"/correct", form).leads(t, page+"?did=corrected")
	told := h.talks.told
	want := `[{"key":"name","old":"Айыына Петрова","new":"Петрова Айыына"},{"key":"born","old":"1990-05-17","new":"2011-05-17"},{"key":"phone","old":"+79241234567","new":"+79247654321"},{"key":"answer.education","old":"","new":"higher"},{"key":"answer.category","old":"","new":"pensioner"}]`
	if len(told) != 1 || told[0].Kind != queue.NewsCorrected || told[0].Fields["changes"] != want || told[0].Fields["reason"] != "as in the passport" || told[0].Reader != task.Reader {
		t.Errorf("the reader is told %+v", told)
	}
	after := by.get(page + "?did=corrected")
	after.holds(t, "the reader has been told", "was “Айыына Петрова”, is now “Петрова Айыына”", "“Higher” added", "was “17 May 1990”, is now “17 May 2011”", by.staff.Name+" · as in the passport",
		"may not join by the rules", "<h1>Registration: Петрова Айыына</h1>")
	if account := by.get(fmt.Sprintf("/desk/registrations/%d/proof.zip", task.Registration)).unpacked(t)["proof.txt"]; !strings.Contains(account, "Имя: было «Айыына Петрова», стало «Петрова Айыына», 2026-03-02") || !strings.Contains(account, "as in the passport") {
		t.Errorf("the proof does not tell of the correction:\n%s", account)
	}
	if h.audited("registration.corrected", by.staff) != 1 {
		t.Error("not in the audit log")
	}
	var words int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from audit where detail::text like '%Айыына%' or detail::text like '%passport%'`).Scan(&words); err != nil || words != 0 {
		t.Errorf("%d rows of the audit log hold what was corrected: %v", words, err)
	}
	by.post(page+"/correct", mending("old.name", "Петрова Айыына", "text.name", "Петрова Айыына", "old.born", "2011-05-17", "text.born", "17.05.2011", "text.phone", "+79247654321")).leads(t, page+"?did=corrected") // the old phone is not theirs any more, and is as wanted
	if len(h.talks.told) != 1 {
		t.Errorf("told of nothing: %+v", h.talks.told[1:])
	}
}

func TestCorrectionsThatCannotBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.asks(library.Registration{Fields: library.ExampleFields()})
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.taken(by, queue.KindRegistration, "Айыына Петрова")
	page := taskAddress(task.ID) + "/correct"
	for field, bad := range map[string]string{
		"text.name": "7", "text.born": "31.02.1990", "text.email": "nobody", "text.phone": "12", "pick.answer.education": "none such", "text.answer.address": "...",
	} {
		key := strings.TrimPrefix(strings.TrimPrefix(field, "text."), "pick.")
		form := mending("old.answer.education", "", "old.answer.address", "", "pick.answer.education", "higher", "text.answer.address", "Lenin st. 1", "reason", "why not")
		form.Set(field, bad)
		got := by.post(page, form)
		h.refused(t, got, "please look at what is marked")
		got.holds(t, `<details class="fold" open>`, `value="why not"`)
		if strings.HasPrefix(field, "text.") && !strings.Contains(got.body, fmt.Sprintf("name=%q value=%q", field, bad)) {
			t.Errorf("%s: what was typed is lost", key)
		}
	}
	h.refused(t, by.post(page, mending("text.email", "", "text.phone", "")), "please look at what is marked")
	long := mending("text.name", "Петрова Айыына", "reason", strings.Repeat("я", maxPageReason+1))
	if got := by.post(page, long); got.status != http.StatusBadRequest {
		t.Errorf("a long reason: %d", got.status)
	}
	if n := len(h.talks.told); n != 0 {
		t.Errorf("the reader is told %d times", n)
	}
}

// TestTwoCorrectOneValue: the form carries what it was made of, so that nobody writes over what they have not seen.
func TestTwoCorrectOneValue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by, colleague := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.taken(by, queue.KindRegistration, "Айыына Петрова")
	page := taskAddress(task.ID)
	h.refused(t, colleague.post(page+"/correct", mending("text.name", "Петрова Ая")), "You do not hold the task")
	colleague.get(page).lacks(t, page+"/correct")
	start, statuses := make(chan struct{}), make(chan int)
	for _, name := range []string{"Петрова Анна", "Петрова Алла"} {
		go func() {
			<-start
			statuses <- by.post(page+"/correct", mending("text.name", name)).status
		}()
	}
	close(start)
	if got := <-statuses + <-statuses; got != http.StatusSeeOther+http.StatusConflict {
		t.Errorf("the two answers add up to %d", got)
	}
	stale := by.post(page+"/correct", mending("text.name", "Петрова Ая"))
	h.refused(t, stale, "somebody else has just changed the data")
	stale.holds(t, "by now.", `value="Петрова Ая"`)
	if len(h.talks.told) != 1 {
		t.Errorf("the reader is told %d times", len(h.talks.told))
	}
}

func TestRegistrarCorrectsToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	registrar, director := h.signedIn(h.lib, queue.RoleRegistrar, library.English), h.signedIn(h.lib, queue.RoleDirector, library.English)
	page := taskAddress(h.taken(registrar, queue.KindCard, "Айыына Петрова").ID)
	registrar.get(page).holds(t, page+"/correct", `name="password"`)
	registrar.post(page+"/correct", mending("text.name", "Петрова Айыына")).leads(t, page+"?did=corrected")
	registrar.get(page).holds(t, `data-copy="Петрова Айыына"`, "was “Айыына Петрова”")
	question := h.taken(director, queue.KindQuestion, "Reader")
	if got := director.post(taskAddress(question.ID)+"/correct", mending()); got.status != http.StatusNotFound {
		t.Errorf("a question: %d", got.status)
	}
}

// TestPapersOfTheOldName: what is signed shows the old name, which is said beside it, and new papers take its place.
func TestPapersOfTheOldName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.papered(by)
	page := taskAddress(task.ID)
	for i := range h.folder.all[task.Registration] {
		h.folder.all[task.Registration][i].Ordered = h.clock.Now()
	}
	by.get(page).lacks(t, "papers/redraw", "before the corrections")
	h.clock.move(time.Minute)
	by.post(page+"/correct", url.Values{"old.name": {task.ReaderName}, "text.name": {"Петрова Айыына"}}).leads(t, page+"?did=corrected")
	by.get(page).holds(t, "show the earlier: Name.", page+"/papers/redraw")
	by.ask(http.MethodGet, page+"/papers", nil, "HX-Request", "true").holds(t, "show the earlier: Name.")
	by.post(page+"/papers/redraw", url.Values{}).leads(t, "/desk?did=redrawn")
	told := h.talks.told
	if len(told) != 2 || told[1].Kind != queue.NewsPapersRedrawn {
		t.Errorf("the reader is told %+v", told)
	}
	done, err := h.desk.Get(t.Context(), h.lib, task.ID)
	reg, failed := h.registrationOf(t.Context(), h.lib, task.Registration)
	if err != nil || failed != nil || done.Outcome != outcomeRedrawn || reg.State != registrationWaits {
		t.Errorf("the task ended %s, the registration is %s: %v, %v", done.Outcome, reg.State, err, failed)
	}
	h.refused(t, by.post(page+"/papers/redraw", url.Values{}), "done already")
	h.refused(t, by.post(page+"/correct", mending("text.name", "Анна Анна")), "done already")
}
