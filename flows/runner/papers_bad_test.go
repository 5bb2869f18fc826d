package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/templates"
)

// number is a field of the texts about pages.
func number(n int) templates.Fields { return templates.Fields{"number": n} }

// TestPaperOfAnother: a page goes to the papers that its code names, its sender hears only that; a code of nobody's, and one of papers that are void, is told.
func TestPaperOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	annas, anna := w.owing(i, "anna")
	boriss, boris := w.owing(i, "boris")

	w.hears(w.shows(i, "anna", shotOf(boris, papers.Form, 1)), w.ru("papers.elsewhere"))
	if w.stand(boriss)[papers.Page{Kind: papers.Form, Number: 1}].State != papers.Received || w.stand(annas)[papers.Page{Kind: papers.Form, Number: 1}].State != papers.Wanted {
		t.Error("the page is not with its own papers")
	}
	w.hears(w.shows(i, "anna", shotOf(papers.NewToken(), papers.Form, 1)), w.ru("papers.foreign"))
	w.hears(w.shows(i, "anna", shot{code: "LR1.NONSENSE"}), w.ru("papers.foreign"))
	w.hears(w.shows(i, "anna", shotOf(anna, papers.Surety, 1)), w.ru("papers.settled"))

	second := w.otherLibrary(anna)
	w.hears(w.shows(i, "anna", shotOf(second, papers.Form, 1)), w.ru("papers.foreign"))

	// Papers that are wanted anew make the earlier ones void.
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		order := papers.Order{Lang: library.Russian, Kinds: []papers.Kind{papers.Form}, Name: "Иванова Анна", Relation: "self", Consent: settings().Registration.Consent.Text, Version: "1"}
		return papers.Want(ctx, tx, w.lib, annas, int64(w.conv("anna")), order, w.Now())
	})
	w.await("they are drawn", func() bool {
		return w.count(`select count(*) from paper_orders where registration_id = $1 and state = 'made' and token <> $2`, annas, anna) == 1
	})
	w.settle("anna")
	w.hears(w.shows(i, "anna", shotOf(anna, papers.Form, 1)), w.ru("papers.old"))
	if state, tasks := w.registrationState(annas); state != "papers" || tasks != 0 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	w.nothingIsLost()
}

// otherLibrary has papers of a registration of its own, made out of the ones with the token; it gives their token.
func (w *world) otherLibrary(like string) (token string) {
	w.Helper()
	token = papers.NewToken()
	w.exec(`with l as (insert into libraries (slug, zone, settings) select 'second', zone, settings from libraries limit 1 returning id),
c as (insert into contacts (library_id) select id from l returning library_id, id),
ch as (insert into channels (library_id, kind, name) select id, 'webchat', 'chat' from l returning library_id, id),
a as (insert into addresses (library_id, contact_id, channel_id, external) select c.library_id, c.id, ch.id, 'stranger' from c, ch returning library_id, id, contact_id),
r as (insert into readers (library_id, name) select id, 'Чужой' from l returning library_id, id),
cr as (insert into contact_readers (library_id, contact_id, reader_id, relation) select r.library_id, c.id, r.id, 'self' from r, c),
k as (insert into consents (library_id, contact_id, reader_id, text_hash, version, lang, given_at) select r.library_id, c.id, r.id, '', '1', 'ru', now() from r, c returning id),
g as (insert into registrations (library_id, reader_id, contact_id, address_id, state, consent_id, papers)
  select r.library_id, r.id, a.contact_id, a.id, 'papers', k.id, true from r, a, k returning library_id, id)
insert into paper_orders (library_id, registration_id, conversation_id, token, state, due_at, created_at, made_at)
select g.library_id, g.id, a.id, $1, 'made', o.due_at, o.created_at, o.made_at from g, a, paper_orders o where o.token = $2`, token, like)
	return token
}

// Papers that could not be drawn, whether the press failed, the store, or the process died each time, become work for a person, once.
func TestPapersThatAreNeverDrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	annas, _ := w.owing(i, "anna")
	i.stop()
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		order := papers.Order{Lang: library.Russian, Kinds: []papers.Kind{papers.Form}, Name: "Иванова Анна", Relation: "self", Consent: settings().Registration.Consent.Text, Version: "1"}
		return papers.Want(ctx, tx, w.lib, annas, int64(w.conv("anna")), order, w.Now())
	})
	w.exec(`update paper_orders set tries = 12 where state = 'wanted'`)
	stuck := func() int { return w.count(`select count(*) from tasks where kind = 'stuck' and state = 'open'`) }
	i = w.start()
	w.await("a person is told", func() bool { return stuck() == 1 })
	w.pass(48 * time.Hour)
	w.owing(i, "boris") // whose papers are drawn after them
	if n := stuck(); n != 1 {
		t.Errorf("%d tasks", n)
	}
	if n := w.count(`select count(*) from paper_orders where state = 'wanted' and tries = 13`); n != 1 {
		t.Error("they are not left as they are")
	}
}

// TestOnePageTwiceTheOtherNever: the newest photo of the second page counts, and the first is asked for until it comes.
func TestOnePageTwiceTheOtherNever(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", longConsent(), true)
	i := w.start()
	registration, token := w.owing(i, "anna")
	second := papers.Page{Kind: papers.Consent, Number: 2}
	if _, is := w.stand(registration)[second]; !is {
		t.Fatal("the consent has one page")
	}
	w.hears(w.shows(i, "anna", shotOf(token, papers.Form, 1), shotOf(token, papers.Application, 1), shotOf(token, papers.Consent, 2)), w.words("papers.taken_consent", number(2)))
	before := w.stand(registration)[second].File
	got := w.shows(i, "anna", shotOf(token, papers.Consent, 2))
	w.hears(got, w.words("papers.missing_consent", number(1)))
	if after := w.stand(registration)[second].File; after == before || after == "" {
		t.Error("the newer photo does not count")
	}
	if state, tasks := w.registrationState(registration); state != "papers" || tasks != 0 {
		t.Errorf("%s, %d tasks with a page missing", state, tasks)
	}
	w.hears(w.shows(i, "anna", shotOf(token, papers.Consent, 1)), w.words("papers.taken_consent", number(1)), "все бумаги у нас")
	if state, tasks := w.registrationState(registration); state != "sent" || tasks != 1 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	w.nothingIsLost()
}

// TestBurstOfPhotos: forty at once, good and bad among each other, are a few answers, one picture and one task.
func TestBurstOfPhotos(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.examples = func(e papers.Example) ([]byte, error) { return []byte(e), nil }
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	w.await("the examples are kept", func() bool { return i.ExamplesKept() == 2*len(papers.Examples()) })
	registration, token := w.owing(i, "anna")
	shots := slices.Repeat([]shot{{problem: "blurred"}}, 40)
	shots[3], shots[17], shots[39] = shotOf(token, papers.Form, 1), shotOf(token, papers.Application, 1), shotOf(token, papers.Consent, 1)
	said := w.said("anna")
	got := w.shows(i, "anna", shots...)
	w.hears(got, w.ru("files.blurred"), "все бумаги у нас")
	if len(got) > 12 {
		t.Errorf("%d answers: %q", len(got), got)
	}
	if n := w.count(`select count(*) from outbox where conversation_id = $1 and seq > $2 and body -> 'files' is not null`, w.conv("anna"), said); n != 1 {
		t.Errorf("%d pictures", n)
	}
	if state, tasks := w.registrationState(registration); state != "sent" || tasks != 1 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	w.nothingIsLost()
}

// TestOnePhotoInThreeChannels: the reader's own, a stranger's and a letter bring the same page; it is there once, and each hears that it came.
func TestOnePhotoInThreeChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	registration, token := w.owing(i, "anna")
	w.shows(i, "anna", shotOf(token, papers.Form, 1), shotOf(token, papers.Application, 1))
	w.say(i, "friend", "меню")
	w.press(i, "friend", "lang:ru")
	w.wrote(i, "anna@example.org")
	w.press(i, "anna@example.org", "lang:ru")
	last, said := shotOf(token, papers.Consent, 1), w.said("anna")
	w.hears(w.brings(i, bots.Inbound{Library: w.lib, Channel: w.mail, Sender: "anna@example.org", At: w.Now()}, w.taken(last)), w.ru("papers.elsewhere"))
	w.settle("anna")
	w.hears(w.answers("anna", said), "бумаги получены")
	w.hears(w.shows(i, "friend", last), w.ru("papers.elsewhere"))
	w.hears(w.shows(i, "anna", last), w.words("papers.taken_consent", number(1)))
	if state, tasks := w.registrationState(registration); state != "sent" || tasks != 1 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	if n := strings.Count(strings.Join(w.answers("anna", said), "\n"), "бумаги получены"); n != 1 {
		t.Errorf("told %d times that the papers are complete", n)
	}
	w.nothingIsLost()
}

// TestNothingIsSigned: each page without a signature is asked about; what the reader says is signed goes to staff with the doubt.
func TestNothingIsSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	registration, token := w.owing(i, "anna")
	all := []shot{shotOf(token, papers.Form, 1), shotOf(token, papers.Application, 1), shotOf(token, papers.Consent, 1)}
	for n := range all {
		all[n].unsigned = true
	}
	w.hears(w.shows(i, "anna", all...), w.words("papers.unsigned_form", number(1)))
	if state, _ := w.registrationState(registration); state != "papers" || w.stand(registration)[papers.Page{Kind: papers.Form, Number: 1}].State != papers.Wanted {
		t.Errorf("%s with nothing signed", state)
	}
	w.hears(w.press(i, "anna", "drop"), w.words("papers.unsigned_application", number(1)))
	w.hears(w.press(i, "anna", "drop"), w.words("papers.unsigned_consent", number(1)))
	w.hears(w.press(i, "anna", "drop"), w.words("papers.missing_form", number(1)), w.words("papers.missing_consent", number(1)))
	w.hears(w.shows(i, "anna", all...), w.words("papers.unsigned_form", number(1)))
	for range all {
		w.press(i, "anna", "signed")
	}
	if state, tasks := w.registrationState(registration); state != "sent" || tasks != 1 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	for page, p := range w.stand(registration) {
		if !p.Unsigned || p.How != papers.ByCode {
			t.Errorf("%v: %+v: staff do not see the doubt", page, p)
		}
	}
	w.nothingIsLost()
}

// TestTornCode: of pages whose code cannot be read the reader is asked which they are, and what they say holds.
func TestTornCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	registration, _ := w.owing(i, "anna")
	w.hears(w.shows(i, "anna", shot{}, shot{}), w.ru("papers.which"))
	w.hears(w.press(i, "anna", "page:2"), w.words("papers.taken_consent", number(1)), w.ru("papers.which"))
	w.press(i, "anna", "page:0")
	w.hears(w.shows(i, "anna", shot{}), "все бумаги у нас") // one place was left
	hows := map[papers.Kind]papers.How{}
	for page, p := range w.stand(registration) {
		hows[page.Kind] = p.How
	}
	if hows[papers.Consent] != papers.ByReader || hows[papers.Form] != papers.ByReader || hows[papers.Application] != papers.Alone {
		t.Errorf("known %v", hows)
	}
	w.nothingIsLost()
}

// TestPapersAfterTheEnd: whoever withdrew the consent, or was refused, and sends a page all the same is told what to do, and nothing is taken.
func TestPapersAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	for _, end := range []string{"withdrawn", "refused"} {
		registration, token := w.owing(i, end)
		w.shows(i, end, shotOf(token, papers.Form, 1))
		if end == "withdrawn" {
			w.say(i, end, "отзываю согласие")
			w.press(i, end, "withdraw:yes")
		} else {
			w.exec(`update registrations set state = 'refused', reason = 'r', decided_at = now() where id = $1`, registration)
			w.tx(func(ctx context.Context, tx pgx.Tx) error { return papers.Close(ctx, tx, w.lib, registration, w.Now()) })
		}
		got := w.shows(i, end, shotOf(token, papers.Consent, 1))
		w.hears(got, w.ru("papers.over"))
		if state, tasks := w.registrationState(registration); state != end || tasks != 0 {
			t.Errorf("%s, %d tasks", state, tasks)
		}
		if got := w.stand(registration)[papers.Page{Kind: papers.Consent, Number: 1}]; got.State != papers.Wanted {
			t.Errorf("%s: the page is %s", end, got.State)
		}
		// Whoever begins anew and sends the earlier paper is told which one to sign.
		again, _ := w.owing(i, end)
		w.hears(w.shows(i, end, shotOf(token, papers.Consent, 1)), w.ru("papers.old"), w.words("papers.missing_consent", number(1)))
		if state, tasks := w.registrationState(again); state != "papers" || tasks != 0 {
			t.Errorf("anew: %s, %d tasks", state, tasks)
		}
		if n := w.count(`select count(*) from papers where file_id is null`); n != 0 {
			t.Errorf("%d papers are gone before their term", n)
		}
	}
}

// TestPapersExchanged: two readers send each other's papers at the same moment. Each page finds its registration, and neither conversation misses the news.
func TestPapersExchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.workers = 1 // both are moved in one transaction
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	annas, anna := w.owing(i, "anna")
	boriss, boris := w.owing(i, "boris")
	said := map[string]int{}
	for sender, token := range map[string]string{"anna": boris, "boris": anna} {
		said[sender] = w.said(sender)
		for _, kind := range []papers.Kind{papers.Form, papers.Application, papers.Consent} {
			in := w.message(sender, w.newID(), "")
			in.Files = []bots.InboundFile{{File: string(w.taken(shotOf(token, kind, 1)))}}
			w.receive(i, in)
		}
	}
	w.await("all is looked at", func() bool { return w.count(`select count(*) from events where state = 'waiting'`) == 0 })
	w.pass(11 * time.Second)
	for sender, registration := range map[string]int64{"anna": annas, "boris": boriss} {
		w.settle(sender)
		w.await(sender+" hears that the papers came", func() bool {
			return strings.Contains(strings.Join(w.answers(sender, said[sender]), "\n"), "бумаги получены")
		})
		w.hears(w.answers(sender, said[sender]), w.ru("papers.elsewhere"))
		if state, tasks := w.registrationState(registration); state != "sent" || tasks != 1 {
			t.Errorf("%s of %s, %d tasks", state, sender, tasks)
		}
	}
	w.contiguous()
	w.nothingIsLost()
}
