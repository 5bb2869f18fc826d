package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

func (t *talks) Join(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, with contacts.ID, by queue.StaffID) (contacts.MergeID, error) {
	one, err := t.find(lib, conv)
	if err != nil {
		return 0, err
	}
	if one.header.Speaker != 0 && one.header.Speaker != by {
		return 0, queue.ErrOtherSpeaks
	}
	return contacts.Merge(ctx, tx, lib, contacts.ID(one.header.Contact), with, int64(by), contacts.ByStaff, t.now())
}

func (t *talks) Part(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID, merge contacts.MergeID, by queue.StaffID) error {
	one, err := t.find(lib, conv)
	if err != nil {
		return err
	}
	if one.header.Speaker != 0 {
		return queue.ErrSpoken
	}
	return contacts.Undo(ctx, tx, lib, merge, int64(by), t.now())
}

// pair is two conversations whose readers have proven the same e-mail.
func (h *house) pair() (one, two bots.ConversationID) {
	h.t.Helper()
	convs := [2]bots.ConversationID{}
	for i, name := range []string{"Сардана", "Сардаана"} {
		convs[i] = h.conversation(h.lib, name)
		h.application(h.lib, convs[i], name, "sent")
	}
	return convs[0], convs[1]
}

func (h *house) contactOf(conv bots.ConversationID) url.Values {
	return url.Values{"contact": {fmt.Sprint(h.talks.all[conv].header.Contact)}}
}

// joined makes a merge in the conversation and gives the form that undoes it.
func (h *house) joined(conv, with bots.ConversationID) url.Values {
	h.t.Helper()
	var id contacts.MergeID
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		into, from := contacts.ID(h.talks.all[conv].header.Contact), contacts.ID(h.talks.all[with].header.Contact)
		id, err = contacts.Merge(ctx, tx, h.lib, into, from, 0, contacts.ByCode, h.clock.Now())
		return err
	})
	return url.Values{"merge": {fmt.Sprint(id)}}
}

func TestTheSamePersonIsProposedJoinedAndParted(t *testing.T) {
	t.Parallel()
	for _, lang := range library.Langs() {
		h := newHouse(t)
		one, two := h.pair()
		by, page := h.signedIn(h.lib, queue.RoleLibrarian, lang), conversationAddress(one)
		h.good(t, by, page, fmt.Sprintf(`href=%q`, conversationAddress(two)))
		h.good(t, by, page, fmt.Sprintf(`name="contact" value="%d"`, h.talks.all[two].header.Contact))
		by.post(page+"/join", h.contactOf(two)).leads(t, page+"?did=joined")
		h.good(t, by, page+"?did=joined", `name="merge"`)
		if got := by.get(page).body; strings.Contains(got, `name="contact"`) {
			t.Errorf("%s: is proposed again", lang)
		}
		if got := by.post(page+"/join", h.contactOf(two)); got.status != http.StatusConflict {
			t.Errorf("%s: joined again: %d", lang, got.status)
		}
		var merge string
		if err := h.pool.QueryRow(t.Context(), `select id::text from merges where undone_at is null`).Scan(&merge); err != nil {
			t.Fatal(err)
		}
		by.post(page+"/part", url.Values{"merge": {merge}}).leads(t, page+"?did=parted")
		h.good(t, by, page, `name="contact"`)
		if got := by.post(page+"/part", url.Values{"merge": {merge}}); got.status != http.StatusConflict {
			t.Errorf("%s: undone again: %d", lang, got.status)
		}
		director := h.signedIn(h.lib, queue.RoleDirector, lang)
		h.good(t, director, "/desk/audit", by.staff.Name)
		if a, b := h.audited("contact.joined", by.staff), h.audited("contact.parted", by.staff); a != 1 || b != 1 {
			t.Errorf("%s: %d joinings, %d partings in the audit log", lang, a, b)
		}
	}
}

func TestOnlyTheLastJoiningIsOfferedToBeUndone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.pair()
	first := h.joined(one, two)
	h.joined(one, h.conversation(h.lib, "Почта"))
	by, page := h.signedIn(h.lib, queue.RoleLibrarian, library.English), conversationAddress(one)
	if got := by.get(page).body; strings.Count(got, `name="merge"`) != 1 || !strings.Contains(got, "Joined: Сардаана") || !strings.Contains(got, "by a code") {
		t.Error("the page does not show both joinings with one way back")
	}
	if got := by.post(page+"/part", first); got.status != http.StatusConflict || !strings.Contains(got.body, "Undo that first") {
		t.Errorf("the first undone before the second: %d", got.status)
	}
}

func TestTwoReadersAreShownWithoutAButton(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.pair()
	if _, err := h.pool.Exec(t.Context(), `update contact_readers set relation = 'self'`); err != nil {
		t.Fatal(err)
	}
	by, page := h.signedIn(h.lib, queue.RoleLibrarian, library.English), conversationAddress(one)
	if got := by.get(page).body; !strings.Contains(got, "cannot be joined") || strings.Contains(got, `name="contact"`) {
		t.Error("two readers can be joined")
	}
	if got := by.post(page+"/join", h.contactOf(two)); got.status != http.StatusConflict || !strings.Contains(got.body, "cannot be joined") {
		t.Errorf("joined: %d", got.status)
	}
	for _, bad := range []deed{{by, page + "/join", url.Values{"contact": {"x"}}}, {by, page + "/part", url.Values{}}} {
		if got := by.post(bad.path, bad.form); got.status != http.StatusBadRequest {
			t.Errorf("%s %v: %d", bad.path, bad.form, got.status)
		}
	}
}

func TestNobodyIsJoinedWhileSomebodyElseSpeaks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.pair()
	by, colleague := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	page := conversationAddress(one)
	colleague.post(page+"/take-over", url.Values{"epoch": {"0"}}).leads(t, page+"?did=speaking")
	if got := by.post(page+"/join", h.contactOf(two)); got.status != http.StatusConflict || !strings.Contains(got.body, "Somebody else is speaking") {
		t.Errorf("joined: %d", got.status)
	}
	colleague.post(page+"/join", h.contactOf(two)).leads(t, page+"?did=joined")
	if got := colleague.post(page+"/part", url.Values{"merge": {"1"}}); got.status != http.StatusConflict || !strings.Contains(got.body, "Hand the conversation back") {
		t.Errorf("parted while speaking: %d", got.status)
	}
}
