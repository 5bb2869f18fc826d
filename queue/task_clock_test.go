package queue_test

import (
	"fmt"
	"strings"
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

// orderOf makes the tasks those of one order, whose clock is theirs.
func (h *house) orderOf(ids ...queue.TaskID) (order int64) {
	h.t.Helper()
	err := h.pool.QueryRow(h.t.Context(), `
with channel as (insert into channels (library_id, kind, name) values ($1, 'webchat', 'chat of ' || $2) returning id),
contact as (insert into contacts (library_id, name) values ($1, 'Anna') returning id),
address as (insert into addresses (library_id, contact_id, channel_id, external) select $1, contact.id, channel.id, 'a' from contact, channel returning id),
talk as (insert into conversations (library_id, id, lang) select $1, id, 'ru' from address returning id),
reader as (insert into readers (library_id, name) values ($1, 'Anna') returning id)
insert into orders (library_id, kind, reader_id, conversation_id, channel, title, pages, want, due_at, created_at)
select $1, 'fragment', reader.id, talk.id, 'webchat', 'Олонхо', '1', 'photo', $3, $3 from reader, talk returning id`, h.lib, fmt.Sprint(ids), h.clock.Now()).Scan(&order)
	if err == nil {
		_, err = h.pool.Exec(h.t.Context(), `update tasks set order_id = $2 where library_id = $1 and id = any($3)`, h.lib, order, ids)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return order
}

func (h *house) setClock(order int64, c queue.Clock) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) error { return queue.ClockOfOrder(h.t.Context(), tx, h.lib, order, c) })
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
	order := h.orderOf(id...)
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
	pause := func() {
		now := h.clock.Now()
		h.setClock(order, queue.Clock{Due: task.Due, Paused: &now})
	}
	h.clock.move(time.Hour)
	pause()
	h.clock.move(6 * time.Hour)
	if late() {
		t.Error("late though its clock stands still")
	}
	task.Due = start.Add(26 * time.Hour)
	h.setClock(order, queue.Clock{Due: task.Due})
	h.clock.move(19 * time.Hour)
	pause() // it is due now
	if late() {
		t.Error("late at the moment when it is due")
	}
	h.clock.move(time.Minute)
	h.setClock(order, queue.Clock{Due: task.Due})
	if !late() {
		t.Error("not late")
	}
	pause()
	if !late() {
		t.Error("what was late is so no more")
	}
	h.tx(func(tx pgx.Tx) error { return queue.Withdraw(ctx, tx, h.lib, id, "gone") })
	h.setClock(order, queue.Clock{Due: start}) // of what is done nothing moves
	got, err := h.Get(ctx, h.lib, id[0])
	if err != nil || !got.Due.Equal(task.Due) {
		t.Errorf("done: %+v, %v", got, err)
	}
	log, err := h.Log(ctx, h.lib, id[0])
	var acts []string
	for _, l := range log {
		acts = append(acts, l.Act)
	}
	if got := strings.Join(acts, " "); err != nil || got != "opened paused resumed paused resumed paused withdrawn" {
		t.Errorf("the log says %s, %v", got, err)
	}
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
	order, asked := h.orderOf(stopped), h.clock.Now()
	h.setClock(order, queue.Clock{Due: asked.Add(4 * time.Hour), Paused: &asked})
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
	h.setClock(order, queue.Clock{Due: h.clock.Now().Add(4 * time.Hour), Remind: h.clock.Now().Add(3 * time.Hour)})
	h.clock.move(3*time.Hour - time.Minute)
	e.run("its clock has gone on")
	h.clock.move(time.Minute)
	e.one("desk_notice.near", stopped, keeper)
	e.run("its own time is near")
	h.setClock(order, queue.Clock{Due: h.clock.Now().Add(4 * time.Hour), Remind: h.clock.Now().Add(time.Minute)})
	h.clock.move(time.Minute)
	e.one("desk_notice.near", stopped, keeper)
	e.run("the new promise is near too")
}
