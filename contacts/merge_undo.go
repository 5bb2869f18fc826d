package contacts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Merged is two contacts that were joined, as staff see it.
type Merged struct {
	ID   MergeID
	Into ID
	From ID
	Name string // what from calls themself
	How  string // code, staff
	By   int64  // of staff; 0: a code
	At   time.Time
}

const mergedColumns = `m.id, m.into_id as into, m.from_id as from, c.name, m.how, coalesce(m.merged_by, 0) as by, m.merged_at as at
from merges m join contacts c on c.library_id = m.library_id and c.id = m.from_id`

// MergesOf gives what was joined to the contact and still is, the newest first: only that one can be undone.
func MergesOf(ctx context.Context, db DB, lib library.ID, id ID) ([]Merged, error) {
	rows, err := db.Query(ctx, `select `+mergedColumns+` where m.library_id = $1 and m.into_id = $2 and m.undone_at is null order by m.id desc`, lib, id)
	if err != nil {
		return nil, fmt.Errorf("merges of contact %d: %w", id, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Merged])
	if err != nil {
		return nil, fmt.Errorf("merges of contact %d: %w", id, err)
	}
	return out, nil
}

// MergeByID gives the merge, undone or not, or ErrNotFound.
func MergeByID(ctx context.Context, db DB, lib library.ID, id MergeID) (Merged, error) {
	rows, err := db.Query(ctx, `select `+mergedColumns+` where m.library_id = $1 and m.id = $2`, lib, id)
	if err != nil {
		return Merged{}, fmt.Errorf("merge %d: %w", id, err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Merged])
	return m, notFound(err, "merge", int64(id))
}

// Undo makes two contacts of one again: what was moved goes back, and what came since stays with the address through which it came. A reader whom both
// have served since stays with both. ErrMergedOver while a later merge has changed the same contact: the last is undone first. ErrUndone the second time.
//
// The caller holds the conversations of the contact.
func Undo(ctx context.Context, tx pgx.Tx, lib library.ID, id MergeID, by int64, at time.Time) error {
	m, err := MergeByID(ctx, tx, lib, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `select from contacts where library_id = $1 and id in ($2, $3) order by id for no key update`, lib, m.Into, m.From); err != nil {
		return fmt.Errorf("undo merge %d: %w", id, err)
	}
	var undone, over bool
	if err := tx.QueryRow(ctx, `select undone_at is not null, exists (select from merges n
  where n.library_id = m.library_id and n.id > m.id and n.undone_at is null and m.into_id in (n.into_id, n.from_id))
from merges m where m.library_id = $1 and m.id = $2`, lib, id).Scan(&undone, &over); err != nil {
		return fmt.Errorf("undo merge %d: %w", id, err)
	}
	switch {
	case undone:
		return fmt.Errorf("undo merge %d: %w", id, ErrUndone)
	case over:
		return fmt.Errorf("undo merge %d: %w", id, ErrMergedOver)
	}
	err = run(ctx, tx, undoSteps, pgx.NamedArgs{"lib": lib, "merge": id, "into": m.Into, "from": m.From, "by": by, "at": at})
	if err != nil {
		return fmt.Errorf("undo merge %d: %w", id, err)
	}
	return nil
}

// noted are the ids of the rows of one table that the merge has moved.
func noted(table string) string {
	return `(select (keys ->> 'id')::bigint from merge_rows where library_id = @lib and merge_id = @merge and table_name = '` + table + `')`
}

// asItWas is the relation to a reader before the merge, unless the reader was found to be another since: that one nobody is themself.
func asItWas(key string) string {
	return `case when exists (select from readers d where d.library_id = r.library_id and d.id = (r.keys ->> 'reader_id')::bigint and d.double_of is not null)
  then 'other' else r.keys ->> '` + key + `' end`
}

// undoSteps bring back what was moved, then share out what came since.
var undoSteps = []string{
	`update addresses set contact_id = @from where library_id = @lib and contact_id = @into and id in ` + noted("addresses"),

	`update consents set contact_id = @from where library_id = @lib and contact_id = @into
  and (id in ` + noted("consents") + ` or address_id in ` + noted("addresses") + `)`,

	`update registrations set contact_id = @from where library_id = @lib and contact_id = @into
  and (id in ` + noted("registrations") + ` or address_id in ` + noted("addresses") + `)`,

	`insert into contact_readers (library_id, contact_id, reader_id, relation, created_at)
select library_id, @from, (keys ->> 'reader_id')::bigint, ` + asItWas("relation") + `, (keys ->> 'created_at')::timestamptz
from merge_rows r where library_id = @lib and merge_id = @merge and table_name = 'contact_readers'`,

	// readers who were registered since through one of from's addresses
	`insert into contact_readers (library_id, contact_id, reader_id, relation, created_at)
select l.library_id, @from, l.reader_id, l.relation, l.created_at from contact_readers l
where l.library_id = @lib and l.contact_id = @into
  and exists (select from registrations g where g.library_id = l.library_id and g.reader_id = l.reader_id and g.contact_id = @from)
  and not exists (select from contact_readers f where f.library_id = l.library_id and f.contact_id = @from and f.reader_id = l.reader_id)`,

	// into keeps those whom it had, and those who were registered since through one of its own
	`delete from contact_readers l using merges m, contact_readers f
where m.library_id = @lib and m.id = @merge and l.library_id = m.library_id and l.contact_id = @into and l.reader_id <> all(m.into_readers)
  and f.library_id = l.library_id and f.contact_id = @from and f.reader_id = l.reader_id
  and not exists (select from registrations g where g.library_id = l.library_id and g.reader_id = l.reader_id and g.contact_id = @into)`,

	`update contact_readers l set relation = ` + asItWas("into_relation") + ` from merge_rows r
where r.library_id = @lib and r.merge_id = @merge and r.table_name = 'contact_readers' and r.keys ->> 'into_relation' is not null
  and l.library_id = r.library_id and l.contact_id = @into and l.reader_id = (r.keys ->> 'reader_id')::bigint`,

	`update contacts set merged_into = null where library_id = @lib and id = @from`,

	`update merges set undone_at = @at, undone_by = nullif(@by::bigint, 0) where library_id = @lib and id = @merge`,
}
