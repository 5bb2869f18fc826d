package queue_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/queue"
)

func itoa(n int) string { return strconv.Itoa(n) }

// pages walks the list by cursors that went through an address, as the desk's do.
func (h *house) pages(f queue.Filter) (ids []queue.TaskID) {
	h.t.Helper()
	for range 100 {
		rows, err := h.List(h.t.Context(), h.lib, f)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(rows) == 0 {
			return ids
		}
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		f.After = queue.ParseCursor(rows[len(rows)-1].Cursor().String())
	}
	h.t.Fatal("the list does not end")
	return nil
}

func TestPagesWithEqualTimes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	late := h.open(h.lib, queue.RoleLibrarian, 10)
	h.clock.move(-time.Minute)
	sooner := h.open(h.lib, queue.RoleLibrarian, 13) // a minute earlier, with higher ids
	wanted := append(sooner, late...)
	got := h.pages(queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}, Limit: 7})
	same(t, "open", got, wanted)

	h.tx(func(tx pgx.Tx) error {
		for _, id := range wanted {
			if _, err := h.TakeWithin(t.Context(), tx, h.lib, id, anna.ID); err != nil {
				return err
			}
			if err := h.Finish(t.Context(), tx, h.lib, id, anna.ID, "answered"); err != nil {
				return err
			}
		}
		return nil
	})
	var newest []queue.TaskID // all done at the same moment: by id downwards
	for i := range wanted {
		newest = append(newest, late[0]+queue.TaskID(len(wanted)-1-i))
	}
	same(t, "done", h.pages(queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}, State: queue.StateDone, Limit: 7}), newest)
	same(t, "open after all are done", h.pages(queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}}), nil)
}

func same(t *testing.T, what string, got, wanted []queue.TaskID) {
	t.Helper()
	if len(got) != len(wanted) {
		t.Fatalf("%s: %d tasks %v, want %d", what, len(got), got, len(wanted))
	}
	for i := range got {
		if got[i] != wanted[i] {
			t.Fatalf("%s: place %d holds task %d, want %d", what, i, got[i], wanted[i])
		}
	}
}

func TestFiltersAndCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	questions := h.open(h.lib, queue.RoleLibrarian, 3)
	h.open(h.library("second"), queue.RoleLibrarian, 4)
	var cards []queue.TaskID
	h.tx(func(tx pgx.Tx) (err error) {
		cards, err = queue.Open(ctx, tx, []queue.NewTask{{
			Library: h.lib, Kind: queue.KindCard, Role: queue.RoleRegistrar, Created: h.clock.Now(), Due: h.clock.Now().Add(3 * time.Hour),
		}})
		return err
	})
	if _, err := h.Take(ctx, h.lib, questions[1], anna.ID); err != nil {
		t.Fatal(err)
	}
	librarian, registrar := queue.RoleLibrarian.Queue(), queue.RoleRegistrar.Queue()
	for name, c := range map[string]struct {
		filter queue.Filter
		want   []queue.TaskID
	}{
		"librarian": {queue.Filter{Scope: queue.Scope{Roles: librarian}}, questions},
		"registrar": {queue.Filter{Scope: queue.Scope{Roles: registrar}}, cards},
		"director":  {queue.Filter{Scope: queue.Scope{Roles: queue.RoleDirector.Queue()}}, append(questions[:3:3], cards...)},
		"auditor":   {queue.Filter{Scope: queue.Scope{Roles: queue.RoleAuditor.Queue()}}, nil},
		"kind":      {queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}, Kinds: []string{queue.KindCard, queue.KindStuck}}, cards},
		"open":      {queue.Filter{Scope: queue.Scope{Roles: librarian}, State: queue.StateOpen}, []queue.TaskID{questions[0], questions[2]}},
		"taken":     {queue.Filter{Scope: queue.Scope{Roles: librarian}, State: queue.StateTaken}, questions[1:2]},
		"mine":      {queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}, Mine: anna.ID}, questions[1:2]},
		"done":      {queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}, State: queue.StateDone}, nil},
	} {
		same(t, name, h.pages(c.filter), c.want)
	}

	h.clock.move(2 * time.Hour)
	rows, err := h.List(ctx, h.lib, queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}})
	want(t, "list", err, nil)
	if !rows[0].Late || rows[0].Age != 2*time.Hour || rows[3].Late || rows[1].HolderName != anna.Name {
		t.Errorf("rows: %+v", rows)
	}
	for name, c := range map[string]struct {
		roles            []queue.Role
		questions, cards int
		late             int
	}{
		"librarian": {librarian, 3, 0, 3},
		"registrar": {registrar, 0, 1, 0},
		"director":  {queue.Roles(), 3, 1, 3},
		"auditor":   {nil, 0, 0, 0},
	} {
		got, err := h.Counts(ctx, h.lib, anna.ID, queue.Scope{Roles: c.roles})
		want(t, name, err, nil)
		if got.Open[queue.KindQuestion] != c.questions || got.Open[queue.KindCard] != c.cards || got.Late != c.late || got.Mine != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestParseCursor(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 123456000, time.UTC)
	if c := (queue.Cursor{At: at, ID: 7}); queue.ParseCursor(c.String()) != c {
		t.Errorf("%v became %v", c, queue.ParseCursor(c.String()))
	}
	for _, junk := range []string{"", ".", "x.1", "1.x", "1", "-1.1", "1.2.3", "99999999999999999999.1", "9223372036854775807.1"} {
		if c := queue.ParseCursor(junk); c != (queue.Cursor{}) {
			t.Errorf("%q became %v", junk, c)
		}
	}
}

// A page costs the same wherever it is; all tasks are due at the same moment, which is the worst case.
func BenchmarkList(b *testing.B) {
	h := houseOn(b, pgtest.New(b))
	const tasks = 10_000
	ids := h.open(h.lib, queue.RoleLibrarian, tasks)
	if _, err := h.pool.Exec(b.Context(), "analyze tasks"); err != nil {
		b.Fatal(err)
	}
	due := h.clock.Now().Add(time.Hour)
	for _, c := range []struct {
		name  string
		after queue.Cursor
	}{
		{"first", queue.Cursor{}},
		{"middle", queue.Cursor{At: due, ID: ids[tasks/2]}},
		{"deep", queue.Cursor{At: due, ID: ids[tasks-60]}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				rows, err := h.List(b.Context(), h.lib, queue.Filter{Scope: queue.Scope{Roles: queue.RoleLibrarian.Queue()}, After: c.after, Limit: 50})
				if err != nil || len(rows) != 50 {
					b.Fatalf("%d rows, %v", len(rows), err)
				}
			}
		})
	}
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.Counts(b.Context(), h.lib, 1, queue.Scope{Roles: queue.Roles()}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
