package queue

import (
	"context"
	"fmt"

	"librarian/contacts/library"
)

const selectAuditOf = `
select a.id, a.at, coalesce(a.staff_id, 0) as staff, coalesce(s.name, '') as staff_name, a.act, a.object, a.detail
from audit a left join staff s on s.id = a.staff_id
where a.library_id = $1 and a.object = any($2)
order by a.id`

// AuditOf gives all that the library's log holds of the objects, oldest first. Its cost is that of the rows it gives.
func (d *Desk) AuditOf(ctx context.Context, lib library.ID, objects ...string) ([]AuditRow, error) {
	rows, err := all[AuditRow](ctx, d.pool, selectAuditOf, lib, objects)
	if err != nil {
		return nil, fmt.Errorf("audit of %d objects in library %d: %w", len(objects), lib, err)
	}
	return rows, nil
}
