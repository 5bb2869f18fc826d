package runner_test

import (
	"errors"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/papers"
	"librarian/templates"
)

// late is a photo that the channel does not hand over yet: it is looked at when it is here as if it were the one in the store.
func (w *world) late(i *instance, sender, name string) {
	w.Helper()
	in := w.message(sender, w.newID(), "")
	in.Files = []bots.InboundFile{{Ref: name, Name: name + ".jpg"}}
	w.receive(i, in)
	w.await(name+" is tried", func() bool { return w.web.tried(name) >= 1 })
	w.await("that is noted", func() bool {
		return w.count(`select count(*) from events where state = 'waiting' and fetches >= 1 and fetch_at <= $1`, w.Now().Add(time.Minute)) == 1
	})
}

// triesLater waits until nobody is about to fetch the late file: what was tried is noted, and it is not time to try again.
func (w *world) triesLater() {
	w.Helper()
	w.await("it is to be tried later", func() bool {
		return w.count(`select count(*) from events where state = 'waiting' and fetch_at > $1 and fetch_at <= $2`, w.Now(), w.Now().Add(time.Minute)) == 1
	})
}

// comes lets the late photo be the one that was looked at.
func (w *world) comes(name string, id files.ID) {
	w.Helper()
	w.triesLater()
	w.exec(`update events set body = jsonb_set(body::jsonb, '{files,0,file}', to_jsonb($2::text)), fetch_at = $3 where body -> 'files' -> 0 ->> 'ref' = $1`, name, id, w.Now())
}

// TestStaffWaitForWhatIsOwed: all pages are there, but a file of the reader is still with the channel. The papers go to staff when it is here or given up, even
// though the reader has gone on to something else.
func TestStaffWaitForWhatIsOwed(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"comes", "lost", "lost while they ask something"} {
		w := newWorld(t)
		w.setConsent("2", "Согласие.", true)
		answer := errors.New("503")
		w.web.fetch = func(bots.InboundFile, int) (bots.Download, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return bots.Download{}, answer
		}
		i := w.start()
		registration, token := w.owing(i, "anna")
		w.late(i, "anna", "consent")
		w.pass(31 * time.Second) // it holds nothing up any more
		form, application, consent := shotOf(token, papers.Form, 1), shotOf(token, papers.Application, 1), shotOf(token, papers.Consent, 1)
		before := w.said("anna")
		w.sendsBeside(i, "anna", form, application)
		w.hears(w.answers("anna", before), w.words("papers.owed", number(1)), w.words("papers.missing_consent", number(1)))
		before = w.said("anna")
		w.sendsBeside(i, "anna", consent)
		w.hears(w.answers("anna", before), w.words("papers.taken_consent", number(1)), w.words("papers.owed", number(1)))
		if state, tasks := w.registrationState(registration); state != "papers" || tasks != 0 {
			t.Fatalf("%s: %s, %d tasks while a file is owed", end, state, tasks)
		}
		newest := w.stand(registration)[papers.Page{Kind: papers.Consent, Number: 1}].File
		before = w.said("anna")
		if end == "comes" {
			w.comes("consent", w.taken(consent))
		} else {
			if end != "lost" {
				w.sendsText(i, "anna", "библиотекарь")
			}
			w.triesLater()
			w.mu.Lock()
			answer = bots.ErrGone
			w.mu.Unlock()
			w.exec(`update events set fetch_at = $1 where state = 'waiting'`, w.Now())
		}
		w.await("the file is here or given up", func() bool { return w.count(`select count(*) from events where state = 'waiting'`) == 0 })
		w.pass(11 * time.Second)
		w.await("staff get the papers", func() bool {
			state, tasks := w.registrationState(registration)
			return state == "sent" && tasks == 1
		})
		w.settle("anna")
		got := w.answers("anna", before)
		if end != "comes" {
			w.hears(got, w.words("files.lost", templates.Fields{"name": "consent.jpg"}))
		}
		if end == "lost while they ask something" {
			w.hears(got, "бумаги получены")
		} else {
			w.hears(got, "все бумаги у нас")
		}
		if after := w.stand(registration)[papers.Page{Kind: papers.Consent, Number: 1}].File; after != newest {
			t.Errorf("%s: a photo that was sent earlier took the place of a newer one", end)
		}
		w.nothingIsLost()
	}
}

// sendsBeside sends photos while a file is owed, and waits until they are answered.
func (w *world) sendsBeside(i *instance, sender string, shots ...shot) {
	w.Helper()
	for _, s := range shots {
		in := w.message(sender, w.newID(), "")
		in.Files = []bots.InboundFile{{File: string(w.taken(s))}}
		w.receive(i, in)
	}
	w.await("the photos are looked at", func() bool {
		return w.count(`select count(*) from events where conversation_id = $1 and state = 'waiting'`, w.conv(sender)) == 1
	})
	w.pass(11 * time.Second)
	w.await("they are answered", func() bool { return w.unanswered(sender) == 1 })
}

// sendsText says something while a file is owed.
func (w *world) sendsText(i *instance, sender, text string) {
	w.Helper()
	w.receive(i, w.message(sender, w.newID(), text))
	w.await("it is answered", func() bool { return w.unanswered(sender) == 1 })
}

// TestOnlyPageIsOwed: the one missing page is with the channel for good; after the last try the reader is asked for it, and the page stays wanted.
func TestOnlyPageIsOwed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	w.web.fetch = func(bots.InboundFile, int) (bots.Download, error) { return bots.Download{}, errors.New("503") }
	i := w.start()
	registration, token := w.owing(i, "anna")
	w.shows(i, "anna", shotOf(token, papers.Form, 1), shotOf(token, papers.Application, 1))
	before := w.said("anna")
	w.late(i, "anna", "consent")
	for range 12 {
		tried := w.web.tried("consent")
		w.pass(5 * time.Minute)
		w.await("it is tried again", func() bool {
			return w.web.tried("consent") > tried || w.count(`select count(*) from events where state = 'waiting'`) == 0
		})
		w.await("that is noted", func() bool {
			return w.count(`select count(*) from events where state = 'waiting' and fetch_at = $1`, w.Now().Add(2*time.Minute)) == 0
		})
	}
	w.await("it is given up", func() bool { return w.count(`select count(*) from events where state = 'waiting'`) == 0 })
	w.settle("anna")
	w.hears(w.answers("anna", before), w.words("files.lost", templates.Fields{"name": "consent.jpg"}), w.words("papers.missing_consent", number(1)))
	if state, tasks := w.registrationState(registration); state != "papers" || tasks != 0 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	w.hears(w.shows(i, "anna", shotOf(token, papers.Consent, 1)), "все бумаги у нас")
}
