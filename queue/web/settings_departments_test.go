package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

// department adds one that is known by the name.
func (h *house) department(lib library.ID, name string) (id int64) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		id, err = queue.AddDepartment(ctx, tx, queue.Console(), queue.Department{Library: lib, Name: map[library.Lang]string{library.Russian: name}})
		return err
	})
	return id
}

func departmentPath(id int64) string { return fmt.Sprintf("/desk/settings/departments/%d", id) }

// departmentForm is a good form of a department.
func departmentForm(name string, fields ...string) url.Values {
	form := url.Values{"name.ru": {name}, "way": {"desk"}, "hours": {"library"}, "on": {"yes"}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

// placed is a colleague who is given a department.
func (g guests) placed() deed {
	g.h.t.Helper()
	member, _ := g.h.staff(g.h.lib, queue.RoleDepartment, library.English)
	department := g.h.department(g.h.lib, "Абонемент")
	return deed{g.director, fmt.Sprintf("/desk/staff/%d/department", member.ID), url.Values{"department": {fmt.Sprint(department)}}}
}

func (h *house) departments(lib library.ID) []queue.Department {
	h.t.Helper()
	list, err := h.desk.ListDepartments(h.t.Context(), lib)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestDepartmentIsAddedAndChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	head.get("/desk/settings/departments").has(t, http.StatusOK, "No departments yet", "Add a department")
	head.get("/desk/settings/departments/new").has(t, http.StatusOK, "New department", `value="desk" checked`, `name="on" value="yes" checked`)
	form := departmentForm("Отдел хранения", "name.en", "Storage", "email", "store@example.org", "listed", "Duty@example.org\r\n@scans.example.org",
		"way", "email", "hours", "own", "hours.1", "9-13, 14:00–18:00", "hours.2", "—", "days", "30.04.2026\r\n2026-05-08 9:00–12:00\r\n", "trusted", "yes")
	form["purpose"] = []string{"fragment", "article", "nonsense"}
	head.post("/desk/settings/departments", form).leads(t, "/desk/settings/departments?did=saved")
	dep := h.departments(lib)[0]
	hours := library.Hours{
		Week: [7][]library.Span{1: {{From: 540, Until: 780}, {From: 840, Until: 1080}}},
		Days: map[string][]library.Span{"2026-04-30": {}, "2026-05-08": {{From: 540, Until: 720}}},
	}
	if dep.Name["en"] != "Storage" || dep.Way != queue.WayEmail || !dep.Trusted || dep.Email != "store@example.org" || dep.Hours == nil ||
		!slices.Equal(dep.Listed, []string{"duty@example.org", "@scans.example.org"}) || !slices.Equal(dep.Purposes, []queue.Purpose{queue.ForFragment, queue.ForArticle}) {
		t.Fatalf("added: %+v", dep)
	}
	if got := *dep.Hours; !reflect.DeepEqual(got.Days, hours.Days) || !reflect.DeepEqual(got.Week[1], hours.Week[1]) || len(got.Week[2]) != 0 {
		t.Errorf("hours: %+v", got)
	}
	head.get("/desk/settings/departments").has(t, http.StatusOK, "Storage", "by e-mail", "fragments of books, articles", "not checked")
	head.get(departmentPath(dep.ID)).has(t, http.StatusOK, "9:00–13:00, 14:00–18:00", "2026-04-30\n2026-05-08 9:00–12:00", "@scans.example.org", `value="own" checked`)
	head.get("/desk/settings").has(t, http.StatusOK, "Storage: fragments of books, articles")

	late := departmentForm("Хранение", "base", "1", "hours", "library")
	head.post(departmentPath(dep.ID), late).leads(t, "/desk/settings/departments?did=saved")
	if dep = h.departments(lib)[0]; dep.Hours != nil || dep.Trusted || dep.Name["ru"] != "Хранение" || dep.Version != 2 {
		t.Errorf("changed: %+v", dep)
	}
	late.Set("name.ru", "Третье имя")
	late.Del("on")
	again := head.post(departmentPath(dep.ID), late)
	again.has(t, http.StatusConflict, "Somebody else has changed", "Третье имя", `name="base" value="2"`)
	late.Set("base", "2")
	head.post(departmentPath(dep.ID), late).leads(t, "/desk/settings/departments?did=saved")
	if dep = h.departments(lib)[0]; dep.State != "off" || dep.Name["ru"] != "Третье имя" {
		t.Errorf("off: %+v", dep)
	}
	if got := head.post(departmentPath(dep.ID), departmentForm("Х", "base", "x")); got.status != http.StatusBadRequest {
		t.Errorf("without a version: %d", got.status)
	}
	if n := h.audited("department.changed", head.staff); n != 2 {
		t.Errorf("%d rows in the audit log", n)
	}
}

func TestBadDepartmentIsRefusedBesideItsFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	for _, c := range []struct{ field, text, want string }{
		{"name.ru", "", "records in this language"},
		{"name.ru", strings.Repeat("я", mostLabel+1), "Too long"},
		{"email", "store at home", "no e-mail address"},
		{"way", "email", "needs an address"},
		{"way", "pigeon", "Choose where"},
		{"listed", "duty@example.org\nnonsense", "neither an address nor a domain: nonsense"},
		{"listed", strings.Repeat("duty@example.org\n", 51), "No more than 50 addresses"},
		{"hours.1", "9-25", "cannot be read"},
		{"hours.1", "14-13", "cannot be read"},
		{"hours.1", "9-13, 12-18", "cannot be read"},
		{"hours.1", "9:75-13", "cannot be read"},
		{"days", "30.04.2026 soon", "This line cannot be read: 30.04.2026 soon"},
		{"days", "31.02.2026", "This line cannot be read: 31.02.2026"},
	} {
		form := departmentForm("Отдел с именем", "hours", "own", "name.en", "Kept as typed", c.field, c.text)
		head.post("/desk/settings/departments", form).has(t, http.StatusUnprocessableEntity, c.want, "Kept as typed", `value="own" checked`, "This is not saved yet", `aria-invalid="true"`)
	}
	if len(h.departments(lib)) != 0 {
		t.Error("one was added")
	}
}

// siglaForm is the table in its form; a row is siglum, fund, department, rank.
func siglaForm(seen []queue.Siglum, rows ...[4]string) url.Values {
	table, _ := json.Marshal(seen)
	form := url.Values{"seen": {string(table)}}
	for _, r := range rows {
		for i, name := range []string{"siglum", "fund", "department", "rank"} {
			form.Add(name, r[i])
		}
	}
	return form
}

func TestSiglaAreEditedInPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	const page = "/desk/settings/sigla"
	head.get(page).has(t, http.StatusOK, "Add departments first")
	store, local := h.department(lib, "Хранение"), h.department(lib, "Краеведение")
	a, b := fmt.Sprint(store), fmt.Sprint(local)
	head.get(page).has(t, http.StatusOK, "Хранение", "Краеведение", `name="new" value="3"`)
	form := siglaForm(nil, [4]string{"кх", "основной фонд", a, ""}, [4]string{"КХ", "краеведческий фонд", b, "2"}, [4]string{"", "", "0", ""})
	form["new"] = []string{"1", "2", "3"}
	head.post(page, form).leads(t, page+"?did=saved")
	list, err := h.desk.ListSigla(t.Context(), lib)
	if err != nil || len(list) != 2 || list[0] != (queue.Siglum{Siglum: "КХ", Fund: "краеведческий фонд", Department: local, Rank: 2}) || list[1].Rank != 1 {
		t.Fatalf("sigla: %+v %v", list, err)
	}
	head.get("/desk/settings").has(t, http.StatusOK, "Хранение: КХ основной фонд")
	late := head.post(page, form)
	late.has(t, http.StatusConflict, "Somebody else has changed", `value="краеведческий фонд"`)

	keep := [4]string{"КХ", "краеведческий фонд", b, "2"}
	for _, c := range []struct {
		row  [4]string
		want string
	}{
		{[4]string{"", "фонд", a, "1"}, "Type the siglum"},
		{[4]string{"СБ", "", "0", "1"}, "Choose a department"},
		{[4]string{"СБ", "", fmt.Sprint(h.department(h.lib, "Чужой")), "1"}, "Choose a department"},
		{[4]string{"СБ", "", a, "x"}, "whole number from 1 to 99"},
		{[4]string{"kx", "Краеведческий фонд", b, "1"}, "such a row above"},
		{[4]string{strings.Repeat("я", mostLabel+1), "", a, "1"}, "Too long"},
	} {
		head.post(page, siglaForm(list, keep, c.row)).has(t, http.StatusUnprocessableEntity, c.want, `value="`+c.row[0]+`"`, `value="краеведческий фонд"`)
	}
	form = siglaForm(list, keep, [4]string{"КХ", "основной фонд", a, "1"})
	form["remove"] = []string{"2"}
	head.post(page, form).leads(t, page+"?did=saved")
	if list, err = h.desk.ListSigla(t.Context(), lib); err != nil || len(list) != 1 || list[0].Department != local {
		t.Errorf("sigla: %+v %v", list, err)
	}
	if got := head.post(page, url.Values{"seen": {"[]"}, "siglum": {"КХ"}}); got.status != http.StatusBadRequest {
		t.Errorf("half a row: %d", got.status)
	}
}

func TestColleagueIsGivenADepartment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	store := h.department(lib, "Хранение")
	keeper, _ := h.staff(lib, queue.RoleDepartment, library.English)
	anna, _ := h.staff(lib, queue.RoleLibrarian, library.English)
	place := func(id queue.StaffID, department string) answer {
		return head.post(fmt.Sprintf("/desk/staff/%d/department", id), url.Values{"department": {department}})
	}
	head.get("/desk/staff").has(t, http.StatusOK, "no department")
	place(keeper.ID, fmt.Sprint(store)).leads(t, "/desk/staff?did=saved")
	head.get("/desk/staff").has(t, http.StatusOK, "<small>Хранение</small>")
	place(anna.ID, fmt.Sprint(store)).has(t, http.StatusUnprocessableEntity, "cannot belong to that department")
	place(keeper.ID, fmt.Sprint(h.department(h.lib, "Чужой"))).has(t, http.StatusUnprocessableEntity, "cannot belong to that department")
	if got := place(keeper.ID, "x"); got.status != http.StatusBadRequest {
		t.Errorf("no number: %d", got.status)
	}
	head.post("/desk/staff", url.Values{"name": {"New"}, "login": {"new.keeper"}, "role": {"head"}, "lang": {"ru"}, "department": {fmt.Sprint(store)}}).has(t, http.StatusOK, "new.keeper")
	added, err := h.desk.StaffByLogin(t.Context(), "new.keeper")
	if err != nil || added.Department != store {
		t.Errorf("added: %+v %v", added, err)
	}
	place(keeper.ID, "0").leads(t, "/desk/staff?did=saved")
}

// TestTaskOfADepartment holds that a librarian may look at it, and only the department's people take it.
func TestTaskOfADepartment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lib, head := h.asking(library.English)
	store, local := h.department(lib, "Хранение"), h.department(lib, "Краеведение")
	person := func(role queue.Role, department int64) *visitor {
		v := h.signedIn(lib, role, library.English)
		if department != 0 {
			h.tx(func(ctx context.Context, tx pgx.Tx) error {
				return h.desk.PlaceStaff(ctx, tx, head.staff, v.staff.ID, department)
			})
		}
		return v
	}
	keeper, stranger, librarian := person(queue.RoleDepartment, store), person(queue.RoleDepartment, local), person(queue.RoleLibrarian, 0)
	var ids []queue.TaskID
	h.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		task := queue.NewTask{Library: lib, Kind: queue.KindStuck, Role: queue.RoleDepartment, Department: store, ReaderName: "Reader of the store", Created: h.clock.Now(), Due: h.clock.Now()}
		ids, err = queue.Open(ctx, tx, []queue.NewTask{task})
		return err
	})
	page := taskAddress(ids[0])
	const take = `/take"`
	if got := librarian.get(page); got.status != http.StatusOK || !strings.Contains(got.body, "Хранение") || strings.Contains(got.body, take) {
		t.Errorf("a librarian: %d, may take it: %v", got.status, strings.Contains(got.body, take))
	}
	if got := librarian.post(page+"/take", url.Values{}); got.status != http.StatusForbidden {
		t.Errorf("a librarian takes it: %d", got.status)
	}
	if got := stranger.get(page); got.status != http.StatusForbidden {
		t.Errorf("another department looks at it: %d", got.status)
	}
	if got := stranger.get("/desk"); strings.Contains(got.body, "Reader of the store") {
		t.Error("another department sees it in the list")
	}
	keeper.get("/desk").has(t, http.StatusOK, "Reader of the store")
	keeper.get(page).has(t, http.StatusOK, take, "Хранение")
	keeper.post(page+"/take", url.Values{}).leads(t, page)
	h.lib = lib
	o, _ := h.ordered()
	h.exec(`update tasks set order_id = $2 where id = $1`, ids[0], o.ID)
	now := h.clock.Now()
	h.tx(func(ctx context.Context, tx pgx.Tx) error {
		return queue.ClockOfOrder(ctx, tx, lib, int64(o.ID), queue.Clock{Due: now, Paused: &now})
	})
	keeper.get(page).has(t, http.StatusOK, "the clock stands", "the clock was stopped")
	keeper.get("/desk").has(t, http.StatusOK, "the clock stands")
}
