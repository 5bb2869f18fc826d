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
	return queue.Audit(ctx, tx, queue.AuditEntry{Library: n.Library, Staff: to.ID, Act: n.Key(), Object: fmt.Sprintf("task %d", n.Task)})
}

// told gives who was told of what, sorted, and how often.
func (h *house) told() (lines []string) {
	h.t.Helper()
	for before := int64(0); ; {
		rows, err := h.ListAudit(h.t.Context(), h.lib, before, 200)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(rows) == 0 {
			slices.Sort(lines)
			return lines
		}
		for _, r := range rows {
			if r.Act == "desk_notice.new" || r.Act == "desk_notice.late" {
				lines = append(lines, fmt.Sprintf("%s %s %d", r.Act, r.Object, r.Staff))
			}
		}
		before = rows[len(rows)-1].ID
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
	ids := h.open(h.lib, queue.RoleLibrarian, 50) // more than are locked together
	var wanted []string
	note := func(key string, id queue.TaskID, to queue.Staff) {
		wanted = append(wanted, fmt.Sprintf("%s task %d %d", key, id, to.ID))
	}
	tell := func(ctx context.Context) error { return h.TellStaff(ctx, deliver) }

	for _, id := range ids {
		note("desk_notice.new", id, anna)
		note("desk_notice.new", id, boris)
	}
	check := func(when string, errs ...error) {
		t.Helper()
		want(t, when, errors.Join(errs...), nil)
		want(t, when, tell(ctx), nil) // what a run skipped because the other held it
		slices.Sort(wanted)
		if got := h.told(); !slices.Equal(got, wanted) {
			t.Fatalf("%s: told %d, want %d:\n%v", when, len(got), len(wanted), got)
		}
	}
	check("new", together(ctx, tell, tell, tell)...)

	if _, err := h.Take(ctx, h.lib, ids[0], boris.ID); err != nil {
		t.Fatal(err)
	}
	h.clock.move(2 * time.Hour)
	note("desk_notice.late", ids[0], boris) // who holds it, alone
	for _, id := range ids[1:] {
		note("desk_notice.late", id, anna)
		note("desk_notice.late", id, boris)
	}
	check("late", together(ctx, tell, tell, tell)...)
	want(t, "release", h.Release(ctx, h.lib, ids[0], boris.ID), nil)
	check("nothing new")
}

func TestNoticeThatFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	h.wantsNotices(anna)
	ids := h.open(h.lib, queue.RoleLibrarian, 30)
	broken := errors.New("no template")
	err := h.TellStaff(ctx, func(ctx context.Context, tx pgx.Tx, to queue.Staff, n queue.Notice) error {
		if err := deliver(ctx, tx, to, n); err != nil {
			return err
		}
		if n.Task == ids[3] {
			return broken
		}
		if n.Task == ids[4] { // even one that breaks the transaction
			_, err := tx.Exec(ctx, "select 1/0")
			return err
		}
		return nil
	})
	want(t, "tell", err, broken)
	if got := len(h.told()); got != 28 {
		t.Fatalf("told of %d tasks, want 28", got)
	}
	want(t, "tell again", h.TellStaff(ctx, deliver), nil)
	if got := h.told(); len(got) != 30 || len(slices.Compact(got)) != 30 {
		t.Fatalf("told of %d tasks, want each of 30 once", len(got))
	}
}
