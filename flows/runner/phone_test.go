package runner_test

import (
	"strings"
	"testing"

	"librarian/bots"
)

// toContact goes through the registration to the question for an address. Every message brings the sender's number, as the channel knows it.
func (w *world) toContact(i *instance, sender, phone string) (asked string) {
	w.Helper()
	for _, words := range []string{"меню", "меню", "Записаться в библиотеку", "1", "1", "Иванова Анна Петровна", "5 марта 1987"} {
		got := w.give(i, w.withPhone(sender, words, phone))
		asked = strings.Join(got, "\n")
	}
	if got := w.step(sender); got != "register/contact" {
		w.Fatalf("at %s", got)
	}
	return asked
}

func (w *world) withPhone(sender, words, phone string) bots.Inbound {
	in := w.message(sender, w.newID(), words)
	in.Phone = phone
	return in
}

// kept is what the flow keeps of the conversation under the name.
func (w *world) kept(sender, name string) string {
	w.Helper()
	var value string
	w.scan(&value, `select coalesce(state -> 'vars' ->> $2, '') from conversations where id = $1`, w.conv(sender), name)
	return value
}

func TestOwnNumberIsGivenByChoiceAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.numbered()
	w.web.limit(func(l *bots.Limits) { l.Phone = true })
	i := w.start()
	const phone = "+79141234567"
	if asked := w.toContact(i, "anna", phone); !strings.Contains(asked, "1. Передать мой номер") {
		t.Fatalf("asked with %q", asked)
	}
	// Until they choose so, the number that came with every message is nobody's business.
	if state := w.strings(`select state::text from conversations`); strings.Contains(strings.Join(state, ""), phone) {
		t.Error("the flow was given the number before")
	}
	w.give(i, w.withPhone("anna", "как хотите", phone))
	if got := w.step("anna"); got != "register/contact" || w.kept("anna", "phone") != "" {
		t.Fatalf("at %s with the number %q", got, w.kept("anna", "phone"))
	}
	w.give(i, w.withPhone("anna", "1", phone))
	if w.kept("anna", "phone") != phone || w.kept("anna", "proven") == "" || w.step("anna") == "register/contact" {
		t.Errorf("at %s with the number %q, proven %q", w.step("anna"), w.kept("anna", "phone"), w.kept("anna", "proven"))
	}
	lib, err := w.libraries.ByID(t.Context(), w.lib)
	if err != nil {
		t.Fatal(err)
	}
	w.replays("anna", lib)
}

func TestAnotherNumberIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.numbered()
	w.web.limit(func(l *bots.Limits) { l.Phone = true })
	i := w.start()
	w.toContact(i, "anna", "+79141234567")
	w.give(i, w.withPhone("anna", "8 914 765-43-21", "+79141234567"))
	if w.kept("anna", "phone") != "+79147654321" || w.kept("anna", "proven") != "" {
		t.Errorf("kept %q, proven %q", w.kept("anna", "phone"), w.kept("anna", "proven"))
	}
}

func TestNumberThatTheChannelDoesNotKnowIsNotOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.numbered()
	w.web.limit(func(l *bots.Limits) { l.Phone = true })
	i := w.start()
	if asked := w.toContact(i, "anna", ""); strings.Contains(asked, "Передать мой номер") {
		t.Errorf("asked with %q", asked)
	}
}

func TestNumberIsNoWordOfAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	photo := w.photo("anna", "p1", "")
	photo.Phone = "+79141234567"
	w.receive(i, photo)
	w.inspected("anna", 1)
	for _, e := range w.history(i, "anna") {
		if strings.Contains(e.Text, photo.Phone) {
			t.Errorf("the desk shows %q", e.Text)
		}
	}
}
