package web

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

// TestAQuestionBesideThePapers: it is asked without leaving the page, the bot steps aside, and the task stays.
func TestAQuestionBesideThePapers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	task := h.papered(by)
	page, conv := taskAddress(task.ID), conversationAddress(task.Conversation)
	got := by.get(page)
	got.holds(t, `id="talk"><summary>Conversation with the reader`, conv+"/entries", `data-events="`+conv+`/events"`, `name="text"`)
	got.lacks(t, `name="finish"`, `id="talk" open`)

	ask := url.Values{"text": {"Is the flat number 12 or 21?"}, "task": {page[len("/desk/tasks/"):]}, "finish": {"1"}}
	part := by.ask(http.MethodPost, conv+"/say", ask, "HX-Request", "true")
	part.holds(t, `id="reply"`)
	part.lacks(t, `name="finish"`)
	if part.header.Get("HX-Trigger") != "chatchange" {
		t.Error("the page does not hear of it")
	}
	by.get(conv+"/entries").holds(t, "12 or 21?")
	one := h.talks.all[task.Conversation]
	if one.header.Speaker != by.staff.ID || h.audited("conversation.taken", by.staff) != 1 {
		t.Errorf("speaks %d, noted %d times", one.header.Speaker, h.audited("conversation.taken", by.staff))
	}
	if now, err := h.desk.Get(t.Context(), h.lib, task.ID); err != nil || now.State != queue.StateTaken {
		t.Errorf("the task is %s, %v", now.State, err)
	}
	by.get(page).holds(t, `id="talk" open`, conv+"/hand-back")
	one.add(bots.Entry{Side: bots.SideReader, Text: "It is 21", Written: h.clock.Now()})
	by.get(conv+"/entries").holds(t, "It is 21")
	by.post(conv+"/say", ask).leads(t, page) // without scripts, and a speaker already
	if h.audited("conversation.taken", by.staff) != 1 {
		t.Error("taken over twice")
	}
	by.post(conv+"/hand-back", url.Values{"task": ask["task"]}).leads(t, page+"?did=returned")
	by.get(page).lacks(t, `id="talk" open`)

	colleague := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	got = colleague.post(conv+"/say", ask)
	h.refused(t, got, "You do not hold the task")
	got.holds(t, `id="talk" open`)
	colleague.post(conv+"/take-over", url.Values{"epoch": {"2"}}).leads(t, conv+"?did=speaking")
	h.refused(t, by.post(conv+"/say", ask), "Somebody else is speaking")

	registrar := h.signedIn(h.lib, queue.RoleRegistrar, library.English)
	registrar.get(taskAddress(h.task(h.lib, queue.KindCard, "Reader", "", 0).ID)).lacks(t, `id="talk"`)
}

// TestBotSpeaksAgain: who has decided no longer stands between the reader and the bot, unless the reader has more to talk about with them, or with a colleague.
func TestBotSpeaksAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	for about, c := range map[string]struct {
		before func(task queue.Task) // what there is besides
		want   queue.StaffID
	}{
		"nothing more": {func(queue.Task) {}, 0},
		"a question too": {func(task queue.Task) {
			h.tx(func(ctx context.Context, tx pgx.Tx) error {
				more, err := queue.Open(ctx, tx, []queue.NewTask{{
					Library: h.lib, Kind: queue.KindQuestion, Role: queue.RoleLibrarian, Conversation: task.Conversation, Channel: bots.WebChat,
					Created: h.clock.Now(), Due: h.clock.Now().Add(time.Hour),
				}})
				if err == nil {
					_, err = h.desk.TakeWithin(ctx, tx, h.lib, more[0], by.staff.ID)
				}
				return err
			})
		}, by.staff.ID},
		"a colleague speaks": {func(task queue.Task) { h.talks.all[task.Conversation].header.Speaker = by.staff.ID + 1 }, by.staff.ID + 1},
	} {
		task := h.papered(by)
		page := taskAddress(task.ID)
		by.post(conversationAddress(task.Conversation)+"/say", url.Values{"text": {"Hello"}, "task": {page[len("/desk/tasks/"):]}}).leads(t, page)
		c.before(task)
		by.post(page+"/refuse", url.Values{"reason": {"Somebody else"}}).leads(t, "/desk?did=refused")
		if got := h.talks.all[task.Conversation].header.Speaker; got != c.want {
			t.Errorf("%s: %d speaks, want %d", about, got, c.want)
		}
	}
}
