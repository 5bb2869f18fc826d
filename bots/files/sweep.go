package files

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// linkTime is how long a file may wait until something shows it: a repeat of a message, or a crash, leaves files that nothing ever will.
const linkTime = 24 * time.Hour

const (
	linkSQL     = `update files set linked = true where library_id = $1 and id = any($2)`
	unlinkedSQL = `
		select library_id, id from files f
		where not linked and state <> 'purged' and created_at < $1
		  and not exists (select from files p where p.library_id = f.library_id and p.preview_id = f.id)
		  and not exists (select from file_sheets s where s.library_id = f.library_id and s.preview_id = f.id)
		order by created_at limit 100`
	purgeSQL = `
		with wanted as (
			select id, preview_id from files where library_id = $1 and id = $2 for update
		), seen as (
			delete from file_sheets where library_id = $1 and file_id = $2 returning preview_id
		), gone as (
			update files set state = 'purged', purged_at = $3, name = '', preview_id = null
			where library_id = $1 and state <> 'purged'
			  and id in (select id from wanted union all select preview_id from wanted union all select preview_id from seen)
			returning id
		), pending as (
			insert into pending_blobs (id, library_id, due_at) select id, $1, $3 from gone returning id
		)
		select (select count(*) from wanted) as found, array(select id from pending) as blobs`
	claimPendingSQL = `
		select id from pending_blobs where due_at <= $1 and not id = any($2)
		order by due_at limit 1 for update skip locked`
)

// Link notes, within the caller's transaction, that something shows the files from now on.
func Link(ctx context.Context, tx pgx.Tx, lib library.ID, ids ...ID) error {
	if _, err := tx.Exec(ctx, linkSQL, lib, ids); err != nil {
		return fmt.Errorf("link %d files: %w", len(ids), err)
	}
	return nil
}

// Purge marks a file and the previews of its pages as purged, within the caller's transaction: from its commit they cannot be opened, and Sweep removes the
// bytes. The hash stays, the name goes. A file purged before is no error; ErrNotFound when the library has none of this id.
func Purge(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, now time.Time) error {
	_, err := purge(ctx, tx, lib, id, now)
	return err
}

func purge(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, now time.Time) ([]ID, error) {
	if !id.Valid() {
		return nil, fmt.Errorf("purge file: %w", ErrNotFound)
	}
	type purged struct {
		Found int
		Blobs []ID
	}
	rows, err := tx.Query(ctx, purgeSQL, lib, id, now)
	if err != nil {
		return nil, fmt.Errorf("purge file %s: %w", id, err)
	}
	done, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[purged])
	if err == nil && done.Found == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("purge file %s: %w", id, err)
	}
	return done.Blobs, nil
}

// Delete purges a file and the previews of its pages and removes their bytes at once. After an error that is not ErrNotFound it may be called again, and
// Sweep also finishes it.
func (s *Store) Delete(ctx context.Context, lib library.ID, id ID) error {
	var blobs []ID
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		blobs, err = purge(ctx, tx, lib, id, s.now())
		return err
	})
	if err != nil {
		return err
	}
	for _, blob := range blobs {
		if err := s.discard(ctx, blob); err != nil {
			return fmt.Errorf("delete file %s: %w", id, err)
		}
	}
	return nil
}

// Sweep purges files that nothing has shown for a day, and removes the bytes of purged files and those that have had no row for a day. It gives how many
// it removed; one that cannot be removed does not stop the others.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	removed, failed := 0, []ID{}
	problems := s.purgeUnlinked(ctx)
	for {
		id, err := s.sweepOne(ctx, failed)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return removed, problems
		case id == "" || ctx.Err() != nil:
			return removed, errors.Join(problems, fmt.Errorf("sweep file store: %w", err))
		case err != nil:
			failed = append(failed, id)
			problems = errors.Join(problems, fmt.Errorf("sweep file store: %w", err))
		default:
			removed++
		}
	}
}

func (s *Store) purgeUnlinked(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, unlinkedSQL, s.now().Add(-linkTime))
		if err != nil {
			return err
		}
		type unlinked struct {
			LibraryID library.ID
			ID        ID
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[unlinked])
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := Purge(ctx, tx, f.LibraryID, f.ID, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("purge files that nothing shows: %w", err)
	}
	return nil
}

// sweepOne holds the row's lock while the bytes are removed, so that a Put which took a day cannot make a file of them meanwhile.
func (s *Store) sweepOne(ctx context.Context, except []ID) (id ID, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, claimPendingSQL, s.now(), except)
		if err != nil {
			return err
		}
		if id, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[ID]); err != nil {
			return err
		}
		if err := s.blobs.Delete(ctx, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, deletePendingSQL, id)
		return err
	})
	return id, err
}
