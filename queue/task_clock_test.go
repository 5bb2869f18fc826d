package queue_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

// officeHours are nine to five on every day, in UTC.
func officeHours(lib library.ID) library.Library {
	out := library.Library{ID: lib, Zone: time.UTC}
	for day := range out.Settings.Hours.Week {
		out.Settings.Hours.Week[day] = []library.Span{{From: 9 * 60, Until: 17 * 60}}
	}
	return out
}

func TestClockStandsStill(t *testing.T) {
	t.Parallel()
	h := newHouse(t) // ten o'clock
	ctx := t.Context()
	lib := officeHours(h.lib)
	start := h.clock.Now()
	var id []queue.TaskID
	task := queue.NewTask{Library: h.lib, Kind: queue.KindQuestion, Role: queue.RoleLibrarian, Created: start}.Promised(lib, lib.Settings.Hours)
	if !task.Due.Equal(start.Add(4*time.Hour)) || !task.Remind.Equal(start.Add(3*time.Hour)) {
		t.Fatalf("due %v, remind %v", task.Due, task.Remind)
	}
	h.tx(func(tx pgx.Tx) (err error) {
		id, err = queue.Open(ctx, tx, []queue.NewTask{task})
		return err
	})
	late := func() bool {
		t.Helper()
		rows, err := h.List(ctx, h.lib, queue.Filter{Scope: queue.Scope{Roles: queue.Roles()}})
		want(t, "list", err, nil)
		counts, err := h.Counts(ctx, h.lib, 0, queue.Scope{Roles: queue.Roles()})
		want(t, "counts", err, nil)
		backlog, err := h.Backlog(ctx)
		want(t, "backlog", err, nil)
		if (counts.Late == 1) != rows[0].Late || (backlog[0].Late == 1) != rows[0].Late {
			t.Errorf("counts %+v, backlog %+v, row late %v", counts, backlog, rows[0].Late)
		}
		return rows[0].Late
	}
	resume := func() (due time.Time) {
		t.Helper()
		h.tx(func(tx pgx.Tx) (err error) { due, err = h.Resume(ctx, tx, lib, lib.Settings.Hours, id[0]); return err })
		return due
	}
	pause := func() {
		t.Helper()
		h.tx(func(tx pgx.Tx) error { return h.Pause(ctx, tx, h.lib, id[0]) })
	}
	if due := resume(); !due.Equal(task.Due) {
		t.Errorf("a clock that runs: due %v", due)
	}
	h.clock.move(time.Hour) // three hours are left
	pause()
	h.clock.move(6 * time.Hour)
	pause() // again: it stands since the first time
	if late() {
		t.Error("late though its clock stands still")
	}
	h.clock.move(2 * time.Hour) // seven in the evening
	if due := resume(); !due.Equal(start.Add(26 * time.Hour)) {
		t.Errorf("due %v, want noon of the next day", due)
	}
	h.clock.move(17 * time.Hour)
	pause() // noon: it is due now
	if late() {
		t.Error("late at the moment when it is due")
	}
	h.clock.move(time.Minute)
	if due := resume(); !due.Equal(start.Add(26 * time.Hour)) {
		t.Errorf("due %v: nothing was left", due)
	}
	if !late() {
		t.Error("not late")
	}
	h.clock.move(time.Hour)
	pause()
	if !late() {
		t.Error("what was late is so no more")
	}
	h.tx(func(tx pgx.Tx) error { return queue.Withdraw(ctx, tx, h.lib, id, "gone") })
	want(t, "a done one", h.try(func(tx pgx.Tx) error { return h.Pause(ctx, tx, h.lib, id[0]) }), queue.ErrDone)
	want(t, "another library's", h.try(func(tx pgx.Tx) error { return h.Pause(ctx, tx, h.library("second"), id[0]) }), queue.ErrNotFound)
}

func TestDepartmentIsReminded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	store, local := h.department(h.lib, "Хранение"), h.department(h.lib, "Краеведение")
	keeper, second := h.member("keeper", queue.RoleDepartment, store), h.member("second", queue.RoleDepartment, store)
	head := h.member("head", queue.RoleHead, store)
	librarian, _ := h.staff("vera", queue.RoleLibrarian)
	stranger, otherHead := h.member("stranger", queue.RoleDepartment, local), h.member("other", queue.RoleHead, local)
	for _, s := range []queue.Staff{keeper, second, head, librarian, stranger, otherHead} {
		h.wantsNotices(s)
	}
	e := &expectation{house: h}
	lib := officeHours(h.lib)
	promised := func(role queue.Role, department int64) queue.TaskID {
		task := queue.NewTask{Library: h.lib, Kind: queue.KindQuestion, Role: role, Department: department, Created: h.clock.Now()}
		var ids []queue.TaskID
		h.tx(func(tx pgx.Tx) (err error) {
			ids, err = queue.Open(ctx, tx, []queue.NewTask{task.Promised(lib, lib.Settings.Hours)})
			return err
		})
		return ids[0]
	}
	open, taken, stopped, question := promised(queue.RoleDepartment, store), promised(queue.RoleDepartment, store), promised(queue.RoleDepartment, store), promised(queue.RoleLibrarian, 0)
	for _, id := range []queue.TaskID{open, taken, stopped} {
		e.one("desk_notice.new", id, keeper, second)
	}
	e.one("desk_notice.new", question, librarian)
	e.run("new")
	for _, id := range []queue.TaskID{taken, stopped} {
		_, err := h.Take(ctx, h.lib, id, keeper.ID)
		want(t, "take", err, nil)
	}
	h.tx(func(tx pgx.Tx) error { return h.Pause(ctx, tx, h.lib, stopped) })
	h.clock.move(3*time.Hour - time.Minute)
	e.run("not near yet")
	h.clock.move(time.Minute)
	e.one("desk_notice.near", open, keeper, second)
	e.one("desk_notice.near", taken, keeper)
	e.run("a quarter is left") // of the question that lies open nobody is told twice
	h.clock.move(time.Hour + time.Minute)
	e.one("desk_notice.late", open, keeper, second, head, librarian)
	e.one("desk_notice.late", taken, keeper, head, librarian)
	e.one("desk_notice.late", question, librarian)
	e.run("late")
	h.tx(func(tx pgx.Tx) error { _, err := h.Resume(ctx, tx, lib, lib.Settings.Hours, stopped); return err })
	h.clock.move(2*time.Hour + 59*time.Minute) // the day ends at five
	e.run("its clock has gone on")
	h.clock.move(17 * time.Hour)
	e.one("desk_notice.near", stopped, keeper)
	e.run("its own time is near")
}
