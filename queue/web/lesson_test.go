package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// schooled gives the library lessons for every newcomer.
func (h *house) schooled() {
	h.t.Helper()
	rule := library.ExampleNewcomer()
	rule.For = library.When{}
	settings := library.Settings{Name: map[library.Lang]string{library.Russian: "Национальная библиотека"}, Registration: library.Registration{Newcomer: rule}}
	document, err := json.Marshal(settings)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.pool.Exec(h.t.Context(), `update libraries set settings = $2 where id = $1`, h.lib, document); err != nil {
		h.t.Fatal(err)
	}
	h.clock.move(3 * time.Second) // what was read of it is forgotten
}

// heldCard makes the card of the registration wait for a lesson, though the library may have no rule any more.
func (h *house) heldCard(lib library.ID, registration int64) {
	h.t.Helper()
	rule := library.Library{ID: lib, Zone: time.UTC}
	rule.Settings.Registration.Newcomer = &library.Newcomer{}
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		_, err := contacts.HoldCard(ctx, tx, rule, registration, h.clock.Now())
		return err
	})
}

// comesTo books a lesson that begins at the moment, as the reader did an hour before it.
func (h *house) comesTo(lib library.ID, registration int64, at time.Time) {
	h.t.Helper()
	h.heldCard(lib, registration)
	room := map[library.Lang]string{library.Russian: "кабинет 12", library.English: "room 12"}
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.Book(ctx, tx, lib, registration, library.Slot{At: at, Until: at.Add(time.Hour), Seats: 12, Place: room}, at.Add(-time.Hour))
	})
}

// newcomer is a deed on somebody who was to come an hour ago.
func (g guests) newcomer(what string, form url.Values) deed {
	g.h.t.Helper()
	task := g.h.task(g.h.lib, queue.KindLesson, fmt.Sprint("Reader ", g.h.count), "", 0)
	return deed{g.director, fmt.Sprintf("/desk/lessons/%d%s", task.Registration, what), form}
}

// lessonAct is the address of what is done about a newcomer.
func lessonAct(registration int64, act string) string {
	return fmt.Sprintf("/desk/lessons/%d/%s", registration, act)
}

func (h *house) openOf(role queue.Role) []queue.TaskRow {
	h.t.Helper()
	rows, err := h.desk.List(h.t.Context(), h.lib, queue.Filter{Scope: queue.Scope{Roles: []queue.Role{role}}})
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}

// TestCardAfterTheLesson walks one reader from the accepted registration over the lesson to the card.
func TestCardAfterTheLesson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.schooled()
	librarian, registrar := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	department := h.signedIn(h.lib, queue.RoleDepartment, library.English)
	task := h.task(h.lib, queue.KindRegistration, "Айыына", "", 0)
	page := taskAddress(task.ID)
	librarian.post(page+"/take", nil)
	librarian.post(page+"/accept", url.Values{}).leads(t, "/desk?did=accepted-lesson")
	librarian.get("/desk?did=accepted-lesson").holds(t, "The card waits for the lesson for new readers")
	if rows := h.openOf(queue.RoleRegistrar); len(rows) != 0 {
		t.Fatalf("the registrar has %+v", rows)
	}
	if h.talks.told[0].Kind != queue.NewsLesson || h.talks.told[0].Reader != task.Reader {
		t.Errorf("the reader was told %+v", h.talks.told)
	}
	department.get("/desk/lessons").holds(t, "Айыына", "No time chosen yet", "reader@example.org", "not chosen", "3 March 2026, 15:00", "seats taken: 0 of 12")
	department.get("/desk/lessons").lacks(t, "/missed", "/waive")

	// A card task that came about in whatever way helps nobody.
	forged := h.taskFor(task, queue.KindCard, queue.RoleRegistrar)
	registrar.post(taskAddress(forged)+"/take", nil)
	form := url.Values{"number": {"000123"}, "password": {"first-password"}}
	if got := registrar.post(taskAddress(forged)+"/card", form); got.status != http.StatusConflict {
		t.Fatalf("a card before the lesson: %d", got.status)
	}

	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		slot := library.Slot{At: h.clock.Now().Add(time.Hour), Until: h.clock.Now().Add(2 * time.Hour), Seats: 1}
		return contacts.Book(ctx, tx, h.lib, task.Registration, slot, h.clock.Now())
	})
	lesson := h.taskFor(task, queue.KindLesson, queue.RoleDepartment)
	department.get(taskAddress(lesson)).holds(t, lessonAct(task.Registration, "certify"), "will come")
	department.post(taskAddress(lesson)+"/take", nil)
	if got := department.post(taskAddress(lesson)+"/done", nil); got.status != http.StatusConflict {
		t.Errorf("closed without a word about the lesson: %d", got.status)
	}
	if got := department.post(lessonAct(task.Registration, "missed"), nil); got.status != http.StatusConflict {
		t.Errorf("missed before it has begun: %d", got.status)
	}
	if got := department.post(lessonAct(task.Registration, "certify"), url.Values{"how": {"luck"}}); got.status != http.StatusBadRequest {
		t.Errorf("certified by luck: %d", got.status)
	}
	h.clock.move(2 * time.Hour)
	department.get("/desk/lessons").holds(t, "mark who came", "not marked", lessonAct(task.Registration, "missed"))
	department.post(lessonAct(task.Registration, "certify"), url.Values{"how": {"lesson"}}).leads(t, "/desk/lessons?did=certified")
	department.get("/desk/lessons?did=certified").holds(t, "lesson passed", "passed to the registrar")
	if got := department.post(lessonAct(task.Registration, "certify"), url.Values{"how": {"test"}}); got.status != http.StatusConflict {
		t.Errorf("certified twice: %d", got.status)
	}
	if rows := h.openOf(queue.RoleDepartment); len(rows) != 0 {
		t.Errorf("the department still has %+v", rows)
	}
	rows := h.openOf(queue.RoleRegistrar)
	if len(rows) != 2 || rows[1].Kind != queue.KindCard || rows[1].Registration != task.Registration || rows[1].ReaderName != "Айыына" {
		t.Fatalf("the registrar has %+v", rows)
	}
	registrar.post(taskAddress(rows[1].ID)+"/take", nil)
	registrar.post(taskAddress(rows[1].ID)+"/card", form).leads(t, "/desk?did=issued")
	var told []string
	for _, n := range h.talks.told {
		told = append(told, n.Kind)
	}
	if got := strings.Join(told, " "); got != "lesson.needed lesson.certified card.issued" {
		t.Errorf("the reader was told %s", got)
	}
}

// taskFor opens one more task about the same registration.
func (h *house) taskFor(like queue.Task, kind string, role queue.Role) (id queue.TaskID) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		ids, err := queue.Open(ctx, tx, []queue.NewTask{{
			Library: h.lib, Kind: kind, Role: role, Conversation: like.Conversation, Reader: like.Reader, Registration: like.Registration,
			ReaderName: like.ReaderName, Channel: like.Channel, Created: h.clock.Now(), Due: h.clock.Now().Add(time.Hour),
		}})
		if err == nil {
			id = ids[0]
		}
		return err
	})
	return id
}

func TestMissedAndWaived(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.schooled()
	department, head := h.signedIn(h.lib, queue.RoleDepartment, library.English), h.signedIn(h.lib, queue.RoleHead, library.English)
	librarian := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	if got := librarian.get("/desk/lessons"); got.status != http.StatusForbidden {
		t.Errorf("a librarian sees the lessons: %d", got.status)
	}
	task := h.task(h.lib, queue.KindLesson, "Туйаара", "", 0)
	department.post(lessonAct(task.Registration, "missed"), nil).leads(t, "/desk/lessons?did=missed")
	if got := department.post(lessonAct(task.Registration, "missed"), nil); got.status != http.StatusConflict {
		t.Errorf("missed twice: %d", got.status)
	}
	if n := len(h.openOf(queue.RoleDepartment)); n != 0 || h.talks.told[0].Kind != queue.NewsLessonMissed {
		t.Errorf("%d tasks are left, told %+v", n, h.talks.told)
	}
	department.get("/desk/lessons").holds(t, "did not come", "No time chosen yet")
	waive := lessonAct(task.Registration, "waive")
	if got := department.post(waive, url.Values{"reason": {"Knows it all"}}); got.status != http.StatusForbidden {
		t.Errorf("waived by who may not: %d", got.status)
	}
	for _, reason := range []string{"", "  ", strings.Repeat("я", 1001)} {
		if got := head.post(waive, url.Values{"reason": {reason}}); got.status != http.StatusConflict || !strings.Contains(got.body, "Write a reason") {
			t.Errorf("waived for %q: %d", reason, got.status)
		}
	}
	head.post(waive, url.Values{"reason": {"Teaches it"}}).leads(t, "/desk/lessons?did=waived")
	rows := h.openOf(queue.RoleRegistrar)
	if len(rows) != 1 || rows[0].Registration != task.Registration {
		t.Errorf("the registrar has %+v", rows)
	}
	var reason string
	if err := h.pool.QueryRow(t.Context(), `select reason from newcomers where registration_id = $1`, task.Registration).Scan(&reason); err != nil || reason != "Teaches it" {
		t.Errorf("kept %q, %v", reason, err)
	}
}

// TestTwoCertify: one wins, the other is told; what a colleague has taken is theirs.
func TestTwoCertify(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.schooled()
	one, two := h.signedIn(h.lib, queue.RoleDepartment, library.English), h.signedIn(h.lib, queue.RoleDirector, library.English)
	task := h.task(h.lib, queue.KindLesson, "Туйаара", "", 0)
	var both sync.WaitGroup
	start, got := make(chan struct{}), make([]int, 2)
	for i, by := range []*visitor{one, two} {
		both.Go(func() {
			<-start
			got[i] = by.post(lessonAct(task.Registration, "certify"), url.Values{"how": {"test"}}).status
		})
	}
	close(start)
	both.Wait()
	if got[0]+got[1] != http.StatusSeeOther+http.StatusConflict {
		t.Errorf("both got %v", got)
	}
	if n := len(h.openOf(queue.RoleRegistrar)); n != 1 || len(h.talks.told) != 1 {
		t.Errorf("%d tasks for the registrar, told %+v", n, h.talks.told)
	}
	other := h.task(h.lib, queue.KindLesson, "Сардана", "", 0)
	one.post(taskAddress(other.ID)+"/take", nil)
	if got := two.post(lessonAct(other.Registration, "certify"), url.Values{"how": {"test"}}); got.status != http.StatusConflict || !strings.Contains(got.body, "Анна Иванова") {
		t.Errorf("what a colleague has taken: %d", got.status)
	}
	one.post(lessonAct(other.Registration, "certify"), url.Values{"how": {"test"}}).leads(t, "/desk/lessons?did=certified")
}

func TestLessonsInEveryLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.schooled()
	for _, lang := range library.Langs() {
		director, elsewhere := h.signedIn(h.lib, queue.RoleDirector, lang), h.signedIn(h.other, queue.RoleDirector, lang)
		h.good(t, elsewhere, "/desk/lessons", `class="card empty"`)
		elsewhere.get("/desk").lacks(t, `href="/desk/lessons"`, "tab=lesson")
		director.get("/desk").holds(t, `href="/desk/lessons"`, "tab=lesson")
		for i, act := range []string{"certify", "certify", "missed", "waive"} {
			task := h.task(h.lib, queue.KindLesson, "Читатель", "", 0)
			h.good(t, director, taskAddress(task.ID), "/certify")
			how := []string{"lesson", "test", "", ""}[i]
			director.post(lessonAct(task.Registration, act), url.Values{"how": {how}, "reason": {"Так надо"}})
			h.good(t, director, taskAddress(task.ID), "</html>")
		}
		waits, _ := h.application(h.lib, h.conversation(h.lib, "Читатель"), "Читатель", "accepted")
		h.heldCard(h.lib, waits)
		tests, _ := h.application(h.lib, h.conversation(h.lib, "Читатель"), "Читатель", "accepted")
		h.heldCard(h.lib, tests)
		h.tx(func(ctx context.Context, tx pgx.Tx) error {
			return contacts.ChooseTest(ctx, tx, h.lib, tests, h.clock.Now())
		})
		for _, did := range []string{"accepted-lesson", "certified", "missed", "waived"} {
			h.good(t, director, "/desk/lessons?did="+did, `class="note ok"`)
		}
		for _, path := range []string{"/desk?tab=lesson", "/desk?tab=done"} {
			h.good(t, director, path, "</html>")
		}
		v := &visit{Site: h.site, r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/desk", nil), lang: lang}
		for _, act := range []string{"lesson.certified", "lesson.missed", "lesson.waived"} {
			if name := v.actName(act); name == act || keyShown.MatchString(name) {
				t.Errorf("%s: %s is called %q", lang, act, name)
			}
		}
		if name := v.outcomeName(queue.OutcomeCancelled); keyShown.MatchString(name) || name == queue.OutcomeCancelled {
			t.Errorf("%s: cancelled is called %q", lang, name)
		}
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}
