package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/cmd/schema"
)

type restoreCommand struct {
	database
	Files string `env:"LIBRARIAN_FILES" default:"/var/lib/librarian/files" help:"Where files are to lie: an empty place." placeholder:"PLACE"`
	Dir   string `arg:"" help:"The back-up." type:"existingdir"`
}

var (
	errIncomplete    = errors.New("the back-up is not complete: it has no manifest")
	errForm          = errors.New("the back-up has a form that this program does not know")
	errDamaged       = errors.New("the back-up is damaged")
	errDatabaseInUse = errors.New("the database is not empty: restore into a new one")
	errFilesInUse    = errors.New("the place for files is not empty: restore into a new one")
)

// Run restores the back-up, or changes nothing.
func (c restoreCommand) Run(ctx context.Context) error {
	if c.KeyFile == "" {
		return errNoKey
	}
	keys, err := files.ReadKeyFile(c.KeyFile)
	if err != nil {
		return err
	}
	pool, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	blobs, err := files.OpenBlobs(c.Files)
	if err != nil {
		return err
	}
	m, err := readManifest(c.Dir)
	if err != nil {
		return err
	}
	r := restore{c, pool, keys, blobs, m}
	if err := r.precautions(ctx); err != nil {
		return err
	}
	return r.make(ctx)
}

func readManifest(dir string) (manifest, error) {
	var m manifest
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return m, errIncomplete
	}
	if err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read manifest: %w: %w", errDamaged, err)
	}
	if m.Form != manifestForm {
		return m, errForm
	}
	return m, nil
}

// restore is one on its way.
type restore struct {
	restoreCommand
	pool  *pgxpool.Pool
	keys  *files.Keys
	blobs files.Blobs
	manifest
}

// Objects that an extension or the server itself brings do not count.
const countObjects = `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`

// precautions look at everything that can be known beforehand.
func (r *restore) precautions(ctx context.Context) error {
	var objects int
	if err := r.pool.QueryRow(ctx, countObjects).Scan(&objects); err != nil {
		return fmt.Errorf("look into the database: %w", err)
	}
	if objects > 0 {
		return errDatabaseInUse
	}
	empty, err := files.Empty(ctx, r.blobs)
	if err != nil {
		return err
	}
	if !empty {
		return errFilesInUse
	}
	return r.verify(ctx)
}

// verify reads all of the back-up once.
func (r *restore) verify(ctx context.Context) error {
	dump, err := os.Open(filepath.Join(r.Dir, dumpName))
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	_, err = r.keys.Decrypt(dump)
	if err = errors.Join(err, dump.Close()); err != nil {
		return fmt.Errorf("the key does not open this back-up: %w", err)
	}
	if dump, err = os.Open(filepath.Join(r.Dir, dumpName)); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err := matches(dump, r.Dump); err != nil {
		return err
	}
	from, err := r.kept()
	if err != nil {
		return err
	}
	for _, p := range r.manifest.Files {
		blob, err := from.Get(ctx, files.ID(p.Name))
		if err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		if err := matches(blob, p); err != nil {
			return err
		}
	}
	return nil
}

// kept are the back-up's files. A back-up without files has a folder all the same.
func (r *restore) kept() (files.Blobs, error) {
	return files.OpenBlobs(filepath.Join(r.Dir, blobsName))
}

// matches reads all of src and closes it.
func matches(src io.ReadCloser, p part) error {
	sum := sha256.New()
	n, err := io.Copy(sum, src)
	if err = errors.Join(err, src.Close()); err != nil {
		return fmt.Errorf("read %s: %w", p.Name, err)
	}
	if n != p.Size || hex.EncodeToString(sum.Sum(nil)) != p.SHA256 {
		return fmt.Errorf("%s: %w", p.Name, errDamaged)
	}
	return nil
}

// make brings the files first: they can be taken away again, and the database comes whole or not at all.
func (r *restore) make(ctx context.Context) (err error) {
	put := 0
	defer func() {
		if err != nil {
			err = errors.Join(err, r.takeAway(ctx, r.manifest.Files[:put]))
		}
	}()
	from, err := r.kept()
	if err != nil {
		return err
	}
	for _, p := range r.manifest.Files {
		put++
		copied, err := copyBlob(ctx, r.blobs, from, files.ID(p.Name))
		if err != nil {
			return err
		}
		if copied != p {
			return fmt.Errorf("%s: %w", p.Name, errDamaged)
		}
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	put = 0 // the database names them now
	return r.settle(ctx)
}

func (r *restore) takeAway(ctx context.Context, put []part) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for _, p := range put {
		if err := r.blobs.Delete(ctx, files.ID(p.Name)); err != nil {
			return err
		}
	}
	return nil
}

// load fills the database in one transaction.
func (r *restore) load(ctx context.Context) error {
	major, err := serverMajor(ctx, r.pool)
	if err != nil {
		return err
	}
	dump, err := os.Open(filepath.Join(r.Dir, dumpName))
	if err != nil {
		return fmt.Errorf("read back-up: %w", err)
	}
	defer func() { _ = dump.Close() }() // it was only read
	plain, err := r.keys.Decrypt(dump)
	if err != nil {
		return fmt.Errorf("read back-up: %w", err)
	}
	cmd, _, err := r.program(ctx, "pg_restore", max(major, r.PGVersion),
		"--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password", "--dbname="+r.pool.Config().ConnConfig.Database)
	if err != nil {
		return err
	}
	return stream(cmd, plain, nil)
}

// settle brings what was restored to this program's schema, forgets files that were purged while the back-up was made, and tells what is there.
func (r *restore) settle(ctx context.Context) error {
	if err := schema.Apply(ctx, r.pool); err != nil {
		return err
	}
	if err := schema.Check(ctx, r.pool); err != nil {
		return fmt.Errorf("the back-up was made by a newer program: %w", err)
	}
	if err := checkKey(ctx, r.pool, r.keys); err != nil {
		return err
	}
	if len(r.Purged) > 0 {
		err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error { return files.Forget(ctx, tx, r.Purged, time.Now()) })
		if err != nil {
			return err
		}
	}
	if r.Schema != schema.Hash() {
		fmt.Println("the database was brought to this program's schema")
	}
	fmt.Printf("restored the database and %d files as of %s; purged meanwhile: %d; missing when it was made: %d\n",
		len(r.manifest.Files), r.Made.Format(time.RFC3339), len(r.Purged), len(r.Lost))
	return nil
}
