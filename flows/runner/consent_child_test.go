package runner_test

import (
	"testing"

	"librarian/contacts/papers"
)

// TestConsentWithdrawnForOneChild: the papers and the work of that child end; the other one's go on, and their signed pages are taken.
func TestConsentWithdrawnForOneChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	w.joins(i, "parent", "child")
	w.press(i, "parent", "later")
	w.press(i, "parent", "register")
	w.press(i, "parent", "child")
	w.press(i, "parent", "yes")
	w.say(i, "parent", "Иванов Пётр")
	w.say(i, "parent", "7 марта 2016")
	w.say(i, "parent", "8 914 123-45-67")
	w.press(i, "parent", "yes")
	w.await("the papers of both are drawn", func() bool { return w.count(`select count(*) from paper_orders where state = 'made'`) == 2 })
	w.settle("parent")
	var petr, reader int64
	var token string
	w.scan(&petr, `select g.id from registrations g join readers r on r.id = g.reader_id where r.name = 'Иванов Пётр'`)
	w.scan(&token, `select token from paper_orders where registration_id = $1`, petr)
	w.scan(&reader, `select id from readers where name = 'Иванова Анна'`)

	w.hears(w.say(i, "parent", "отзываю согласие"), w.ru("consent.whose"))
	if got := w.step("parent"); got != "withdraw/confirm" {
		t.Fatalf("at %s", got)
	}
	w.say(i, "parent", "Иванова Анна") // the button's very words
	w.hears(w.press(i, "parent", "withdraw:yes"), "Согласие отозвано: Иванова Анна", w.ru("consent.stopped"))
	for what, c := range map[string]struct {
		sql  string
		want int
	}{
		"consents that stand":     {`select count(*) from consents where withdrawn_at is null and reader_id <> $1`, 1},
		"consents that do not":    {`select count(*) from consents where withdrawn_at is not null and reader_id = $1`, 1},
		"registrations that end":  {`select count(*) from registrations where state = 'withdrawn' and reader_id = $1`, 1},
		"registrations that wait": {`select count(*) from registrations where state = 'papers' and reader_id <> $1`, 1},
		"papers that are closed":  {`select count(*) from paper_orders o join registrations g on g.id = o.registration_id where o.state = 'closed' and g.reader_id = $1`, 1},
	} {
		if n := w.count(c.sql, reader); n != c.want {
			t.Errorf("%s: %d", what, n)
		}
	}
	w.hears(w.shows(i, "parent", shotOf(token, papers.Form, 1), shotOf(token, papers.Application, 1), shotOf(token, papers.Consent, 1)), "все бумаги у нас")
	if state, tasks := w.registrationState(petr); state != "sent" || tasks != 1 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	w.again("parent")
}
