package queue

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// AuditEntry is one thing done or looked at.
type AuditEntry struct {
	Library library.ID // 0 when it belongs to none
	Staff   StaffID    // 0 is the program itself, or the command line
	Act     string     // noun.verb, such as task.taken
	Object  string     // kind and id, such as "task 12"; never content
	Detail  map[string]any
}

const insertAudit = `
insert into audit (library_id, staff_id, act, object, detail)
values (nullif($1::bigint, 0), nullif($2::bigint, 0), $3, $4, $5)`

// Audit notes the entry in the transaction of what it tells of. Nothing can change or remove it afterwards.
func Audit(ctx context.Context, tx pgx.Tx, e AuditEntry) error {
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	if _, err := tx.Exec(ctx, insertAudit, e.Library, e.Staff, e.Act, e.Object, e.Detail); err != nil {
		return fmt.Errorf("audit %s of %s: %w", e.Act, e.Object, err)
	}
	return nil
}

// AuditRow is one line of the audit log.
type AuditRow struct {
	ID        int64
	At        time.Time
	Staff     StaffID // 0 is the program itself, or the command line
	StaffName string
	Act       string
	Object    string
	Detail    map[string]any
}

const selectAudit = `
select a.id, a.at, coalesce(a.staff_id, 0) as staff, coalesce(s.name, '') as staff_name, a.act, a.object, a.detail
from audit a left join staff s on s.id = a.staff_id
where a.library_id = $1 and a.id < $2
order by a.id desc limit $3`

const selectAuditOfNone = `
select a.id, a.at, coalesce(a.staff_id, 0) as staff, coalesce(s.name, '') as staff_name, a.act, a.object, a.detail
from audit a left join staff s on s.id = a.staff_id
where a.library_id is null and a.id < $1
order by a.id desc limit $2`

// ListAudit gives the library's log, newest first, below the row before (0: from the newest), at most limit rows (1 to 200, else 50).
// Library 0 gives what belongs to none: the operators' own doings.
func (d *Desk) ListAudit(ctx context.Context, lib library.ID, before int64, limit int) ([]AuditRow, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	sql, args := selectAudit, []any{lib, before, pageSize(limit)}
	if lib == 0 {
		sql, args = selectAuditOfNone, args[1:]
	}
	rows, err := all[AuditRow](ctx, d.pool, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list audit of library %d: %w", lib, err)
	}
	return rows, nil
}

func pageSize(limit int) int {
	if limit < 1 || limit > 200 {
		return 50
	}
	return limit
}
