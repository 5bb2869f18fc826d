package queue_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

// department adds one that is known by the name.
func (h *house) department(lib library.ID, name string, purposes ...queue.Purpose) (id int64) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) (err error) {
		id, err = queue.AddDepartment(h.t.Context(), tx, queue.Console(),
			queue.Department{Library: lib, Name: map[library.Lang]string{library.Russian: name}, Purposes: purposes})
		return err
	})
	return id
}

func TestDepartmentIsChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	director, _ := h.staff("director", queue.RoleDirector)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	id := h.department(h.lib, "Хранение")
	dep, err := h.GetDepartment(ctx, h.lib, id)
	want(t, "get", err, nil)
	if dep.Way != queue.WayDesk || dep.State != "on" || dep.Hours != nil || dep.Trusted || len(dep.Listed)+len(dep.Purposes) != 0 || dep.Version != 1 {
		t.Errorf("a new one is %+v", dep)
	}
	dep.Hours = &library.Hours{Week: [7][]library.Span{1: {{From: 540, Until: 720}}}}
	dep.Email, dep.Way, dep.Trusted = "store@example.org", queue.WayEmail, true
	dep.Listed = []string{" Duty@Example.org ", "@scans.example.org", "", "duty@example.org"}
	dep.Purposes = []queue.Purpose{queue.ForArticle, queue.ForFragment, queue.ForArticle}
	change := func(by queue.Staff, d queue.Department) error {
		return h.try(func(tx pgx.Tx) error { return queue.ChangeDepartment(ctx, tx, by, d) })
	}
	want(t, "by a librarian", change(anna, dep), queue.ErrNotAllowed)
	want(t, "change", change(director, dep), nil)
	got, err := h.GetDepartment(ctx, h.lib, id)
	want(t, "get", err, nil)
	if !slices.Equal(got.Listed, []string{"duty@example.org", "@scans.example.org"}) || !slices.Equal(got.Purposes, []queue.Purpose{queue.ForFragment, queue.ForArticle}) ||
		got.Hours == nil || got.Hours.Week[1][0].Until != 720 || !got.Trusted || got.Way != queue.WayEmail || got.Version != 2 {
		t.Errorf("changed: %+v", got)
	}
	want(t, "over what was not seen", change(director, dep), queue.ErrChanged)

	second := h.library("second")
	dep = got
	dep.Library = second
	want(t, "another library's", change(queue.Console(), dep), queue.ErrNotFound)
	_, err = h.GetDepartment(ctx, second, id)
	want(t, "another library's", err, queue.ErrNotFound)
	for name, spoil := range map[string]func(*queue.Department){
		"no name":            func(d *queue.Department) { d.Name = map[library.Lang]string{library.Russian: " "} },
		"a way of its own":   func(d *queue.Department) { d.Way = "pigeon" },
		"mail without where": func(d *queue.Department) { d.Email = "" },
		"no address":         func(d *queue.Department) { d.Email = "store at home" },
		"no domain":          func(d *queue.Department) { d.Listed = []string{"@org"} },
		"neither on nor off": func(d *queue.Department) { d.State = "maybe" },
	} {
		bad := got
		spoil(&bad)
		want(t, name, change(director, bad), queue.ErrInvalid)
	}
	bad := got
	bad.Hours = &library.Hours{Week: [7][]library.Span{1: {{From: 720, Until: 540}}}}
	if change(director, bad) == nil {
		t.Error("hours that end before they begin")
	}
}

func TestDepartmentWrites(t *testing.T) {
	t.Parallel()
	d := queue.Department{Email: "Store@example.org", Listed: []string{"duty@example.org", "@scans.example.org"}}
	for from, counts := range map[string]bool{
		"store@example.org": true, "DUTY@example.org": true, "lab@scans.example.org": true,
		"other@example.org": false, "lab@evil-scans.example.org": false, "lab@scans.example.org.evil": false, "@scans.example.org": true, "": false, "example.org": false,
		"lab@sub.scans.example.org": false, "a@scans.example.org@evil.org": false,
	} {
		if d.Writes(from) != counts {
			t.Errorf("%q counts: %v", from, !counts)
		}
	}
	if (queue.Department{}).Writes("a@") || (queue.Department{}).Writes("") {
		t.Error("an empty address counts")
	}
}

func TestDepartmentsForWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.department(h.library("second"), "Чужой", queue.ForRegional)
	first, off := h.department(h.lib, "Первый", queue.ForRegional, queue.ForContent), h.department(h.lib, "Выключен", queue.ForRegional)
	last := h.department(h.lib, "Последний", queue.ForRegional)
	dep, err := h.GetDepartment(ctx, h.lib, off)
	want(t, "get", err, nil)
	dep.State = "off"
	h.tx(func(tx pgx.Tx) error { return queue.ChangeDepartment(ctx, tx, queue.Console(), dep) })
	h.tx(func(tx pgx.Tx) error {
		list, err := queue.DepartmentsFor(ctx, tx, h.lib, queue.ForRegional)
		if err == nil && (len(list) != 2 || list[0].ID != first || list[1].ID != last) {
			t.Errorf("regional: %+v", list)
		}
		return err
	})
	h.tx(func(tx pgx.Tx) error {
		list, err := queue.DepartmentsFor(ctx, tx, h.lib, queue.ForTechnical)
		if err == nil && len(list) != 0 {
			t.Errorf("technical: %+v", list)
		}
		return err
	})
}

func TestDepartmentIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	off := h.department(h.lib, "Краеведение")
	named := func() (id int64, err error) {
		err = h.try(func(tx pgx.Tx) (err error) {
			id, err = queue.DepartmentNamed(ctx, tx, h.lib, "Краеведение")
			return err
		})
		return id, err
	}
	if id, err := named(); err != nil || id != off {
		t.Errorf("named %d, %v", id, err)
	}
	h.tx(func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update departments set state = 'off' where library_id = $1 and id = $2`, h.lib, off)
		return err
	})
	if id, err := named(); !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("one that is off is named: %d, %v", id, err)
	}
	again := h.department(h.lib, "Краеведение")
	if id, err := named(); err != nil || id != again {
		t.Errorf("named %d instead of %d, %v", id, again, err)
	}
}

func TestDepartmentWorksWithinTheHouse(t *testing.T) {
	t.Parallel()
	house := library.Library{Zone: time.UTC, Settings: library.Settings{Hours: library.Hours{
		Week: [7][]library.Span{1: {{From: 540, Until: 1080}}}, Days: map[string][]library.Span{"2026-03-09": {}},
	}}}
	holiday := library.Date{Year: 2026, Month: 3, Day: 9}
	if got := (queue.Department{}).WorkingHours(house).On(library.Date{Year: 2026, Month: 3, Day: 2}); len(got) != 1 || got[0].Until != 1080 {
		t.Errorf("without hours of its own: %v", got)
	}
	own := queue.Department{Hours: &library.Hours{Week: [7][]library.Span{1: {{From: 600, Until: 700}}}}}.WorkingHours(house)
	if len(own.On(holiday)) != 0 || own.On(library.Date{Year: 2026, Month: 3, Day: 2})[0].From != 600 {
		t.Errorf("its own: %+v", own)
	}
}
