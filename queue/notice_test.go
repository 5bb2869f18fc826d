package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

// wantsNotices makes the member of staff ask to be told by e-mail.
func (h *house) wantsNotices(s queue.Staff) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) error {
		return h.UpdateOwn(h.t.Context(), tx, s, queue.OwnChange{Lang: library.Sakha, NotifyEmail: true})
	})
}

// deliver notes in the transaction what is told to whom, so that what is rolled back is not counted.
func deliver(ctx context.Context, tx pgx.Tx, to queue.Staff, n queue.Notice) error {
	return queue.Audit(ctx, tx, queue.AuditEntry{Library: n.Library, Staff: to.ID, Act: n.Key(), Object: fmt.Sprintf("%s %d of %d", n.Kind, n.Task, n.Count)})
}

// told gives who was told of what, sorted, and how often.
func (h *house) told() (lines []string) {
	h.t.Helper()
	rows, err := h.pool.Query(h.t.Context(), `select act || ' ' || object || ' ' || staff_id from audit where act like 'desk_notice.%'`)
	if err != nil {
		h.t.Fatal(err)
	}
	if lines, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		h.t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// expectation is what the staff of a house should have been told in all.
type expectation struct {
	*house
	wanted []string
}

func (e *expectation) one(key string, id queue.TaskID, to ...queue.Staff) {
	e.kind(queue.KindQuestion, key, id, to...)
}

func (e *expectation) kind(kind, key string, id queue.TaskID, to ...queue.Staff) {
	for _, s := range to {
		e.wanted = append(e.wanted, fmt.Sprintf("%s %s %d of 1 %d", key, kind, id, s.ID))
	}
}

func (e *expectation) many(key string, count int, to ...queue.Staff) {
	for _, s := range to {
		e.wanted = append(e.wanted, fmt.Sprintf("%s  0 of %d %d", key, count, s.ID))
	}
}

// run tells the staff from several processes at once and compares.
func (e *expectation) run(when string) {
	e.t.Helper()
	tell := func(ctx context.Context) error { return e.TellStaff(ctx, deliver) }
	want(e.t, when, errors.Join(together(e.t.Context(), tell, tell, tell)...), nil)
	want(e.t, when, tell(e.t.Context()), nil) // what a run skipped because the other held it
	slices.Sort(e.wanted)
	if got := e.told(); !slices.Equal(got, e.wanted) {
		e.t.Fatalf("%s: told\n%q, want\n%q", when, got, e.wanted)
	}
}

func TestStaffAreToldOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	registrar, _ := h.staff("registrar", queue.RoleRegistrar)
	h.staff("silent", queue.RoleLibrarian)
	off, _ := h.staff("off", queue.RoleLibrarian)
	for _, s := range []queue.Staff{anna, boris, registrar, off} {
		h.wantsNotices(s)
	}
	h.tx(func(tx pgx.Tx) error { return h.SwitchOff(ctx, tx, queue.Console(), off.ID) })
	h.open(h.library("second"), queue.RoleLibrarian, 3)
	e := &expectation{house: h}

	ids := h.open(h.lib, queue.RoleLibrarian, 5) // as many as are told one by one
	for _, id := range ids {
		e.one("desk_notice.new", id, anna, boris)
	}
	e.run("new")
	if _, err := h.Take(ctx, h.lib, ids[0], boris.ID); err != nil {
		t.Fatal(err)
	}
	h.clock.move(2 * time.Hour)
	e.one("desk_notice.late", ids[0], boris) // who holds it, alone
	for _, id := range ids[1:] {
		e.one("desk_notice.late", id, anna, boris)
	}
	e.run("late")
	want(t, "release", h.Release(ctx, h.lib, ids[0], boris.ID), nil)
	e.run("nothing new")
}

func TestManyAtOnceAreOneNotice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	boris, _ := h.staff("boris", queue.RoleLibrarian)
	registrar, _ := h.staff("registrar", queue.RoleRegistrar)
	for _, s := range []queue.Staff{anna, boris, registrar} {
		h.wantsNotices(s)
	}
	e := &expectation{house: h}
	ids := h.open(h.lib, queue.RoleLibrarian, 6)
	last := h.open(h.lib, queue.RoleRegistrar, 1)[0]
	want(t, "tell", h.TellStaff(t.Context(), deliver), nil) // alone: several processes may share the tasks among themselves
	e.many("desk_notice.many_new", 6, anna, boris)
	e.one("desk_notice.new", last, registrar)
	e.run("new")
	if _, err := h.Take(t.Context(), h.lib, ids[0], boris.ID); err != nil {
		t.Fatal(err)
	}
	h.clock.move(2 * time.Hour)
	newer := h.open(h.lib, queue.RoleLibrarian, 1)[0]
	want(t, "tell", h.TellStaff(t.Context(), deliver), nil)
	for _, id := range ids[1:] {
		e.one("desk_notice.late", id, anna)
	}
	e.many("desk_notice.many_late", 6, boris)
	e.one("desk_notice.new", newer, anna, boris)
	e.one("desk_notice.late", last, registrar)
	e.run("late")
}

func TestNoticeThatFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	var people []queue.Staff
	for _, login := range []string{"anna", "boris", "vera"} {
		s, _ := h.staff(login, queue.RoleLibrarian)
		h.wantsNotices(s)
		people = append(people, s)
	}
	registrar, _ := h.staff("registrar", queue.RoleRegistrar)
	h.wantsNotices(registrar)
	shared, alone := h.open(h.lib, queue.RoleLibrarian, 1)[0], h.open(h.lib, queue.RoleRegistrar, 1)[0]
	broken := errors.New("no template")
	err := h.TellStaff(ctx, func(ctx context.Context, tx pgx.Tx, to queue.Staff, n queue.Notice) error {
		if err := deliver(ctx, tx, to, n); err != nil {
			return err
		}
		switch to.ID {
		case people[0].ID:
			return broken
		case people[1].ID, registrar.ID: // even what breaks the transaction
			_, err := tx.Exec(ctx, "select 1/0")
			return err
		}
		return nil
	})
	want(t, "tell", err, broken)
	e := &expectation{house: h}
	e.one("desk_notice.new", shared, people[2]) // who could be told; the task is no longer new
	e.one("desk_notice.new", alone, registrar)  // nobody at all had been told of it
	e.run("again")
}

// TestDigitiserIsTold of what the laboratory is asked for, which is the work of a department (F3).
func TestDigitiserIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := &expectation{house: h}
	lab := h.department(h.lib, "Лаборатория")
	digitiser, elsewhere := h.member("digitiser", queue.RoleDigitiser, lab), h.member("elsewhere", queue.RoleDigitiser, h.department(h.lib, "Другая"))
	h.wantsNotices(digitiser)
	h.wantsNotices(elsewhere)
	ids := h.openIn(h.clock.Now().Add(time.Hour), queue.NewTask{Role: queue.RoleDepartment, Department: lab})
	e.one("desk_notice.new", ids[0], digitiser)
	e.run("new")
	if _, err := h.Take(t.Context(), h.lib, ids[0], elsewhere.ID); !errors.Is(err, queue.ErrNotAllowed) {
		t.Errorf("taken by another department's: %v", err)
	}
	if _, err := h.Take(t.Context(), h.lib, ids[0], digitiser.ID); err != nil {
		t.Errorf("not taken: %v", err)
	}
}

// TestAskedInTheChat: who gets the slip of an order in their chat is not told there of its task too, but by letter, and when it is late.
func TestAskedInTheChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := &expectation{house: h}
	store := h.department(h.lib, "Хранение")
	keeper, other := h.member("keeper", queue.RoleDepartment, store), h.member("other", queue.RoleDepartment, store)
	h.wantsNotices(other)
	conv := h.conversation(h.lib)
	h.tx(func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `update staff set notify_library = $2, notify_at = $3 where id = $1`, keeper.ID, h.lib, conv)
		if err == nil {
			_, err = tx.Exec(t.Context(), `update departments set way = 'telegram' where id = $1`, store)
		}
		return err
	})
	ids := h.openIn(h.clock.Now().Add(time.Hour), queue.NewTask{Kind: queue.KindFind, Role: queue.RoleDepartment, Department: store}, queue.NewTask{Role: queue.RoleDepartment, Department: store})
	e.kind(queue.KindFind, "desk_notice.new", ids[0], other)
	e.one("desk_notice.new", ids[1], keeper, other)
	e.run("new")
	h.clock.move(2 * time.Hour)
	e.kind(queue.KindFind, "desk_notice.late", ids[0], keeper, other)
	e.one("desk_notice.late", ids[1], keeper, other)
	e.run("late")
}
