package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// keep stands for the store and its inspector: what is named .txt holds no pages, what is named big is too large, and what is
// named by a code shows it.
func (h *house) keep(ctx context.Context, lib library.ID, name string, src io.Reader, _ int64) (f files.File, found files.Finding, err error) {
	body, err := io.ReadAll(src)
	if err != nil {
		return f, found, err
	}
	if strings.HasPrefix(name, "big") {
		return f, found, files.ErrTooLarge
	}
	f = files.File{Library: lib, Name: name, Kind: files.Image}
	if strings.HasSuffix(name, ".txt") {
		f.Kind = files.Text
	}
	err = h.pool.QueryRow(ctx, `insert into files (id, library_id, sha256, size, name, media_type, kind, state, created_at)
select translate(substr(md5(random()::text), 1, 26), '0189', 'abcd'), $1, sha256($2), 1, $3, 'image/jpeg', $4, 'clean', now() returning id, sha256`, lib, body, name, f.Kind).
		Scan(&f.ID, &f.SHA256)
	seen := files.Sheet{Number: 1, Preview: f.ID}
	if code := strings.TrimSuffix(name, ".jpg"); strings.HasPrefix(code, files.CodePrefix) {
		seen.Code = code
	}
	return f, files.Finding{FileID: f.ID, Kind: f.Kind, Sheets: []files.Sheet{seen}}, err
}

// ordered is a fragment of a book that nobody has found yet, and the department that is to find it.
func (h *house) ordered() (fragments.Order, int64) {
	h.t.Helper()
	conv := h.conversation(h.lib, "Айыына")
	_, reader := h.application(h.lib, conv, "Айыына", "sent")
	var o fragments.Order
	var department int64
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		h.count++
		name := map[library.Lang]string{library.Russian: fmt.Sprint("Книгохранение ", h.count)}
		if department, err = queue.AddDepartment(ctx, tx, queue.Console(), queue.Department{Library: h.lib, Name: name}); err != nil {
			return err
		}
		o, err = fragments.Place(ctx, tx, fragments.Wish{
			Library: library.Library{ID: h.lib, Zone: time.UTC}, Kind: fragments.Fragment, Reader: contacts.ReaderID(reader), Conversation: conv, Channel: bots.WebChat,
			Title: "Олонхо о реке", Pages: fmt.Sprintf("%d–%d", h.count, h.count+3), Count: 4, Want: "photo", At: h.clock.Now(),
		})
		return err
	})
	return o, department
}

// sought is an order that a department looks for.
func (h *house) sought(by *visitor) fragments.Order {
	h.t.Helper()
	o, department := h.ordered()
	by.post(orderAddress(o.ID)+"/route", url.Values{"department": {fmt.Sprint(department)}}).leads(h.t, "/desk?did=routed")
	o, err := fragments.ByID(h.t.Context(), h.pool, h.lib, o.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

// came is one whose pages are here.
func (h *house) came(by *visitor) fragments.Order {
	h.t.Helper()
	o := h.sought(by)
	by.post(orderAddress(o.ID)+"/parts", upload("1.jpg", "2.jpg")).leads(h.t, orderAddress(o.ID))
	by.post(orderAddress(o.ID)+"/hand-over", nil).leads(h.t, "/desk?did=handed-over")
	return o
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.pool.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) scan(into any, sql string, args ...any) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), sql, args...).Scan(into); err != nil {
		h.t.Fatal(err)
	}
}

func upload(names ...string) url.Values { return url.Values{"files": names} }

func (h *house) part(o fragments.Order, n int) string {
	h.t.Helper()
	parts, err := fragments.Parts(h.t.Context(), h.pool, h.lib, o.ID)
	if err != nil || len(parts) <= n {
		h.t.Fatalf("%d pages, %v", len(parts), err)
	}
	return fmt.Sprintf("%s/parts/%d", orderAddress(o.ID), parts[n].ID)
}

// orders are the deeds on orders.
func (g guests) orders() map[string]deed {
	g.h.t.Helper()
	by := g.librarian
	on := func(o fragments.Order, what string, form url.Values) deed {
		return deed{by, orderAddress(o.ID) + what, form}
	}
	first, department := g.h.ordered()
	sent := g.h.came(by)
	g.h.tx(func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update orders set file_ids = (select array[file_id] from order_parts where order_id = $1 limit 1) where id = $1`, sent.ID)
		return err
	})
	came := g.h.came(by)
	turned, dropped, moved := g.h.part(came, 0), g.h.part(came, 1), g.h.part(came, 0)
	words := url.Values{"words": {"Страница 5 не читается"}}
	return map[string]deed{
		"GET /desk/orders/{id}":                       on(came, "", nil),
		"GET /desk/orders/{id}/part":                  on(came, "/part", nil),
		"GET /desk/orders/{id}/slip":                  on(came, "/slip", nil),
		"GET /desk/orders/{id}/sent/{part}":           on(sent, "/sent/1", nil),
		"POST /desk/orders/{id}/route":                on(first, "/route", url.Values{"department": {fmt.Sprint(department)}}),
		"POST /desk/orders/{id}/parts":                on(g.h.sought(by), "/parts", upload("3.jpg")),
		"POST /desk/orders/{id}/bind":                 on(g.h.sought(by), "/bind", url.Values{"edition": {fmt.Sprint(g.h.edition("Олонхо"))}, "permit": {"yes"}}),
		"POST /desk/orders/{id}/digitise":             on(g.h.scanned(by), "/digitise", url.Values{}),
		"POST /desk/orders/{id}/give-back":            on(g.h.digitised(by), "/give-back", words),
		"POST /desk/orders/{id}/hand-over":            on(g.withParts(), "/hand-over", url.Values{}),
		"POST /desk/orders/{id}/return":               on(g.h.came(by), "/return", words),
		"POST /desk/orders/{id}/release":              on(g.h.came(by), "/release", url.Values{}),
		"POST /desk/orders/{id}/refuse":               on(g.h.sought(by), "/refuse", url.Values{"reason": {fragments.Lost}}),
		"POST /desk/orders/{id}/cancel":               on(g.h.sought(by), "/cancel", url.Values{}),
		"POST /desk/orders/{id}/ask":                  on(g.h.sought(by), "/ask", words),
		"POST /desk/orders/{id}/undo":                 on(g.h.sought(by), "/undo", url.Values{}),
		"GET /desk/orders/{id}/parts/{part}":          {by, turned, nil},
		"GET /desk/orders/{id}/parts/{part}/original": {by, turned + "/original", nil},
		"POST /desk/orders/{id}/parts/{part}/turn":    {by, turned + "/turn", url.Values{}},
		"POST /desk/orders/{id}/parts/{part}/drop":    {by, dropped + "/drop", url.Values{"out": {"yes"}}},
		"POST /desk/orders/{id}/parts/{part}/move":    {by, moved + "/move", url.Values{"place": {"2"}}},
	}
}

// withParts is an order whose department has brought a page, but not said that it is all.
func (g guests) withParts() fragments.Order {
	g.h.t.Helper()
	o := g.h.sought(g.librarian)
	g.librarian.post(orderAddress(o.ID)+"/parts", upload("1.jpg")).leads(g.h.t, orderAddress(o.ID))
	return o
}

// TestOrderIsServed: the librarian chooses the department, its responsible brings pages from a phone, the librarian arranges and releases them.
func TestOrderIsServed(t *testing.T) {
	t.Parallel()
	for _, lang := range library.Langs() {
		h := newHouse(t)
		librarian, keeper := h.signedIn(h.lib, queue.RoleLibrarian, lang), h.signedIn(h.lib, queue.RoleDepartment, lang)
		o, department := h.ordered()
		page := orderAddress(o.ID)
		h.good(t, librarian, "/desk/orders", "Олонхо о реке")
		h.good(t, librarian, page, "Айыына")
		librarian.post(page+"/route", url.Values{"department": {fmt.Sprint(department)}}).leads(t, "/desk?did=routed")
		h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, department)
		if got := keeper.get(page); got.status != http.StatusOK || strings.Contains(got.body, "Айыына") {
			t.Errorf("%s: the department gets %d, and may know who asks", lang, got.status)
		}
		var task queue.TaskID
		h.scan(&task, `select id from tasks where order_id = $1 and state <> 'done'`, o.ID)
		for _, at := range []string{"/desk", taskAddress(task), taskAddress(task) + "/side"} {
			if got := keeper.get(at); got.status != http.StatusOK || strings.Contains(got.body, "Айыына") {
				t.Errorf("%s: %s gives the department %d, and may say who asks", lang, at, got.status)
			}
		}
		keeper.post(taskAddress(task)+"/take", nil).leads(t, taskAddress(task))
		if got := keeper.post(taskAddress(task)+"/done", nil); got.status != http.StatusConflict {
			t.Errorf("%s: the task of an order is done without its book: %d", lang, got.status)
		}
		keeper.post(page+"/parts", upload("12.jpg", "11.jpg", "notes.jpg")).leads(t, page)
		if got := keeper.post(page+"/release", url.Values{}); got.status != http.StatusForbidden {
			t.Errorf("%s: the department releases: %d", lang, got.status)
		}
		keeper.post(page+"/hand-over", url.Values{}).leads(t, "/desk?did=handed-over")
		librarian.post(h.part(o, 1)+"/move", url.Values{"place": {"1"}}).leads(t, strings.Replace(h.part(o, 0), "/parts/", "#part-", 1))
		librarian.post(h.part(o, 2)+"/drop", url.Values{"out": {"yes"}})
		librarian.post(h.part(o, 0)+"/turn", url.Values{})
		h.good(t, librarian, page, `data-lies="1"`)
		librarian.post(page+"/release", url.Values{}).leads(t, "/desk?did=released-order")
		var stand string
		h.scan(&stand, `select string_agg(p.name || case when dropped then '-' else '' end, ' ' order by place) || ' ' || o.state
from orders o join order_parts p on p.order_id = o.id where o.id = $1 group by o.id, o.state`, o.ID)
		if stand != "12.jpg 11.jpg notes.jpg- making" {
			t.Errorf("%s: %s", lang, stand)
		}
		if got := librarian.post(h.part(o, 0)+"/turn", url.Values{}); got.status != http.StatusConflict {
			t.Errorf("%s: turned after the release: %d", lang, got.status)
		}
		if h.logged.Len() > 0 {
			t.Errorf("%s: logged %s", lang, h.logged)
		}
	}
}

// TestWhatWasSentIsNotForTheDepartment: the first page of the PDF names the reader.
func TestWhatWasSentIsNotForTheDepartment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian, keeper := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleHead, library.English)
	o := h.came(librarian)
	h.exec(`update orders set file_ids = (select array[file_id] from order_parts where order_id = $1 limit 1) where id = $1`, o.ID)
	h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, o.Department)
	sent := orderAddress(o.ID) + "/sent/1"
	h.good(t, librarian, orderAddress(o.ID), sent)
	if got := keeper.get(orderAddress(o.ID)); got.status != http.StatusOK || strings.Contains(got.body, sent) {
		t.Errorf("the department gets %d, and may be led to what was sent", got.status)
	}
	if got := keeper.get(sent); got.status != http.StatusForbidden {
		t.Errorf("the department gets what was sent: %d", got.status)
	}
}

func TestOrderOfAnotherDepartmentIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian, keeper := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleDepartment, library.English)
	o := h.sought(librarian)
	_, other := h.ordered()
	h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, other)
	if got := keeper.get(orderAddress(o.ID)); got.status != http.StatusNotFound {
		t.Errorf("another department sees it: %d", got.status)
	}
	if got := keeper.get("/desk/orders").body; strings.Contains(got, "Олонхо") {
		t.Error("another department sees it in the list")
	}
	h.exec(`update staff set department_id = null where id = $1`, keeper.staff.ID)
	if got := keeper.get(orderAddress(o.ID)); got.status != http.StatusNotFound {
		t.Errorf("who belongs to no department sees it: %d", got.status)
	}
	if got := keeper.get("/desk/orders").body; strings.Contains(got, "Олонхо") {
		t.Error("who belongs to no department sees it in the list")
	}
}

func TestBadPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	by := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	o := h.sought(by)
	page := orderAddress(o.ID)
	for about, c := range map[string]struct {
		what   string
		form   url.Values
		status int
		says   string
	}{
		"no file":             {"/parts", upload(), http.StatusConflict, "at least one file"},
		"words":               {"/parts", upload("good.jpg", "bad.txt", "after.jpg"), http.StatusConflict, "bad.txt"},
		"too large":           {"/parts", upload("big.jpg"), http.StatusConflict, "big.jpg"},
		"no department":       {"/route", url.Values{"department": {""}}, http.StatusConflict, "Choose a department"},
		"a department of air": {"/route", url.Values{"department": {"99999"}}, http.StatusConflict, "Choose a department"},
		"no reason":           {"/refuse", url.Values{"reason": {"because"}}, http.StatusConflict, "Choose a reason"},
		"another, no words":   {"/refuse", url.Values{"reason": {fragments.Other}}, http.StatusConflict, "Write something"},
		"an empty question":   {"/ask", url.Values{"words": {" "}}, http.StatusConflict, "Write something"},
		"released too early":  {"/release", url.Values{}, http.StatusConflict, ""},
		"a place of words":    {"/parts/1/move", url.Values{"place": {"first"}}, http.StatusBadRequest, ""},
		"a page of nobody":    {"/parts/99999/turn", url.Values{}, http.StatusNotFound, ""},
	} {
		got := by.post(page+c.what, c.form)
		if got.status != c.status || !strings.Contains(got.body, c.says) {
			t.Errorf("%s: %d, says %q: %v", about, got.status, c.says, strings.Contains(got.body, c.says))
		}
	}
	var kept string
	h.scan(&kept, `select string_agg(name, ' ' order by place) from order_parts where order_id = $1`, o.ID)
	if kept != "good.jpg after.jpg" {
		t.Errorf("kept %s", kept)
	}
}

// TestColleagueWorksOnIt: what somebody else has taken stays theirs.
func TestColleagueWorksOnIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.signedIn(h.lib, queue.RoleLibrarian, library.English), h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	o := h.came(one)
	var task queue.TaskID
	h.scan(&task, `select id from tasks where order_id = $1 and state <> 'done'`, o.ID)
	one.post(taskAddress(task)+"/take", nil).leads(t, taskAddress(task))
	typed := url.Values{"reason": {fragments.Fragile}, "words": {"Нельзя раскрывать"}}
	if got := two.post(orderAddress(o.ID)+"/refuse", typed); !strings.Contains(got.body, "Нельзя раскрывать</textarea>") || !strings.Contains(got.body, `value="fragile" selected`) {
		t.Errorf("what was typed is lost: %d", got.status)
	}
	if got := two.post(orderAddress(o.ID)+"/release", url.Values{}); got.status != http.StatusConflict || !strings.Contains(got.body, "Анна Иванова") {
		t.Errorf("a colleague's: %d", got.status)
	}
	if got := two.post(h.part(o, 0)+"/turn", url.Values{}); got.status != http.StatusConflict {
		t.Errorf("a page of what a colleague works on was turned: %d", got.status)
	}
	h.good(t, one, taskAddress(task), "/release")
	one.post(orderAddress(o.ID)+"/release", url.Values{}).leads(t, "/desk?did=released-order")
	var who queue.StaffID
	h.scan(&who, `select holder from tasks where id = $1`, task)
	if who != one.staff.ID {
		t.Errorf("done by %d", who)
	}
}
