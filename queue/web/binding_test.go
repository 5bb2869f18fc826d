package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

var wordShown = regexp.MustCompile(`<span class="secret">(desk-[a-z2-7]{10})</span>`)

func TestNoticesInAMessenger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	conv := h.conversation(h.lib, "Anna on the phone")
	if page := by.get("/desk/account").body; !strings.Contains(page, `action="/desk/account/binding"`) || strings.Contains(page, "/binding/end") {
		t.Fatal("the page does not offer to bind a conversation")
	}
	page := by.post("/desk/account/binding", url.Values{})
	found := wordShown.FindStringSubmatch(page.body)
	if page.status != http.StatusOK || found == nil || !strings.Contains(page.body, `hx-get="/desk/account/binding"`) {
		t.Fatalf("no word on the page: %d", page.status)
	}
	if got := by.ask(http.MethodGet, "/desk/account/binding", nil, "HX-Request", "true"); got.status != http.StatusNoContent {
		t.Errorf("while the word waits the page is told %d", got.status)
	}
	if strings.Contains(by.get("/desk/account").body, found[1]) {
		t.Error("the word is shown twice")
	}
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		ok, err := queue.Bind(ctx, tx, h.lib, conv, found[1], h.clock.Now())
		if !ok {
			t.Error("the word does not bind")
		}
		return err
	})
	for _, path := range []string{"/desk/account/binding", "/desk/account"} {
		if got := by.get(path); !strings.Contains(got.body, "Web chat · Сайт") || !strings.Contains(got.body, `action="/desk/account/binding/end"`) {
			t.Errorf("%s does not show what is bound: %d", path, got.status)
		}
	}
	by.post("/desk/account/notices", url.Values{"email": {"yes"}}).leads(t, "/desk/account?did=saved")
	by.post("/desk/account/language", url.Values{"lang": {"en"}}).leads(t, "/desk/account?did=saved")
	if !strings.Contains(by.get("/desk/account").body, "Web chat · Сайт") {
		t.Error("another change of the account unbinds")
	}
	by.post("/desk/account/binding/end", url.Values{}).leads(t, "/desk/account?did=saved")
	if got := by.get("/desk/account").body; strings.Contains(got, "/binding/end") {
		t.Error("it is still bound")
	}
	if got := h.audited("staff.own", by.staff); got != 5 { // offered, bound, two changes, unbound
		t.Errorf("%d rows in the audit log", got)
	}
}

func TestTypingIsShownToTheReader(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	chat, messenger, elsewhere := h.conversation(h.lib, "Chat"), h.conversation(h.lib, "Telegram"), h.conversation(h.other, "Other")
	h.talks.all[messenger].header.Channel = bots.Telegram
	signs := map[bots.ConversationID]<-chan struct{}{}
	for id, lib := range map[bots.ConversationID]library.ID{chat: h.lib, messenger: h.lib, elsewhere: h.other} {
		sign, end := h.site.Signals.Subscribe(bots.Signal{Topic: bots.TopicTyping, Library: lib, ID: int64(id)})
		defer end()
		signs[id] = sign
	}
	typing := func(id bots.ConversationID) int {
		return by.post(conversationAddress(id)+"/typing", url.Values{}).status
	}

	if got := typing(chat); got != http.StatusNoContent {
		t.Fatalf("typing: %d", got)
	}
	waitFor(t, "the sign in the chat", signs[chat])
	if got := typing(messenger); got != http.StatusNoContent { // though the messenger is away
		t.Fatalf("typing to a messenger: %d", got)
	}
	if got := waitFor(t, "the messenger", h.typed); got != messenger {
		t.Errorf("the messenger was told of conversation %d", got)
	}
	if got := typing(elsewhere); got != http.StatusNotFound {
		t.Errorf("another library's: %d", got)
	}
	h.talks.all[chat].header.Speaker = by.staff.ID + 1000
	if got := typing(chat); got != http.StatusNoContent {
		t.Errorf("while a colleague speaks: %d", got)
	}
	h.talks.all[chat].header.Speaker = by.staff.ID
	typing(chat)
	waitFor(t, "the sign of who speaks", signs[chat])
	for id, sign := range signs {
		select {
		case <-sign:
			t.Errorf("conversation %d got a sign", id)
		default:
		}
	}
	if h.logged.Len() > 0 {
		t.Errorf("logged: %s", h.logged)
	}
}
