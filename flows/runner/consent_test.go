package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
)

// joins registers somebody by phone and gives the answer to the last step.
func (w *world) joins(i *instance, sender, whom string) []string {
	w.Helper()
	w.say(i, sender, "меню")
	w.press(i, sender, "lang:ru")
	w.press(i, sender, "register")
	w.press(i, sender, whom)
	w.press(i, sender, "yes")
	w.say(i, sender, "Иванова Анна")
	w.say(i, sender, map[string]string{"self": "5 марта 1987", "child": "5 марта 2015"}[whom])
	w.say(i, sender, "8 914 123-45-67")
	said := w.press(i, sender, "yes")
	if got := w.step(sender); got != "menu/start" && got != "papers/send" {
		w.Fatalf("at %s: %q", got, said)
	}
	return said
}

// setConsent gives the library another text.
func (w *world) setConsent(version, text string, full bool) {
	w.Helper()
	s := settings()
	s.Registration.Full = full
	s.Registration.Consent = library.Consent{Version: version, Text: map[library.Lang]string{library.Russian: text}}
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.ChangeSettings(ctx, tx, w.lib, s) })
	w.move(3 * time.Second) // settings are read again after two
}

func (w *world) again(sender string) {
	w.Helper()
	lib, err := w.libraries.ByID(w.Context(), w.lib)
	if err != nil {
		w.Fatal(err)
	}
	w.replays(sender, lib)
}

// TestNewTextIsAskedOnceADialogue goes through the days: nobody is asked twice in one dialogue, nobody after they have agreed, everybody when the text
// changes again.
func TestNewTextIsAskedOnceADialogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.joins(i, "anna", "self")
	w.joins(i, "anna", "child")
	asks := func(said []string) bool { return strings.Contains(strings.Join(said, "\n"), "Новый текст.") }
	w.move(13 * time.Hour)
	if said := w.say(i, "anna", "меню"); asks(said) || w.step("anna") != "menu/start" {
		t.Fatalf("asked of the text that was agreed to: %q", said)
	}
	w.setConsent("2", "Новый текст.", false)
	said := w.say(i, "anna", "Есть ли у вас ноты?")
	if got := w.step("anna"); !asks(said) || got != "consent/renew" {
		t.Fatalf("at %s: %q", got, said)
	}
	said = w.press(i, "anna", "no")
	if got := w.step("anna"); got != "menu/confirm" || !strings.Contains(said[len(said)-1], "Есть ли у вас ноты?") {
		t.Fatalf("what she came for is lost at %s: %q", got, said)
	}
	w.press(i, "anna", "no")
	w.move(11 * time.Hour)
	if said := w.say(i, "anna", "меню"); asks(said) {
		t.Fatalf("asked twice in a dialogue: %q", said)
	}
	w.move(13 * time.Hour)
	if said := w.press(i, "anna", "status"); !asks(said) {
		t.Fatalf("not asked in a new dialogue: %q", said)
	}
	said = w.press(i, "anna", "yes")
	if !strings.Contains(strings.Join(said, "\n"), "Иванова Анна: заявка") {
		t.Fatalf("the button that was pressed is lost: %q", said)
	}
	if n := w.count(`select count(distinct reader_id) from consents c join consent_texts x on x.library_id = c.library_id and x.hash = c.text_hash
where c.version = '2' and c.withdrawn_at is null and x.text = 'Новый текст.'`); n != 2 {
		t.Errorf("%d readers have the new consent", n)
	}
	if n := w.count(`select count(*) from facts where kind = 'consent'`); n != 3 {
		t.Errorf("%d consents counted", n)
	}
	w.again("anna")
	w.move(20 * 24 * time.Hour)
	if said := w.say(i, "anna", "меню"); asks(said) {
		t.Fatalf("asked after she has agreed: %q", said)
	}
	w.setConsent("3", "Новый текст. Ещё.", false)
	w.move(13 * time.Hour)
	if said := w.say(i, "anna", "меню"); !asks(said) {
		t.Fatalf("not asked of the third text: %q", said)
	}
}

// TestConsentWithdrawn: the papers are closed and their term begins, the work is taken off the list, a picture of what was withdrawn goes with its term.
func TestConsentWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	w.joins(i, "anna", "self")
	w.await("the papers are drawn", func() bool { return w.count(`select count(*) from paper_orders where state = 'made'`) == 1 })
	var registration int64
	w.scan(&registration, `select id from registrations`)
	w.tx(func(ctx context.Context, tx pgx.Tx) error { // as if they had come by post
		if _, err := papers.AcceptByPost(ctx, tx, w.lib, registration, int64(w.staff("olga")), w.Now()); err != nil {
			return err
		}
		return i.PapersCame(ctx, tx, w.lib, registration)
	})
	if n := w.count(`select count(*) from tasks where kind = 'registration' and state = 'open'`); n != 1 {
		t.Fatalf("%d tasks", n)
	}
	w.say(i, "anna", "отзываю согласие")
	if got := w.step("anna"); got != "withdraw/confirm" {
		t.Fatalf("at %s", got)
	}
	said := w.press(i, "anna", "withdraw:yes")
	if !strings.Contains(strings.Join(said, "\n"), w.ru("consent.stopped")) {
		t.Errorf("said %q", said)
	}
	for what, sql := range map[string]string{
		"a consent stands":            `select count(*) from consents where withdrawn_at is null`,
		"a registration is under way": `select count(*) from registrations where state <> 'withdrawn' or decided_at is null`,
		"papers are open":             `select count(*) from paper_orders where state <> 'closed' or ended_at is null`,
		"work is left":                `select count(*) from tasks where state <> 'done' or outcome <> 'consent withdrawn'`,
	} {
		if n := w.count(sql); n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
	past := func(before time.Time) (n int) {
		w.tx(func(ctx context.Context, tx pgx.Tx) error {
			gone, err := papers.Past(ctx, tx, w.lib, before, 10)
			n = len(gone)
			return err
		})
		return n
	}
	if n := past(w.Now()); n != 0 {
		t.Errorf("%d files before the term is over", n)
	}
	w.move(1096 * 24 * time.Hour)
	if n := past(w.Now().AddDate(0, 0, -1095)); n != 3 {
		t.Errorf("%d files past their term", n)
	}
	w.again("anna")
	w.joins(i, "anna", "self")
	if n := w.count(`select count(*) from registrations where state = 'papers'`); n != 1 {
		t.Errorf("%d new registrations", n)
	}
}

// TestConsentOfACardHolder: a person deals with each card, once, and a new text is not asked about any more.
func TestConsentOfACardHolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.joins(i, "anna", "self")
	w.exec(`update registrations set state = 'done'`)
	w.exec(`update readers set card = '000123'`)
	w.exec(`update tasks set state = 'done', outcome = 'issued'`)
	w.setConsent("2", "Новый текст.", false)
	w.move(13 * time.Hour)
	w.say(i, "anna", "мой билет")
	if got := w.step("anna"); got != "consent/renew" {
		t.Fatalf("at %s", got)
	}
	w.press(i, "anna", "withdraw")
	said := w.press(i, "anna", "withdraw:yes")
	if !strings.Contains(strings.Join(said, "\n"), "000123") {
		t.Errorf("the card she asked for is not shown: %q", said)
	}
	if got := w.strings(`select role || ' ' || state || ' ' || reader_name from tasks where kind = 'withdrawal' and reader_id is not null`); !slices.Equal(got, []string{"registrar open Иванова Анна"}) {
		t.Errorf("tasks %q", got)
	}
	if n := w.count(`select count(*) from registrations where state = 'done'`); n != 1 {
		t.Error("what is done was undone")
	}
	w.move(13 * time.Hour)
	if said := w.say(i, "anna", "отозвать согласие"); w.step("anna") != "menu/start" || !strings.HasPrefix(said[0], w.ru("consent.none")) {
		t.Errorf("at %s: %q", w.step("anna"), said)
	}
	w.again("anna")
}

// TestConsentWithdrawnInAnotherConversation: the registration that was being answered begins anew, and nothing of it is kept.
func TestConsentWithdrawnInAnotherConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.press(i, "anna", "lang:ru")
	w.press(i, "anna", "register")
	w.press(i, "anna", "self")
	w.press(i, "anna", "yes")
	w.say(i, "anna", "Иванова Анна")
	w.say(i, "anna", "5 марта 1987")
	w.say(i, "anna", "8 914 123-45-67")
	var contact contacts.ID
	w.scan(&contact, `select contact_id from addresses where external = 'anna'`)
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		gone, err := contacts.WithdrawConsent(ctx, tx, w.lib, contact, 0, w.Now())
		if err == nil && (gone.Consents != 1 || len(gone.Stopped)+len(gone.Cards) != 0) {
			t.Errorf("withdrawn: %+v", gone)
		}
		return err
	})
	said := w.press(i, "anna", "yes")
	if got := w.step("anna"); got != "register/who" || !strings.HasPrefix(said[0], w.ru("consent.elsewhere")) {
		t.Fatalf("at %s: %q", got, said)
	}
	if n := w.count(`select count(*) from conversations where state::text like '%Иванова%'`); n != 0 {
		t.Error("the answers are kept")
	}
	if n := w.count(`select count(*) from readers`); n != 0 {
		t.Errorf("%d readers", n)
	}
	w.again("anna")
}
