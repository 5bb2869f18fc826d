package queue_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

func TestAuditOfObjects(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.library("second")
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	h.tx(func(tx pgx.Tx) error {
		for _, e := range []queue.AuditEntry{
			{Library: h.lib, Staff: anna.ID, Act: "registration.looked", Object: "registration 1"},
			{Library: h.lib, Act: "registration.looked", Object: "registration 12"},
			{Library: second, Act: "registration.looked", Object: "registration 1"},
			{Library: h.lib, Act: "file.looked", Object: "file a", Detail: map[string]any{"x": "y"}},
		} {
			if err := queue.Audit(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	rows, err := h.AuditOf(t.Context(), h.lib, "registration 1", "file a")
	want(t, "audit of", err, nil)
	if len(rows) != 2 || rows[0].Object != "registration 1" || rows[0].StaffName != anna.Name || rows[1].Act != "file.looked" || rows[1].Detail["x"] != "y" {
		t.Errorf("rows: %+v", rows)
	}
	none, err := h.AuditOf(t.Context(), h.lib)
	want(t, "audit of nothing", err, nil)
	if len(none) != 0 {
		t.Errorf("rows of nothing: %+v", none)
	}
}
