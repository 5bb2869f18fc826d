package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// tray are the deeds on letters.
func (g guests) tray() map[string]deed {
	g.h.t.Helper()
	on := func(what string, form url.Values) deed {
		return deed{g.librarian, letterAddress(g.h.letter("unknown", "12.jpg").ID) + what, form}
	}
	give := on("/give", giving(g.h.sought(g.librarian), "1"))
	return map[string]deed{
		"GET /desk/tray/{id}":                       on("", nil),
		"GET /desk/tray/{id}/part":                  on("/part", nil),
		"GET /desk/tray/{id}/source":                on("/source", nil),
		"GET /desk/tray/{id}/files/{file}":          on("/files/1", nil),
		"GET /desk/tray/{id}/files/{file}/original": on("/files/1/original", nil),
		"POST /desk/tray/{id}/give":                 give,
		"POST /desk/tray/{id}/pass":                 on("/pass", url.Values{}),
		"POST /desk/tray/{id}/put-aside":            on("/put-aside", url.Values{"words": {"Реклама"}}),
	}
}

// giving is the form that gives these files to the order.
func giving(o fragments.Order, numbers ...string) url.Values {
	return url.Values{"order": {o.Code()}, "file": numbers}
}

// parts are the names of the pages that the order has.
func (h *house) parts(o fragments.Order) string {
	h.t.Helper()
	var names string
	h.scan(&names, `select coalesce(string_agg(name || ' ' || source, ', ' order by place), '') from order_parts where order_id = $1`, o.ID)
	return names
}

// end is how the letter stands in the table.
func (h *house) end(l Letter) string {
	h.t.Helper()
	var stand string
	h.scan(&stand, `select case when settled_at is null then 'waits' else concat_ws(' ', 'order ' || order_id, 'conversation ' || conversation_id, nullif(settled_words, '')) end
from letters where id = $1`, l.ID)
	return stand
}

// TestLetterFindsItsOrder: pages that came by letter without a sign of their order are given to it by hand, in every language of the desk (issue 4, tray).
func TestLetterFindsItsOrder(t *testing.T) {
	t.Parallel()
	for _, lang := range library.Langs() {
		h := newHouse(t)
		by := h.signedIn(h.lib, queue.RoleLibrarian, lang)
		if page := by.get("/desk"); strings.Contains(page.body, "/desk/tray") {
			t.Errorf("%s: a library without letters has a tray", lang)
		}
		h.good(t, by, "/desk/tray", `class="card empty"`)
		older, o := h.sought(by), h.sought(by)
		l := h.letter("unknown", "11.jpg", "12.jpg", "notes.txt", "13.jpg")
		page := letterAddress(l.ID)
		h.good(t, by, "/desk", `href="/desk/tray">`)
		h.good(t, by, "/desk/tray", page)
		got := by.get(page).body
		for _, want := range []string{"Посылаем страницы &lt;", `src="` + page + `/files/2"`, page + "/files/3/original", page + "/source", page + "/pass"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the page lacks %s", lang, want)
			}
		}
		if strings.Count(got, " checked>") != 3 || strings.Contains(got, `src="`+page+`/files/3"`) {
			t.Errorf("%s: not the three pictures are ticked and shown", lang)
		}
		if at := strings.Index(got, `<option value="`+o.Code()+`"`); at < 0 || at > strings.Index(got, `<option value="`+older.Code()+`"`) {
			t.Errorf("%s: the newest order does not come first", lang)
		}
		by.post(page+"/give", giving(o, "2", "4")).leads(t, orderAddress(o.ID)+"?did=letter-given")
		h.good(t, by, orderAddress(o.ID)+"?did=letter-given", `class="note ok"`)
		if got := h.parts(o); got != "12.jpg email, 13.jpg email" {
			t.Errorf("%s: the order has %s", lang, got)
		}
		h.good(t, by, page, orderAddress(o.ID))
		h.good(t, by, "/desk/tray", `class="card empty"`)
		h.good(t, h.signedIn(h.lib, queue.RoleDirector, lang), "/desk/audit", fmt.Sprintf("letter %d", l.ID))
		if h.logged.Len() > 0 {
			t.Errorf("%s: logged %s", lang, h.logged)
		}
	}
}

// TestLetterOfTwoOrders: a letter with pages of two orders stays until both have theirs.
func TestLetterOfTwoOrders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	one, two := h.sought(by), h.sought(by)
	l := h.letter("unknown", "1.jpg", "2.jpg")
	page := letterAddress(l.ID)
	form := giving(one, "1")
	form.Set("stays", "yes")
	by.post(page+"/give", form).leads(t, page+"?did=letter-stays")
	h.good(t, by, page+"?did=letter-stays", "The letter is still here")
	if got := h.end(l); got != "waits" {
		t.Errorf("the letter is %s", got)
	}
	by.post(page+"/give", giving(two, "2")).leads(t, orderAddress(two.ID)+"?did=letter-given")
	if got := h.parts(one) + " " + h.parts(two) + " " + h.end(l); got != "1.jpg email 2.jpg email order "+two.Code() {
		t.Errorf("the orders have %s", got)
	}
	if n := h.audited("letter.given", by.staff); n != 2 {
		t.Errorf("%d acts in the audit log", n)
	}
}

// TestLetterBecomesAMessage: what its sender wrote is answered in their conversation.
func TestLetterBecomesAMessage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	l := h.letter("foreign")
	var conv bots.ConversationID
	h.scan(&conv, `select identity::bigint from letters where id = $1`, l.ID)
	page := letterAddress(l.ID)
	if got := by.get(page).body; strings.Contains(got, page+"/give") || !strings.Contains(got, "from another address") {
		t.Error("a letter without pages can be given to an order, or does not say why it waits")
	}
	by.post(page+"/pass", url.Values{}).leads(t, conversationAddress(conv)+"?did=letter-passed")
	h.good(t, by, conversationAddress(conv)+"?did=letter-passed", "unless you take the conversation over")
	h.good(t, by, page, conversationAddress(conv))
	if got := h.end(l); got != fmt.Sprintf("conversation %d", conv) {
		t.Errorf("the letter is %s", got)
	}
}

// TestEveryReasonHasWords holds the desk's words against the reasons for which the intake leaves a letter to people.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := &visit{Site: h.site, lang: library.English}
	other := v.letterWhy("something new")
	for _, why := range []string{
		email.ReasonForeign, email.ReasonUnknown, email.ReasonList, email.ReasonSender, email.ReasonEmpty, email.ReasonFlood, email.ReasonUnreadable, email.ReasonSlip, email.ReasonWords,
	} {
		if got := v.letterWhy(why); got == other || strings.Contains(got, "desk_tray") {
			t.Errorf("%s is worded %q", why, got)
		}
	}
}

func TestLetterIsPutAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	l := h.letter("list")
	page := letterAddress(l.ID)
	by.post(page+"/put-aside", url.Values{"words": {" Advertising <b> "}}).leads(t, "/desk/tray?did=letter-aside")
	h.good(t, by, "/desk/tray?did=letter-aside", "was put aside")
	h.good(t, by, page, "Advertising &lt;b&gt;")
	if got := h.end(l); got != "Advertising <b>" {
		t.Errorf("put aside for %q", got)
	}
}

// TestColleagueSortedTheLetter: whoever is second changes nothing and sees what was done.
func TestColleagueSortedTheLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	l, o := h.letter("unknown", "1.jpg"), h.sought(one)
	page := letterAddress(l.ID)
	one.post(page+"/put-aside", url.Values{"words": {"Answered by phone"}}).leads(t, "/desk/tray?did=letter-aside")
	for what, form := range map[string]url.Values{"/give": giving(o, "1"), "/pass": {}, "/put-aside": {"words": {"Advertising"}}} {
		got := two.post(page+what, form)
		if got.status != http.StatusConflict || !strings.Contains(got.body, "A colleague has just sorted") || !strings.Contains(got.body, "Answered by phone") {
			t.Errorf("%s: %d", what, got.status)
		}
	}
	if got := h.end(l) + h.parts(o); got != "Answered by phone" {
		t.Errorf("the second one did %s", got)
	}
}

// TestTwoAtOnceSortOneLetter: of two who press together one is done and the other told.
func TestTwoAtOnceSortOneLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	first, second := h.sought(one), h.sought(one)
	l := h.letter("unknown", "1.jpg")
	start, done := make(chan struct{}), make(chan int, 2)
	press := func(by *visitor, o fragments.Order) {
		<-start
		done <- by.post(letterAddress(l.ID)+"/give", giving(o, "1")).status
	}
	go press(one, first)
	go press(two, second)
	close(start)
	got := []int{waitFor(t, "the first", done), waitFor(t, "the second", done)}
	slices.Sort(got)
	if !slices.Equal(got, []int{http.StatusSeeOther, http.StatusConflict}) {
		t.Errorf("answered %v", got)
	}
	if got := h.parts(first) + h.parts(second); got != "1.jpg email" {
		t.Errorf("the orders have %s", got)
	}
}

// TestLetterThatCannotBeSorted: an error changes nothing, says what is wrong, and keeps what was filled in.
func TestLetterThatCannotBeSorted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	o, over := h.sought(by), h.sought(by)
	by.post(orderAddress(over.ID)+"/cancel", url.Values{}).leads(t, "/desk?did=cancelled-order")
	l := h.letter("unknown", "1.jpg", "bad.jpg", "virus.jpg")
	page := letterAddress(l.ID)
	h.exec(`update addresses set blocked_at = $2, blocked_by = $3 where id::text = (select identity from letters where id = $1)`, l.ID, h.clock.Now(), by.staff.ID)
	var conv bots.ConversationID
	h.scan(&conv, `select identity::bigint from letters where id = $1`, l.ID)
	h.talks.all[conv].header.Blocked = true
	for about, c := range map[string]struct {
		what string
		form url.Values
		says string
	}{
		"no order":          {"/give", url.Values{"file": {"1"}}, "Choose an order"},
		"words":             {"/give", url.Values{"number": {"the second one"}, "file": {"1"}}, "the second one"},
		"an order of air":   {"/give", url.Values{"number": {"№ 99999"}, "file": {"1"}}, "no order № 99999"},
		"a cancelled order": {"/give", url.Values{"number": {over.Code()}, "file": {"1"}}, "is closed"},
		"no file":           {"/give", giving(o), "Tick at least one file"},
		"a file of air":     {"/give", giving(o, "7", "-1", "x"), "Tick at least one file"},
		"a bad file":        {"/give", giving(o, "1", "2"), "bad.jpg cannot be opened"},
		"a virus":           {"/give", giving(o, "3"), "virus.jpg cannot be opened"},
		"no word":           {"/put-aside", url.Values{"words": {" "}}, "Say why"},
		"too many words":    {"/put-aside", url.Values{"words": {strings.Repeat("я", maxAside+1)}}, "at most 300"},
		"a blocked sender":  {"/pass", url.Values{}, "The sender is blocked"},
	} {
		got := by.post(page+c.what, c.form)
		if got.status != http.StatusConflict || !strings.Contains(got.body, c.says) {
			t.Errorf("%s: %d, says %q: %v", about, got.status, c.says, strings.Contains(got.body, c.says))
		}
	}
	if got := h.end(l) + h.parts(o) + h.parts(over); got != "waits" {
		t.Errorf("the letter %s", got)
	}
	again := by.post(page+"/give", giving(o, "2")).body
	if strings.Count(again, " checked>") != 1 || !strings.Contains(again, `value="`+o.Code()+`" selected`) {
		t.Error("what was filled in is lost")
	}
	for _, path := range []string{"/files/0", "/files/4", "/files/x", "/files/3", "/files/3/original"} {
		if got := by.get(page + path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	by.post(page+"/give", url.Values{"number": {" № " + o.Code()}, "order": {over.Code()}, "file": {"1"}}).leads(t, orderAddress(o.ID)+"?did=letter-given")
}
