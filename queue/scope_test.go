package queue_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
	"librarian/queue"
)

// openIn opens one task for each role and department.
func (h *house) openIn(due time.Time, tasks ...queue.NewTask) []queue.TaskID {
	h.t.Helper()
	var ids []queue.TaskID
	for i := range tasks {
		tasks[i].Library, tasks[i].Created, tasks[i].Due = h.lib, h.clock.Now(), due
		if tasks[i].Kind == "" {
			tasks[i].Kind = queue.KindQuestion
		}
	}
	h.tx(func(tx pgx.Tx) (err error) {
		ids, err = queue.Open(h.t.Context(), tx, tasks)
		return err
	})
	return ids
}

func TestTasksOfADepartmentAreItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	store, local := h.department(h.lib, "Хранение"), h.department(h.lib, "Краеведение")
	ids := h.openIn(h.clock.Now().Add(time.Hour),
		queue.NewTask{Role: queue.RoleDepartment, Department: store}, queue.NewTask{Role: queue.RoleDepartment, Department: local},
		queue.NewTask{Role: queue.RoleDepartment}, queue.NewTask{Role: queue.RoleHead, Department: store},
		queue.NewTask{Role: queue.RoleLibrarian}, queue.NewTask{Role: queue.RoleLibrarian, Department: store}, queue.NewTask{Role: queue.RoleRegistrar},
	)
	director, _ := h.staff("director", queue.RoleDirector)
	librarian, _ := h.staff("librarian", queue.RoleLibrarian)
	homeless, _ := h.staff("homeless", queue.RoleDepartment)
	registrar, _ := h.staff("registrar", queue.RoleRegistrar)
	var done []queue.TaskID
	for _, c := range []struct {
		who   queue.Staff
		sees  []int
		takes []int
	}{
		{h.member("keeper", queue.RoleDepartment, store), []int{0, 2}, []int{0, 2}},
		{h.member("local", queue.RoleDepartment, local), []int{1, 2}, []int{1, 2}},
		{h.member("head", queue.RoleHead, store), []int{0, 2, 3}, []int{0, 2, 3}},
		{h.member("scanner", queue.RoleDigitiser, store), []int{0, 2}, []int{0, 2}},
		{homeless, []int{2}, []int{2}},
		{librarian, []int{0, 1, 3, 4, 5}, []int{4, 5}},
		{registrar, []int{6}, []int{6}},
		{director, []int{0, 1, 2, 3, 4, 5, 6}, []int{0, 1, 2, 3, 4, 5, 6}},
	} {
		pick := func(places []int) (out []queue.TaskID) {
			for _, p := range places {
				out = append(out, ids[p])
			}
			return out
		}
		who, err := h.StaffByLogin(ctx, c.who.Login)
		want(t, "staff", err, nil)
		scope := who.Scope()
		same(t, c.who.Login+" sees", h.pages(queue.Filter{Scope: scope, Limit: 2}), pick(c.sees))
		counts, err := h.Counts(ctx, h.lib, who.ID, scope)
		want(t, "counts", err, nil)
		if counts.Open[queue.KindQuestion] != len(c.sees) {
			t.Errorf("%s counts %+v, want %d", c.who.Login, counts, len(c.sees))
		}
		var takes []queue.TaskID
		for _, id := range ids {
			task, err := h.Get(ctx, h.lib, id)
			want(t, "get", err, nil)
			if _, err = h.Take(ctx, h.lib, id, who.ID); err == nil {
				takes = append(takes, id)
				want(t, "release", h.Release(ctx, h.lib, id, who.ID), nil)
			} else {
				want(t, c.who.Login, err, queue.ErrNotAllowed)
			}
			if scope.Takes(task) != (err == nil) {
				t.Errorf("%s takes %d: %v", c.who.Login, id, err)
			}
		}
		same(t, c.who.Login+" takes", takes, pick(c.takes))
	}
	for i := len(ids) - 1; i >= 0; i-- { // the last is done first, so that the list of done ones begins with the first
		_, err := h.Take(ctx, h.lib, ids[i], director.ID)
		want(t, "take", err, nil)
		h.tx(func(tx pgx.Tx) error { return h.Finish(ctx, tx, h.lib, ids[i], director.ID, "answered") })
		h.clock.move(time.Minute)
	}
	done = h.pages(queue.Filter{Scope: queue.Scope{Roles: queue.RoleHead.Queue(), Bound: true, Department: store}, State: queue.StateDone, Limit: 2})
	same(t, "done", done, []queue.TaskID{ids[0], ids[2], ids[3]})
}

func TestPlaceStaff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	store, local, foreign := h.department(h.lib, "Хранение"), h.department(h.lib, "Краеведение"), h.department(h.library("second"), "Чужой")
	director, _ := h.staff("director", queue.RoleDirector)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	keeper, _ := h.staff("keeper", queue.RoleDepartment)
	place := func(by queue.Staff, who queue.Staff, department int64) error {
		return h.try(func(tx pgx.Tx) error { return h.PlaceStaff(ctx, tx, by, who.ID, department) })
	}
	want(t, "by a librarian", place(anna, keeper, store), queue.ErrNotFound)
	want(t, "a librarian belongs to none", place(director, anna, store), queue.ErrInvalid)
	want(t, "another library's", place(director, keeper, foreign), queue.ErrInvalid)
	want(t, "place", place(director, keeper, store), nil)
	held := h.openIn(h.clock.Now(), queue.NewTask{Role: queue.RoleDepartment, Department: store}, queue.NewTask{Role: queue.RoleDepartment})
	for _, id := range held {
		_, err := h.Take(ctx, h.lib, id, keeper.ID)
		want(t, "take", err, nil)
	}
	id := held[0]
	want(t, "where they are already", place(director, keeper, store), nil)
	task, err := h.Get(ctx, h.lib, id)
	if err != nil || task.Holder != keeper.ID {
		t.Errorf("holds on: %+v %v", task, err)
	}
	want(t, "elsewhere", place(director, keeper, local), nil)
	task, err = h.Get(ctx, h.lib, id)
	if err != nil || task.State != queue.StateOpen {
		t.Errorf("after they have left: %+v %v", task, err)
	}
	task, err = h.Get(ctx, h.lib, held[1])
	if err != nil || task.Holder != keeper.ID {
		t.Errorf("of no department, after they have left: %+v %v", task, err)
	}
	if err := h.try(func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `alter table departments rename column name to unknown`); err != nil {
			return err
		}
		return h.PlaceStaff(ctx, tx, director, keeper.ID, store)
	}); err == nil || errors.Is(err, queue.ErrInvalid) {
		t.Errorf("a department that cannot be read is called wrong: %v", err)
	}
	want(t, "another role", h.try(func(tx pgx.Tx) error {
		return h.UpdateStaff(ctx, tx, director, keeper.ID, queue.StaffChange{Name: "K", Role: queue.RoleRegistrar, Lang: library.Russian})
	}), nil)
	got, err := h.StaffByLogin(ctx, "keeper")
	if err != nil || got.Department != 0 {
		t.Errorf("a registrar of department %d, %v", got.Department, err)
	}
	want(t, "new in another library's", h.try(func(tx pgx.Tx) error {
		_, _, err := h.AddStaff(ctx, tx, director, queue.NewStaff{
			Library: &h.lib, Login: "stray", Name: "S", Role: queue.RoleDepartment, Lang: library.Russian, Department: foreign,
		})
		return err
	}), queue.ErrInvalid)
}

// A department's queue costs the same wherever it is, among many tasks of others; all are due at the same moment, which is the worst case.
func BenchmarkListOfDepartment(b *testing.B) {
	h := houseOn(b, pgtest.New(b))
	store := h.department(h.lib, "Хранение")
	const own = 50_000 // a thousand pages
	h.open(h.lib, queue.RoleLibrarian, 20_000)
	tasks := make([]queue.NewTask, own+100)
	for i := range tasks {
		tasks[i] = queue.NewTask{Role: queue.RoleDepartment, Department: store}
	}
	due := h.clock.Now().Add(time.Hour)
	ids := h.openIn(due, tasks...)
	if _, err := h.pool.Exec(b.Context(), "analyze tasks"); err != nil {
		b.Fatal(err)
	}
	scope := queue.Scope{Roles: queue.RoleDepartment.Queue(), Bound: true, Department: store}
	for _, c := range []struct {
		name  string
		after queue.Cursor
	}{
		{"page 1", queue.Cursor{}},
		{"page 1000", queue.Cursor{At: due, ID: ids[own-50]}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				rows, err := h.List(b.Context(), h.lib, queue.Filter{Scope: scope, After: c.after, Limit: 50})
				if err != nil || len(rows) != 50 {
					b.Fatalf("%d rows, %v", len(rows), err)
				}
			}
		})
	}
}
