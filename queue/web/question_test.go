package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"librarian/contacts/library"
	"librarian/queue"
)

// questions are the deeds on questions that departments answer.
func (g guests) questions() map[string]deed {
	g.h.t.Helper()
	department := g.h.department(g.h.lib, "Библиография")
	keeper := g.h.placed(department)
	taken := func(what string, form url.Values) deed {
		page := taskAddress(g.h.passed(g.librarian, department).ID)
		keeper.post(page+"/take", url.Values{}).leads(g.h.t, page)
		return deed{keeper, page + what, form}
	}
	return map[string]deed{
		"POST /desk/tasks/{id}/pass":      g.on(g.librarian, queue.KindQuestion, "/pass", url.Values{"department": {fmt.Sprint(department)}}),
		"POST /desk/tasks/{id}/recall":    {g.librarian, taskAddress(g.h.passed(g.librarian, department).ID) + "/recall", url.Values{}},
		"POST /desk/tasks/{id}/reply":     taken("/reply", url.Values{"text": {"Есть три книги"}}),
		"POST /desk/tasks/{id}/give-back": taken("/give-back", url.Values{"words": {"Не наш предмет"}}),
	}
}

// passed is a question that a librarian has passed on to the department.
func (h *house) passed(by *visitor, department int64) queue.Task {
	h.t.Helper()
	task := h.task(h.lib, queue.KindQuestion, "Айыына", "Что писали о Манчаары?", time.Minute)
	by.post(taskAddress(task.ID)+"/pass", url.Values{"department": {fmt.Sprint(department)}, "words": {"Нужен список"}}).leads(h.t, "/desk?did=passed")
	return task
}

// placed is somebody of the department, who is signed in.
func (h *house) placed(department int64) *visitor {
	h.t.Helper()
	keeper := h.signedIn(h.lib, queue.RoleDepartment, library.English)
	h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, department)
	return keeper
}

// TestQuestionIsAnsweredByADepartment: a librarian passes it on, the department gives it back once, answers the second time, and the librarian sends the answer
// (F7).
func TestQuestionIsAnsweredByADepartment(t *testing.T) {
	t.Parallel()
	for _, lang := range library.Langs() {
		h := newHouse(t)
		librarian, keeper := h.signedIn(h.lib, queue.RoleLibrarian, lang), h.signedIn(h.lib, queue.RoleDepartment, lang)
		department := h.department(h.lib, "Библиография")
		h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, department)
		h.exec(`update departments set purposes = '{bibliographic}' where id = $1`, department)
		task := h.passed(librarian, department)
		page := taskAddress(task.ID)
		if news := h.talks.told; len(news) != 1 || news[0].Kind != queue.NewsQuestionPassed || news[0].Fields["department"] != "Библиография" {
			t.Errorf("%s: the reader is told %+v", lang, news)
		}
		got := keeper.get(page)
		if got.status != http.StatusOK || !strings.Contains(got.body, "Манчаары") || !strings.Contains(got.body, "Нужен список") || strings.Contains(got.body, "Айыына") {
			t.Errorf("%s: the department gets %d, and may know who asks", lang, got.status)
		}
		if got := keeper.post(page+"/reply", url.Values{"text": {"Вот"}}); got.status != http.StatusConflict {
			t.Errorf("%s: answered before it is taken: %d", lang, got.status)
		}
		keeper.post(page+"/take", url.Values{}).leads(t, page)
		if got := librarian.post(page+"/recall", url.Values{}); got.status != http.StatusConflict {
			t.Errorf("%s: taken out of a colleague's hands: %d", lang, got.status)
		}
		if got := keeper.post(page+"/done", url.Values{}); got.status != http.StatusConflict {
			t.Errorf("%s: done without an answer: %d", lang, got.status)
		}
		keeper.post(page+"/give-back", url.Values{"words": {"Уточните годы"}}).leads(t, "/desk?did=question-back")
		h.good(t, librarian, page, "Уточните годы")
		librarian.post(page+"/take", url.Values{}).leads(t, page)
		librarian.post(page+"/pass", url.Values{"department": {fmt.Sprint(department)}, "words": {"1900–1950"}}).leads(t, "/desk?did=passed")
		keeper.post(page+"/take", url.Values{}).leads(t, page)
		keeper.post(page+"/reply", url.Values{"text": {"Три книги: первая, вторая, третья."}}).leads(t, "/desk?did=replied")
		if got := keeper.get(page); got.status != http.StatusForbidden {
			t.Errorf("%s: answered, and the department still gets it: %d", lang, got.status)
		}
		h.good(t, librarian, page, "Три книги: первая, вторая, третья.") // before it is taken, too
		librarian.post(page+"/take", url.Values{}).leads(t, page)
		h.good(t, librarian, page, "Три книги: первая, вторая, третья.</textarea>")
		if got := librarian.post(page+"/done", url.Values{}); got.status != http.StatusConflict {
			t.Errorf("%s: done though the answer was not sent: %d", lang, got.status)
		}
		librarian.post(conversationAddress(task.Conversation)+"/say", url.Values{
			"text": {"Нашлось три книги."}, "task": {fmt.Sprint(task.ID)}, "finish": {"yes"},
		}).leads(t, "/desk?did=answered")
		var stand string
		h.scan(&stand, `select state || ' ' || outcome || reply from tasks where id = $1`, task.ID)
		if stand != "done answered" {
			t.Errorf("%s: %s", lang, stand)
		}
		if h.logged.Len() > 0 {
			t.Errorf("%s: logged %s", lang, h.logged)
		}
	}
}

// TestQuestionIsTakenBack while nobody in the department has begun.
func TestQuestionIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	department := h.department(h.lib, "Краеведение")
	h.placed(department)
	task := h.passed(librarian, department)
	page := taskAddress(task.ID)
	h.good(t, librarian, page, page+"/recall")
	librarian.post(page+"/recall", url.Values{}).leads(t, page+"?did=recalled")
	if got, err := h.desk.Get(t.Context(), h.lib, task.ID); err != nil || got.Holder != librarian.staff.ID || got.Role != queue.RoleLibrarian || got.Department != 0 {
		t.Errorf("taken back: %+v, %v", got, err)
	}
	if got := librarian.post(page+"/recall", url.Values{}); got.status != http.StatusConflict {
		t.Errorf("taken back twice: %d", got.status)
	}
}

// TestTrustedDepartmentAnswersItself, unless a colleague speaks with the reader.
func TestTrustedDepartmentAnswersItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian, keeper := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleDepartment, library.English)
	department := h.department(h.lib, "Библиография")
	h.exec(`update departments set trusted = true where id = $1`, department)
	h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, department)
	for _, c := range []struct {
		speaks       bool
		leads, stand string
	}{{false, "answered", "done answered "}, {true, "replied", "open  Вот"}} {
		task := h.passed(librarian, department)
		if c.speaks {
			librarian.post(conversationAddress(task.Conversation)+"/take-over", url.Values{"epoch": {fmt.Sprint(h.talks.all[task.Conversation].header.Epoch)}})
		}
		page := taskAddress(task.ID)
		keeper.post(page+"/take", url.Values{}).leads(t, page)
		keeper.post(page+"/reply", url.Values{"text": {"Вот"}}).leads(t, "/desk?did="+c.leads)
		var stand string
		h.scan(&stand, `select state || ' ' || outcome || ' ' || reply from tasks where id = $1`, task.ID)
		if stand != c.stand {
			t.Errorf("a colleague speaks: %v, the question is %q", c.speaks, stand)
		}
	}
}

// TestQuestionGoesToNoDepartmentThatIsOff, and nothing but a question of a reader is passed on.
func TestQuestionGoesToNoDepartmentThatIsOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	on, off, empty := h.department(h.lib, "Краеведение"), h.department(h.lib, "Закрытый"), h.department(h.lib, "Пустой")
	h.placed(on)
	h.placed(off)
	h.exec(`update departments set state = 'off' where id = $1`, off)
	for _, c := range []struct {
		kind string
		to   int64
	}{{queue.KindQuestion, off}, {queue.KindQuestion, empty}, {queue.KindStuck, on}} {
		task := h.task(h.lib, c.kind, "Айыына", "Что?", time.Minute)
		if got := librarian.post(taskAddress(task.ID)+"/pass", url.Values{"department": {fmt.Sprint(c.to)}}); got.status != http.StatusConflict {
			t.Errorf("%s to %d: %d", c.kind, c.to, got.status)
		}
		if got, err := h.desk.Get(t.Context(), h.lib, task.ID); err != nil || got.State != queue.StateOpen {
			t.Errorf("%s: it is %s, %v", c.kind, got.State, err)
		}
		if got := librarian.get(taskAddress(task.ID)).body; strings.Contains(got, "Пустой") || strings.Contains(got, "Закрытый") {
			t.Errorf("%s: the page offers who cannot answer", c.kind)
		}
	}
}
