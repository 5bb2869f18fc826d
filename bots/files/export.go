package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/minio/minio-go/v7"
)

const (
	keptFilesSQL   = `select id from files where state <> 'purged' order by id`
	purgedFilesSQL = `select id from files where state = 'purged' and id = any($1)`
	forgetSQL      = `
		with unseen as (
			delete from file_sheets where file_id = any($1)
		), blind as (
			update file_sheets set preview_id = null where preview_id = any($1) and not file_id = any($1)
		)
		update files set
		  preview_id = case when preview_id = any($1) or id = any($1) then null else preview_id end,
		  state = case when id = any($1) then 'purged' else state end,
		  purged_at = case when id = any($1) then $2 else purged_at end,
		  name = case when id = any($1) then '' else name end
		where state <> 'purged' and (id = any($1) or preview_id = any($1))`
)

// Kept gives the ids of all files whose bytes must be there, of every library, as the transaction sees them.
func Kept(ctx context.Context, tx pgx.Tx) ([]ID, error) {
	return listIDs(ctx, tx, keptFilesSQL)
}

// PurgedAmong gives those of the ids whose files have been purged by now.
func PurgedAmong(ctx context.Context, pool *pgxpool.Pool, ids []ID) ([]ID, error) {
	return listIDs(ctx, pool, purgedFilesSQL, ids)
}

// Forget marks files as purged whose bytes are in no back-up because they were purged while it was made.
func Forget(ctx context.Context, tx pgx.Tx, ids []ID, now time.Time) error {
	if _, err := tx.Exec(ctx, forgetSQL, ids, now); err != nil {
		return fmt.Errorf("forget %d files: %w", len(ids), err)
	}
	return nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func listIDs(ctx context.Context, db querier, sql string, args ...any) ([]ID, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[ID])
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return ids, nil
}

// errForeignBlobs guards a switch over the two kinds of Blobs.
var errForeignBlobs = errors.New("this kind of file store is not known")

// Empty reports whether nothing at all lies in the store.
func Empty(ctx context.Context, blobs Blobs) (bool, error) {
	switch b := blobs.(type) {
	case *disk:
		entries, err := fs.ReadDir(b.root.FS(), ".")
		if err != nil {
			return false, fmt.Errorf("look into the file store: %w", err)
		}
		for _, e := range entries {
			if e.Name() != "lost+found" { // which a disk of its own has
				return false, nil
			}
		}
		return true, nil
	case *bucket:
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		object, found := <-b.service.Client.ListObjects(ctx, b.name, minio.ListObjectsOptions{MaxKeys: 1})
		if object.Err != nil {
			return false, fmt.Errorf("look into the file store: %w", object.Err)
		}
		return !found, nil
	}
	return false, errForeignBlobs
}

// probeText is what Probe writes.
const probeText = "librarian probe"

// Probe writes, reads and deletes a small blob under an id of its own.
func Probe(ctx context.Context, blobs Blobs) error {
	id := newID()
	if err := blobs.Put(ctx, id, strings.NewReader(probeText)); err != nil {
		return err
	}
	return errors.Join(readProbe(ctx, blobs, id), blobs.Delete(ctx, id))
}

func readProbe(ctx context.Context, blobs Blobs, id ID) error {
	r, err := blobs.Get(ctx, id)
	if err != nil {
		return err
	}
	defer r.Close()
	var back strings.Builder
	if _, err := io.Copy(&back, r); err != nil {
		return fmt.Errorf("read blob %s: %w", id, err)
	}
	if back.String() != probeText {
		return fmt.Errorf("read blob %s: %w", id, ErrCorrupt)
	}
	return nil
}
