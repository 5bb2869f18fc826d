package contacts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// MergeID names the joining of two contacts.
type MergeID int64

// How two contacts were found to be one person.
const (
	ByCode  = "code"  // six digits sent to one address came back from the other
	ByStaff = "staff" // somebody at the desk said so
)

// What may stand in the way of a merge or of its undo.
var (
	ErrItself     = errors.New("a contact cannot be joined to itself")
	ErrMerged     = errors.New("the contact is part of another")
	ErrTwoPeople  = errors.New("the contacts are two different readers")
	ErrUndone     = errors.New("the merge was undone before")
	ErrMergedOver = errors.New("a later merge has to be undone first")
)

// Merge makes one contact of two: all that is from's becomes into's, and each row that was moved is noted, so that Undo can bring it back. A reader whom
// both have is one link afterwards, "self" if it was so with either. By is of staff, or 0 where a code has proven it. ErrTwoPeople when the two are
// registered as different readers themselves; ErrMerged when one of them is part of another contact already.
//
// The caller holds the conversations of both: a turn reads who writes when it begins.
func Merge(ctx context.Context, tx pgx.Tx, lib library.ID, into, from ID, by int64, how string, at time.Time) (MergeID, error) {
	if into == from {
		return 0, fmt.Errorf("merge contact %d: %w", from, ErrItself)
	}
	if err := lockWhole(ctx, tx, lib, into, from); err != nil {
		return 0, fmt.Errorf("merge contact %d into %d: %w", from, into, err)
	}
	var two bool
	if err := tx.QueryRow(ctx, `select exists (select from contact_readers f
  join contact_readers i on i.library_id = f.library_id and i.contact_id = $2 and i.relation = 'self' and i.reader_id <> f.reader_id
  where f.library_id = $1 and f.contact_id = $3 and f.relation = 'self')`, lib, into, from).Scan(&two); err != nil {
		return 0, fmt.Errorf("merge contact %d into %d: %w", from, into, err)
	}
	if two {
		return 0, fmt.Errorf("merge contact %d into %d: %w", from, into, ErrTwoPeople)
	}
	var id MergeID
	if err := tx.QueryRow(ctx, `insert into merges (library_id, into_id, from_id, how, merged_by, merged_at, into_readers)
values ($1, $2, $3, $4, nullif($5::bigint, 0), $6,
  array(select reader_id from contact_readers where library_id = $1 and contact_id = $2 order by reader_id)) returning id`,
		lib, into, from, how, by, at).Scan(&id); err != nil {
		return 0, fmt.Errorf("merge contact %d into %d: %w", from, into, err)
	}
	if err := run(ctx, tx, mergeSteps, pgx.NamedArgs{"lib": lib, "merge": id, "into": into, "from": from}); err != nil {
		return 0, fmt.Errorf("merge contact %d into %d: %w", from, into, err)
	}
	return id, nil
}

// lockWhole locks both contacts, in the order of their ids, and sees to it that neither is part of another.
func lockWhole(ctx context.Context, tx pgx.Tx, lib library.ID, one, two ID) error {
	rows, err := tx.Query(ctx, `select merged_into is not null from contacts where library_id = $1 and id in ($2, $3) order by id for no key update`, lib, one, two)
	if err != nil {
		return err
	}
	parts, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	switch {
	case err != nil:
		return err
	case len(parts) < 2:
		return ErrNotFound
	case parts[0] || parts[1]:
		return ErrMerged
	}
	return nil
}

// mergeSteps move all that is from's and note it. Nobody is "self" twice afterwards: Merge has seen to that.
var mergeSteps = []string{
	`with moved as (update addresses set contact_id = @into where library_id = @lib and contact_id = @from returning id)
insert into merge_rows (library_id, merge_id, table_name, keys) select @lib, @merge, 'addresses', jsonb_build_object('id', id) from moved`,

	`with moved as (update consents set contact_id = @into where library_id = @lib and contact_id = @from returning id)
insert into merge_rows (library_id, merge_id, table_name, keys) select @lib, @merge, 'consents', jsonb_build_object('id', id) from moved`,

	`with moved as (update registrations set contact_id = @into where library_id = @lib and contact_id = @from returning id)
insert into merge_rows (library_id, merge_id, table_name, keys) select @lib, @merge, 'registrations', jsonb_build_object('id', id) from moved`,

	`insert into merge_rows (library_id, merge_id, table_name, keys)
select @lib, @merge, 'contact_readers',
  jsonb_build_object('reader_id', f.reader_id, 'relation', f.relation, 'created_at', f.created_at, 'into_relation', i.relation)
from contact_readers f left join contact_readers i on i.library_id = f.library_id and i.contact_id = @into and i.reader_id = f.reader_id
where f.library_id = @lib and f.contact_id = @from`,

	`delete from contact_readers f using contact_readers i
where f.library_id = @lib and f.contact_id = @from and i.library_id = f.library_id and i.contact_id = @into and i.reader_id = f.reader_id`,

	`update contact_readers l set relation = 'self' from merge_rows m
where m.library_id = @lib and m.merge_id = @merge and m.table_name = 'contact_readers' and m.keys ->> 'relation' = 'self'
  and l.library_id = m.library_id and l.contact_id = @into and l.reader_id = (m.keys ->> 'reader_id')::bigint`,

	`update contact_readers set contact_id = @into where library_id = @lib and contact_id = @from`,

	`update contacts set merged_into = @into where library_id = @lib and id = @from`,
}

// run carries out the steps in one round trip.
func run(ctx context.Context, tx pgx.Tx, steps []string, args pgx.NamedArgs) error {
	batch := &pgx.Batch{}
	for _, sql := range steps {
		batch.Queue(sql, args)
	}
	return tx.SendBatch(ctx, batch).Close()
}
