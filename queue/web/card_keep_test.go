package web

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

func (h *house) keptCard(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, number, password string) (Issued, error) {
	switch number {
	case "taken":
		return Issued{}, ErrNumberTaken
	case "":
		return Issued{}, ErrNumberForm
	}
	_, err := contacts.Decide(ctx, tx, lib, id, "accepted", "done", "", int64(by), h.clock.Now())
	out := Issued{Files: []string{"picture"}}
	if password != "" {
		out.Secret = "abc"
	}
	return out, err
}

func TestACardThatThereIsGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	registrar := h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	task := h.taken(registrar, queue.KindCard, "Айыына Петрова")
	page := taskAddress(task.ID)
	registrar.get(page).holds(t, page+"/has-card", `<details class="fold"><summary>The person has a card already`)
	for form, why := range map[string]string{"number=taken": "was issued before", "number=": "Latin letters", "number=A-17&password=short": "8 to 64 characters"} {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		got := registrar.post(page+"/has-card", values)
		h.refused(t, got, why)
		got.holds(t, `<details class="fold" open><summary>The person has a card already`, `name="number" value="`+values.Get("number")+`"`, `value="000123"`)
	}
	colleague := h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	h.refused(t, colleague.post(page+"/has-card", url.Values{"number": {"A-17"}}), "You do not hold the task")

	start, statuses := make(chan struct{}), make(chan int)
	for _, act := range []string{"/has-card", "/card"} { // two windows: one card at most
		go func() {
			<-start
			statuses <- registrar.post(page+act, url.Values{"number": {"A-17"}, "password": {"good-first-one"}}).status
		}()
	}
	close(start)
	if got := <-statuses + <-statuses; got != http.StatusSeeOther+http.StatusConflict {
		t.Errorf("kept and issued at once: the two answers add up to %d", got)
	}
	if n := len(h.talks.told); n != 1 {
		t.Errorf("the reader is told %d times", n)
	}

	task = h.taken(registrar, queue.KindCard, "Алексей Петров")
	registrar.post(taskAddress(task.ID)+"/has-card", url.Values{"number": {" A-18 "}}).leads(t, "/desk?did=kept")
	told := h.talks.told[1]
	if told.Kind != queue.NewsCardKept || told.Fields["number"] != "A-18" || told.Secret != "" || len(told.Files) != 1 {
		t.Errorf("the reader is told %+v", told)
	}
	registrar.get(taskAddress(task.ID)).holds(t, "had a card already")
}
