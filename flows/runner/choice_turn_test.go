package runner_test

import (
	"slices"
	"strings"
	"testing"

	"librarian/bots"
)

// numbered makes the web chat a channel without buttons.
func (w *world) numbered() {
	w.web.limit(func(l *bots.Limits) { l.Buttons = false })
}

func TestWordWithAMistakeIsAChoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.numbered()
	i := w.start()
	w.say(i, "anna", "меню")
	if got := w.say(i, "anna", "меню"); !strings.Contains(got[len(got)-1], "1. ") {
		t.Fatalf("the choices are not numbered: %q", got)
	}
	if w.say(i, "anna", "Записатся в библеотеку"); w.step("anna") != "register/who" {
		t.Fatalf("at %s", w.step("anna"))
	}
	if w.say(i, "anna", "мення"); w.step("anna") != "register/consent" {
		t.Fatalf("at %s", w.step("anna"))
	}
	w.say(i, "anna", "1)")
	if got := w.step("anna"); got != "register/name" {
		t.Fatalf("at %s", got)
	}
	// A name that is near the word for going back is a name: what is offered here is not all that is understood.
	w.say(i, "anna", "Назар")
	if got := w.step("anna"); got == "register/consent" || got == "menu/start" {
		t.Fatalf("a name led to %s", got)
	}
	if n := w.count(`select count(*) from events where turn ->> 'choice' <> '' and body ->> 'text' = 'Назар'`); n != 0 {
		t.Error("the name was taken for a choice")
	}
}

func TestQuestionIsNoChoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.numbered()
	i := w.start()
	w.say(i, "anna", "меню")
	w.say(i, "anna", "меню")
	if w.say(i, "anna", "вопрос"); w.step("anna") != "question/write" {
		t.Fatalf("at %s", w.step("anna"))
	}
	w.say(i, "anna", "Есть ли у вас Каменский?")
	// While a person is to answer, one word may belong to the question.
	w.say(i, "anna", "запись")
	if notes := w.strings(`select note from tasks where kind = 'question'`); len(notes) != 1 || !strings.Contains(notes[0], "запись") {
		t.Errorf("the tasks say %q", notes)
	}
	if got := w.strings(`select distinct coalesce(turn ->> 'choice', '') from events where body ->> 'text' = 'запись'`); slices.ContainsFunc(got, func(c string) bool { return c != "" }) {
		t.Errorf("taken for %q", got)
	}
}

// The first page of a book is not the first of the choices, with buttons or without.
func TestNumberOfAPageIsNoChoice(t *testing.T) {
	t.Parallel()
	for _, buttons := range []bool{true, false} {
		s := newShelf(t)
		s.web.limit(func(l *bots.Limits) { l.Buttons = buttons })
		s.order("1")
		if got := s.step("anna"); !strings.HasSuffix(got, "/want") {
			t.Errorf("buttons %v: at %s", buttons, got)
		}
	}
}

func TestNumberInWordsIsAChoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.numbered()
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "lang:ru")
	for _, c := range []struct{ words, step string }{
		{"Первое", "register/who"}, {"1-й", "register/consent"}, {"вариант один", "register/name"}, {"Первая Вторая", "register/born"},
	} {
		if w.say(i, "anna", c.words); w.step("anna") != c.step {
			t.Fatalf("%q leads to %s, want %s", c.words, w.step("anna"), c.step)
		}
	}
	if w.count(`select count(*) from conversations where state::text like '%Первая Вторая%'`) != 1 {
		t.Error("the name is not as it was said")
	}
}
