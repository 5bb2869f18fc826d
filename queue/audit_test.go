package queue_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

func TestAuditIsAppendOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.tx(func(tx pgx.Tx) error {
		return queue.Audit(ctx, tx, queue.AuditEntry{Library: h.lib, Act: "paper.seen", Object: "file x", Detail: map[string]any{"pages": 2}})
	})
	for _, sql := range []string{"update audit set act = 'x'", "delete from audit", "delete from audit where false", "truncate audit"} {
		if _, err := h.pool.Exec(ctx, sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	rows, err := h.ListAudit(ctx, h.lib, 0, 0)
	want(t, "list", err, nil)
	if len(rows) != 1 || rows[0].Act != "paper.seen" || rows[0].Detail["pages"] != float64(2) || rows[0].At.IsZero() {
		t.Errorf("audit: %+v", rows)
	}
}

func TestAuditGoesWithItsTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	undone := errors.New("undone")
	err := h.try(func(tx pgx.Tx) error {
		if err := queue.Audit(t.Context(), tx, queue.AuditEntry{Library: h.lib, Act: "paper.seen"}); err != nil {
			return err
		}
		return undone
	})
	want(t, "roll back", err, undone)
	rows, err := h.ListAudit(t.Context(), h.lib, 0, 0)
	want(t, "list", err, nil)
	if len(rows) != 0 {
		t.Errorf("audit: %+v", rows)
	}
}

func TestAuditPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	second := h.library("second")
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	operator, _ := h.staff("operator", queue.RoleOperator)
	h.session(operator.ID)
	h.tx(func(tx pgx.Tx) error {
		for i := range 20 {
			for _, e := range []queue.AuditEntry{
				{Library: h.lib, Staff: anna.ID, Act: "paper.seen", Object: "file " + itoa(i)},
				{Library: second, Act: "paper.seen", Object: "not ours"},
			} {
				if err := queue.Audit(ctx, tx, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	var objects []string
	for before := int64(0); ; {
		rows, err := h.ListAudit(ctx, h.lib, before, 6)
		want(t, "list", err, nil)
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			objects = append(objects, r.Object)
		}
		before = rows[len(rows)-1].ID
	}
	if len(objects) != 21 || objects[0] != "file 19" || objects[19] != "file 0" || !strings.HasPrefix(objects[20], "staff ") || slices.Contains(objects, "not ours") {
		t.Errorf("audit: %v", objects)
	}
	rows, err := h.ListAudit(ctx, 0, 0, 0)
	want(t, "list of none", err, nil)
	if len(rows) != 2 || rows[0].Act != "session.opened" || rows[0].StaffName != operator.Name || rows[1].Act != "staff.added" {
		t.Errorf("audit of no library: %+v", rows)
	}
}
