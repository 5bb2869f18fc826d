package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/stock"
)

// missed is a need that somebody new has told in a chat.
func (h *house) missed(kind queue.NeedKind, words, category string) (id queue.NeedID, conv bots.ConversationID) {
	h.t.Helper()
	conv = h.conversation(h.lib, "Туйаара")
	var contact contacts.ID
	h.scan(&contact, `select contact_id from addresses where id = $1`, conv)
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		id, err = queue.AddNeed(ctx, tx, queue.NewNeed{
			Library: h.lib, Kind: kind, Words: words, Key: stock.Key(words), Conversation: conv, Contact: contact, Category: category, Channel: bots.WebChat, At: h.clock.Now(),
		})
		return err
	})
	return id, conv
}

// seen is the form of an act on the group as it stands.
func (h *house) seen(id queue.NeedID, more ...string) url.Values {
	h.t.Helper()
	var version int
	h.scan(&version, `select version from need_topics where id = $1`, id)
	form := url.Values{"version": {fmt.Sprint(version)}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

// decided takes the group off the list.
func (h *house) decided(id queue.NeedID, by queue.Staff, note string) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		var version int
		if err := tx.QueryRow(ctx, `select version from need_topics where id = $1`, id).Scan(&version); err != nil {
			return err
		}
		return queue.DecideNeed(ctx, tx, h.lib, id, version, by.ID, note, h.clock.Now())
	})
}

// needs are the deeds on what people miss.
func (g guests) needs() map[string]deed {
	g.h.t.Helper()
	miss := func(words string) queue.NeedID {
		id, _ := g.h.missed(queue.NeedSection, words, "")
		return id
	}
	over, one, two, three, four := miss("Астрономия"), miss("Ботаника"), miss("Растения"), miss("Пчёлы"), miss("Пчеловодство")
	g.h.decided(over, g.librarian.staff, "Куплено")
	g.h.tx(func(ctx context.Context, tx pgx.Tx) error { return queue.JoinNeeds(ctx, tx, g.h.lib, four, 2, three) })
	on := func(id queue.NeedID, what string, form url.Values) deed {
		return deed{g.librarian, needAddress(id) + what, form}
	}
	last := miss("Генетика")
	return map[string]deed{
		"POST /desk/needs":             {g.librarian, "/desk/needs", url.Values{"kind": {"resource"}, "words": {"Scopus"}, "who": {"Кафедра"}}},
		"GET /desk/needs/{id}":         on(one, "", nil),
		"POST /desk/needs/{id}/decide": on(last, "/decide", g.h.seen(last, "note", "Куплено")),
		"POST /desk/needs/{id}/open":   on(over, "/open", g.h.seen(over)),
		"POST /desk/needs/{id}/join":   on(two, "/join", g.h.seen(two, "same", fmt.Sprint(one))),
		"POST /desk/needs/{id}/part":   on(three, "/part", url.Values{"writing": {fmt.Sprint(four)}}),
	}
}

// TestNeedsAtTheDesk: counted and shown with who they are, noted for others, decided on, back when asked for again; a colleague who comes later is told.
func TestNeedsAtTheDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		lib, err := contacts.NewLibraries(h.pool, h.clock.Now).ByID(ctx, h.lib)
		if err != nil {
			return err
		}
		lib.Settings.Registration.Fields = library.ExampleFields()
		return contacts.ChangeSettings(ctx, tx, h.lib, lib.Settings)
	})
	librarian, head := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleHead, library.English)
	librarian.get("/desk/needs").holds(t, "Nothing here")
	bees, conv := h.missed(queue.NeedSection, "Ещё о пчёлах", "student")
	h.missed(queue.NeedSection, "еще о пчелах", "")
	h.missed(queue.NeedDigitise, "<b>Олонхо</b>", "pupil")
	librarian.get("/desk/needs").holds(t, "Ещё о пчёлах", "2 people", "University student: 1", "not known: 1", "&lt;b&gt;Олонхо", "School pupil: 1")
	librarian.get("/desk/needs?kind=digitise").lacks(t, "Ещё о пчёлах")

	// The head of a department sees how many, and nobody.
	head.get(needAddress(bees)).lacks(t, "Туйаара", conversationAddress(conv))
	librarian.get(needAddress(bees)).holds(t, "Туйаара", conversationAddress(conv), "University student", "еще о пчелах")

	note := url.Values{"kind": {"section"}, "words": {"Пчелах о ЕЩЁ"}, "who": {"Кружок"}, "category": {"School pupil"}}
	head.post("/desk/needs", note).leads(t, "/desk/needs?did=need-noted")
	head.post("/desk/needs", note)
	head.get("/desk/needs?did=need-noted").holds(t, "The need is noted.", "3 people", "School pupil: 1")
	bad := head.post("/desk/needs", url.Values{"kind": {"wish"}, "words": {" "}, "who": {"Кружок <1>"}})
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("noted without words: %d", bad.status)
	}
	bad.holds(t, "Write what is missed", "Кружок &lt;1&gt;")

	old := h.seen(bees, "note", "Bought")
	h.clock.move(time.Minute)
	h.missed(queue.NeedSection, "Ещё о пчёлах", "")
	late := head.post(needAddress(bees)+"/decide", old)
	if late.status != http.StatusConflict {
		t.Errorf("decided on what was not seen: %d", late.status)
	}
	late.holds(t, "It changed meanwhile", `value="Bought"`)
	if got := head.post(needAddress(bees)+"/decide", h.seen(bees, "note", "")); got.status != http.StatusUnprocessableEntity {
		t.Errorf("decided without a word: %d", got.status)
	}
	head.post(needAddress(bees)+"/decide", h.seen(bees, "note", "Bought")).leads(t, "/desk/needs?did=need-decided")
	librarian.get("/desk/needs").lacks(t, "Ещё о пчёлах")
	librarian.get("/desk/needs?state=decided").holds(t, "Ещё о пчёлах", "Bought")
	h.clock.move(time.Minute)
	h.missed(queue.NeedSection, "Ещё о пчёлах", "")
	librarian.get("/desk/needs").holds(t, "Decided before: Bought. Asked for again.", "5 people")
}

func TestNeedsOfTwoWordings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	one, _ := h.missed(queue.NeedSection, "Ботаника", "")
	two, _ := h.missed(queue.NeedSection, "Книги о растениях", "")
	form := h.seen(two, "same", fmt.Sprint(one))
	librarian.get(needAddress(two)).holds(t, fmt.Sprintf(`<option value="%d">Ботаника · 1 person`, one))
	librarian.post(needAddress(two)+"/join", form).leads(t, needAddress(one)+"?did=need-joined")
	if got := librarian.post(needAddress(two)+"/join", form); got.status != http.StatusConflict {
		t.Errorf("joined twice: %d", got.status)
	}
	librarian.get(needAddress(two)).leads(t, needAddress(one))
	librarian.get(needAddress(one)).holds(t, "2 people", "Take apart", "Книги о растениях")
	librarian.post(needAddress(one)+"/part", url.Values{"writing": {fmt.Sprint(two)}}).leads(t, needAddress(two)+"?did=need-parted")
	librarian.get(needAddress(one)).holds(t, "1 person")
	if got := librarian.post(needAddress(one)+"/join", url.Values{"same": {"x"}}); got.status != http.StatusBadRequest {
		t.Errorf("joined to nothing: %d", got.status)
	}
}

func TestNeedsAsATable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	for i := range 205 {
		h.count++
		h.tx(func(ctx context.Context, tx pgx.Tx) error {
			_, err := queue.AddNeed(ctx, tx, queue.NewNeed{
				Library: h.lib, Kind: queue.NeedSection, Words: fmt.Sprint("Тема ", i), Key: fmt.Sprint("тема ", i), By: librarian.staff.ID, At: h.clock.Now(),
			})
			return err
		})
	}
	h.missed(queue.NeedResource, "=1+1, Scopus", "student")
	got := librarian.get("/desk/needs.csv")
	lines := strings.Split(strings.TrimSpace(got.body), "\r\n")
	if len(lines) != 207 || lines[0] != "\ufeffWhat it is,\"Author, title or topic\",How many people,Who they are,First asked,Last asked,Decision" {
		t.Fatalf("%d lines, the first %q", len(lines), lines[0])
	}
	if !strings.Contains(got.body, "Resources to subscribe to,\"'=1+1, Scopus\",1,University student: 1,2026-03-02,2026-03-02,\r\n") || strings.Contains(got.body, "Туйаара") {
		t.Errorf("the table:\n%s", got.body[:300])
	}
	if got := librarian.get("/desk/needs.csv?kind=resource"); strings.Count(got.body, "\r\n") != 2 {
		t.Errorf("of a kind:\n%s", got.body)
	}
	first := librarian.get("/desk/needs")
	_, next, ok := strings.Cut(first.body, `/desk/needs?after=`)
	if !ok || strings.Count(first.body, `class="row"`) != needsAtOnce {
		t.Fatalf("%d rows, more: %v", strings.Count(first.body, `class="row"`), ok)
	}
	after, _, _ := strings.Cut(next, `"`)
	if second := librarian.get("/desk/needs?after=" + after); strings.Count(second.body, `class="row"`) != needsAtOnce || strings.Contains(second.body, "Scopus") == strings.Contains(first.body, "Scopus") {
		t.Error("the second stretch is not what follows")
	}
}
