package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

func (h *house) double(ctx context.Context, tx pgx.Tx, lib library.ID, id, of int64, by queue.StaffID) error {
	err := contacts.Double(ctx, tx, lib, id, contacts.ReaderID(of), h.clock.Now())
	if errors.Is(err, contacts.ErrState) {
		err = ErrState
	}
	if err != nil {
		return err
	}
	return h.decideIt(ctx, tx, lib, id, "refused", queue.ReasonDouble, by)
}

func (h *house) alike(ctx context.Context, lib library.ID, id contacts.ReaderID) ([]SamePerson, error) {
	found, err := contacts.Alike(ctx, h.pool, lib, id)
	var out []SamePerson
	for _, s := range found {
		out = append(out, SamePerson{
			Reader: int64(s.ID), Name: s.Name, Card: s.Card, Why: s.Why, Contact: s.Contact, Conversation: bots.ConversationID(s.Address), Two: s.Two,
		})
	}
	return out, err
}

// twice is the task of somebody who registers again from another chat, held by the visitor, and the reader that they are.
func (h *house) twice(by *visitor, relation string) (task queue.Task, first int64) {
	h.t.Helper()
	task, other := h.taken(by, queue.KindRegistration, "Айыына Петрова"), h.task(h.lib, queue.KindRegistration, "Петрова Айына", "", 0)
	if _, err := h.pool.Exec(h.t.Context(), `update contact_readers set relation = $2 where library_id = $1`, h.lib, relation); err != nil {
		h.t.Fatal(err)
	}
	return task, other.Reader
}

func (g guests) doubled() deed {
	g.h.t.Helper()
	task := g.held(g.librarian, queue.KindRegistration)
	return deed{g.librarian, taskAddress(task.ID) + "/double", url.Values{"reader": {fmt.Sprint(g.held(g.director, queue.KindRegistration).Reader)}}}
}

func TestASecondRegistrationIsClosedAsSuch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task, first := h.twice(by, "self")
	page := taskAddress(task.ID)
	form := url.Values{"reader": {fmt.Sprint(first)}}
	got := by.get(page)
	got.holds(t, fmt.Sprintf(`name="reader" value="%d"`, first), ">Петрова Айына</a>", "same e-mail", "similar name, same date of birth")
	got.lacks(t, "/join\"")
	for _, bad := range []struct {
		form   url.Values
		status int
	}{{url.Values{"reader": {"x"}}, http.StatusBadRequest}, {url.Values{"reader": {"9999"}}, http.StatusNotFound}, {url.Values{"reader": {fmt.Sprint(task.Reader)}}, http.StatusNotFound}} {
		if got := by.post(page+"/double", bad.form); got.status != bad.status {
			t.Errorf("%v: %d", bad.form, got.status)
		}
	}
	start, statuses := make(chan struct{}), make(chan int)
	for _, act := range []string{"/double", "/accept"} {
		go func() {
			<-start
			statuses <- by.post(page+act, form).status
		}()
	}
	close(start)
	if got := <-statuses + <-statuses; got != http.StatusSeeOther+http.StatusConflict {
		t.Errorf("closed and accepted at once: the two answers add up to %d", got)
	}

	task, first = h.twice(by, "self")
	page, form = taskAddress(task.ID), url.Values{"reader": {fmt.Sprint(first)}}
	before := len(h.talks.told)
	by.post(page+"/double", form).leads(t, "/desk?did=double")
	told := h.talks.told[before:]
	if len(told) != 1 || told[0].Kind != queue.NewsDouble || told[0].Fields["name"] != "Айыына Петрова" {
		t.Errorf("the reader is told %+v", told)
	}
	by.get(page).holds(t, "a second request", "registered already")
	var left int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from contact_readers where reader_id = $1 and relation = 'self'`, task.Reader).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d chats are still this reader: %v", left, err)
	}
}

func TestAProposalIsJoinedFromTheTask(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task, _ := h.twice(by, "other")
	page := taskAddress(task.ID)
	conv := conversationAddress(task.Conversation)
	by.get(page).holds(t, conv+"/join", `name="contact"`)
	colleague := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	colleague.get(page).lacks(t, conv+"/join", page+"/double")
}
