package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"librarian/contacts/library"
)

// lessonForm is where the desk lets a newcomer be certified.
var lessonForm = regexp.MustCompile(`/desk/lessons/(\d+)/certify`)

// TestWalkLessonTelegram: in a simple registration too a card is held until the lesson, whoever asks for it and whatever tasks there are.
func TestWalkLessonTelegram(t *testing.T) {
	t.Parallel()
	const name, number = "Слепцова Туяра Ильинична", "YK-000419"
	rule := library.ExampleNewcomer()
	rule.For = library.When{}
	w := newWorldWith(t, map[string]any{"registration": library.Registration{
		Consent: library.Consent{Version: "1", Text: map[library.Lang]string{library.Russian: "Текст согласия."}}, Newcomer: rule,
	}})
	w.serve("--public-url", "http://"+w.listen)
	r := w.telegramReader(7003)
	r.registers(name)
	librarian := w.colleague("librarian")
	task := librarian.task(name)
	librarian.post(task+"/take", nil)
	r.heardAll()
	librarian.post(task+"/accept", nil)
	if said := r.hears("До билета осталось одно"); !offers(said, "Выбрать время") || !offers(said, "Нужна консультация") {
		t.Errorf("offered %+v", said.Buttons)
	}
	pool := w.pool()
	if n := w.count(pool, `select count(*) from tasks where state <> 'done'`); n != 0 {
		t.Errorf("%d tasks before a time is chosen", n)
	}
	r.taps("Выбрать время")
	r.hears("ближайшие занятия")
	r.taps("Лучше пройду тест")
	r.hears("вместо занятия будет тест")

	// A task for the card that should not be there.
	if _, err := pool.Exec(t.Context(), `insert into tasks (library_id, kind, role, conversation_id, reader_id, registration_id, reader_name, channel, created_at, due_at)
select library_id, 'card', 'registrar', conversation_id, reader_id, registration_id, reader_name, channel, created_at, due_at from tasks where kind = 'lesson'`); err != nil {
		t.Fatal(err)
	}
	card := url.Values{"number": {number}, "password": {"white-winter-11"}}
	registrar := w.colleague("registrar")
	task = registrar.task(name)
	registrar.post(task+"/take", nil)
	if status := registrar.tries(task+"/card", card); status != http.StatusConflict {
		t.Errorf("a card before the test: %d", status)
	}
	if n := w.count(pool, `select count(*) from cards`); n != 0 {
		t.Fatalf("%d cards before the test", n)
	}
	department := w.colleague("department")
	if refused := department.tries("/desk/lessons/1/certify", url.Values{"how": {"test"}}); refused != http.StatusForbidden {
		t.Errorf("somebody of no department certifies: %d", refused)
	}
	if _, err := pool.Exec(t.Context(), `update staff set department_id = d.id from departments d where login = 'department' and d.name->>'ru' = $1`, rule.Department); err != nil {
		t.Fatal(err)
	}
	page := department.get("/desk/lessons")
	found := lessonForm.FindString(page)
	if found == "" || !strings.Contains(page, name) || !strings.Contains(page, "Тест вместо занятия") {
		t.Fatalf("the department sees\n%s", page)
	}
	r.heardAll()
	department.post(found, url.Values{"how": {"test"}})
	r.hears("скоро придёт номер билета")
	registrar.post(task+"/card", card)
	r.hears(number)
	if n := w.count(pool, `select count(*) from newcomers where state = 'certified' and how = 'test'`); n != 1 {
		t.Errorf("%d are certified", n)
	}
}

// tries sends a form and gives how it was answered.
func (c *colleague) tries(path string, form url.Values) int {
	c.w.Helper()
	r, err := http.NewRequestWithContext(c.w.Context(), http.MethodPost, "http://"+c.w.listen+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.client.Do(r)
	if err != nil {
		c.w.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		c.w.Fatal(err)
	}
	return answer.StatusCode
}
