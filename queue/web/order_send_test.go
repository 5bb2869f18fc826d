package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// mailed gives the library a mailbox and the order's reader an e-mail, proven or not.
func (h *house) mailed(o fragments.Order, proven bool) {
	h.t.Helper()
	h.exec(`insert into channels (library_id, kind, name) values ($1, 'email', 'mail') on conflict do nothing`, h.lib)
	h.exec(`update readers set email = 'aiyyna@reader.test', email_proven = $2 where id = $1`, o.Reader, proven)
	h.site.Accounts.Forget()
}

// owed are the conversations to which the order is to go; 0 is a letter.
func (h *house) owed(o fragments.Order) string {
	h.t.Helper()
	sends, err := fragments.Owed(h.t.Context(), h.pool, h.lib, o.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, s := range sends {
		out = append(out, fmt.Sprint(s.Conversation))
	}
	return strings.Join(out, " ")
}

// TestWhereAnOrderIsSent: with one address there is nothing to choose; with a proven e-mail there is, and what is not the reader's is refused.
func TestWhereAnOrderIsSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	one, several, bad := h.came(by), h.came(by), h.came(by)
	h.mailed(one, false)
	if got := by.get(orderAddress(one.ID)); got.status != http.StatusOK || strings.Contains(got.body, `name="to"`) {
		t.Errorf("one address: %d, with a choice", got.status)
	}
	by.post(orderAddress(one.ID)+"/release", url.Values{}).leads(t, "/desk?did=released-order")
	if got := h.owed(one); got != fmt.Sprint(one.Conversation) {
		t.Errorf("it goes to %q", got)
	}
	h.mailed(several, true)
	chat := fmt.Sprint(several.Conversation)
	by.get(orderAddress(several.ID)).has(t, http.StatusOK, `name="to" value="`+chat+`" checked`, `name="to" value="0">`, "E-mail: aiyyna@reader.test", "ordered here")
	by.post(orderAddress(several.ID)+"/release", url.Values{"choice": {"yes"}}).has(t, http.StatusConflict, "Tick where the copy is to be sent")
	by.post(orderAddress(several.ID)+"/release", url.Values{"choice": {"yes"}, "to": {"0", chat, "0"}}).leads(t, "/desk?did=released-order")
	if got := h.owed(several); got != chat+" 0" {
		t.Errorf("it goes to %q", got)
	}
	h.mailed(bad, true)
	for _, strange := range []string{fmt.Sprint(one.Conversation), "-1", "nowhere"} {
		by.post(orderAddress(bad.ID)+"/release", url.Values{"choice": {"yes"}, "to": {"0", strange}}).has(t, http.StatusConflict, "Tick where", `value="0" checked`)
	}
	if got := h.owed(bad); got != "" {
		t.Errorf("it goes to %q", got)
	}
}

// TestHowEachWayFared stands on the page of the order, not for departments.
func TestHowEachWayFared(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	o := h.came(by)
	h.mailed(o, true)
	by.post(orderAddress(o.ID)+"/release", url.Values{"choice": {"yes"}, "to": {"0", fmt.Sprint(o.Conversation)}}).leads(t, "/desk?did=released-order")
	by.get(orderAddress(o.ID)).has(t, http.StatusOK, "Where it was sent", "on its way")
	lib, err := h.site.Library(t.Context(), h.lib)
	if err != nil {
		t.Fatal(err)
	}
	sends, err := fragments.Owed(t.Context(), h.pool, h.lib, o.ID)
	if err != nil || len(sends) != 2 {
		t.Fatalf("%d ways, %v", len(sends), err)
	}
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		if _, err := fragments.Made(ctx, tx, lib, o.ID, []files.ID{}, h.clock.Now()); err != nil {
			return err
		}
		sends[0].Linked, sends[1].Problem = true, fragments.TooLarge
		for _, s := range sends {
			if err := fragments.NoteSent(ctx, tx, h.lib, o.ID, s, h.clock.Now()); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `insert into outbox (library_id, conversation_id, seq, channel_id, kind, epoch, body, state, next_at, until)
values ($1, $2, 1000, $3, 'notice', 0, json_build_object('text', 'x', 'send', $4::bigint), 'failed', now(), now())`, h.lib, o.Conversation, h.channels[h.lib], sends[0].ID)
		return err
	})
	by.get(orderAddress(o.ID)).has(t, http.StatusOK, "not delivered", "as a link", "too large for this channel")
	h.exec(`update outbox set state = 'confirmed', confirmed_at = now() where seq = 1000`)
	by.get(orderAddress(o.ID)).has(t, http.StatusOK, `<span class="tag good">delivered</span>`)
	keeper := h.signedIn(h.lib, queue.RoleHead, library.English)
	h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, o.Department)
	if got := keeper.get(orderAddress(o.ID)); got.status != http.StatusOK || strings.Contains(got.body, "Where it was sent") {
		t.Errorf("the department gets %d, and may see where it went", got.status)
	}
}
