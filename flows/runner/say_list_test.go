package runner_test

import (
	"strings"
	"testing"
)

// TestAnswersHaveNumbersAndWaysOutWords: the list of a channel without buttons is as short as it can be.
func TestAnswersHaveNumbersAndWaysOutWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.numbered()
	i := w.start()
	w.say(i, "anna", "меню")
	last := func(words string) string { got := w.say(i, "anna", words); return got[len(got)-1] }
	if menu := last("меню"); !strings.Contains(menu, "\n\nОтветьте номером или словами:\n1. Записаться в библиотеку\n2. Задать вопрос\n") ||
		!strings.HasSuffix(menu, "О библиотеке\nИли напишите: «сменить язык».") {
		t.Fatalf("the menu: %q", menu)
	}
	if who := last("1"); !strings.HasSuffix(who, ". Другого человека\nИли напишите: «отмена».") {
		t.Fatalf("a question with answers: %q", who)
	}
	last("Меня")
	if name := last("1"); !strings.HasSuffix(name, "\n\nИли напишите: «назад».") || strings.Contains(name, "1.") {
		t.Fatalf("a question without answers: %q", name)
	}
	if last("1"); w.step("anna") != "register/name" {
		t.Fatalf("a number that nothing has led to %s", w.step("anna"))
	}
	if last("Назад!"); w.step("anna") != "register/consent" {
		t.Fatalf("the word led to %s", w.step("anna"))
	}
	last("назад")
	if last("4"); w.step("anna") != "register/who" {
		t.Fatalf("the number after the last led to %s", w.step("anna"))
	}
	if last("отмена"); w.step("anna") != "menu/start" {
		t.Fatalf("the word led to %s", w.step("anna"))
	}
	if last("сменить язык"); w.step("anna") != "menu/start" || !strings.Contains(last("English"), "Or write: “change language”.") {
		t.Fatal("no other language")
	}
}
