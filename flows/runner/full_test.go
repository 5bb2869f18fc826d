package runner_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/flows/runner"
)

// TestFullRegistrationWaitsForItsPapers: what was answered is kept in order, and nobody on the staff is given work before the papers are back.
func TestFullRegistrationWaitsForItsPapers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	full := settings()
	full.Registration.Full, full.Registration.Fields = true, library.ExampleFields()
	full.Registration.Eligibility = library.ExampleEligibility()
	full.Registration.Rules = library.Rules{Version: "7", Text: map[library.Lang]string{library.Russian: "Правила."}}
	if err := full.Registration.Check(); err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	w.exec(`update libraries set settings = $2 where id = $1`, w.lib, document)
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "lang:ru")
	w.press(i, "anna", "register")
	w.say(i, "anna", "1")
	w.press(i, "anna", "yes")
	w.say(i, "anna", "Иванова Анна")
	w.say(i, "anna", "5 марта 1987")
	w.say(i, "anna", "8 914 123-45-67")
	w.say(i, "anna", "1") // the rules, by the number of the button
	w.say(i, "anna", "паспорт")
	w.press(i, "anna", "skip")
	w.say(i, "anna", "1")
	w.press(i, "anna", "f.education.higher")
	w.press(i, "anna", "f.category.pupil")
	w.say(i, "anna", "1") // a school, not the button that goes back
	w.say(i, "anna", "2")
	said := w.say(i, "anna", "677000, Якутск, ул. Ленина, 1")
	if got := w.step("anna"); got != "register/review" || len(said) != 1 || !strings.Contains(said[0], "Документы: Паспорт\n") {
		t.Fatalf("at %s: %q", got, said)
	}
	w.press(i, "anna", "yes")
	var answers []contacts.Answer
	w.scan(&answers, `select answers from registrations where state = 'papers'`)
	want := "document=passport residence=city education=higher category=pupil school=1 class=2 address=677000, Якутск, ул. Ленина, 1"
	var got []string
	for _, a := range answers {
		got = append(got, a.Key+"="+a.Value)
	}
	if strings.Join(got, " ") != want {
		t.Errorf("kept %q", got)
	}
	if n := w.count(`select count(*) from rule_acceptances a join consent_texts t on t.hash = a.text_hash
where t.text = 'Правила.' and a.version = '7' and a.lang = 'ru' and a.day = '2026-03-02'`); n != 1 {
		t.Error("the acceptance of the rules is not kept with its text")
	}
	if n := w.count(`select count(*) from tasks`); n != 0 {
		t.Errorf("%d tasks before the papers are back", n)
	}
	if n := w.count(`select count(*) from facts where kind = 'applied'`); n != 1 {
		t.Errorf("%d applications counted", n)
	}
	lib, err := w.libraries.ByID(t.Context(), w.lib)
	if err != nil {
		t.Fatal(err)
	}
	w.replays("anna", lib)
}

// replays plays the conversation again from what is stored of it.
func (w *world) replays(sender string, lib library.Library) {
	w.Helper()
	set, err := flows.New(w.texts, w.flows)
	if err != nil {
		w.Fatal(err)
	}
	rows, err := w.pool.Query(w.Context(), `select body::text, kind, done_at, turn::text from events where conversation_id = $1 order by seq`, w.conv(sender))
	if err != nil {
		w.Fatal(err)
	}
	var body, record string
	s := runner.Stored{}
	_, err = pgx.ForEachRow(rows, []any{&body, &s.Kind, &s.At, &record}, func() error {
		s.Bodies, s.Record = [][]byte{[]byte(body)}, []byte(record)
		got, want, err := runner.Replay(set, lib, s)
		if err != nil {
			return err
		}
		a, err := json.Marshal(got)
		if err != nil {
			return err
		}
		b, err := json.Marshal(want)
		if err == nil && string(a) != string(b) {
			w.Errorf("comes to %s, stored %s", a, b)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}
