package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/files"
	"librarian/cmd/schema"
)

// What lies in a back-up.
const (
	manifestName = "manifest.json" // written last: without it a back-up is not complete
	dumpName     = "database.dump.age"
	blobsName    = "files"
)

// manifest says what a back-up holds.
type manifest struct {
	Form      int        `json:"form"` // of the back-up itself
	Made      time.Time  `json:"made"`
	Schema    string     `json:"schema"`     // schema.Hash of the program that made it
	PGVersion int        `json:"postgresql"` // major version of pg_dump
	Dump      part       `json:"dump"`       // age over pg_dump's custom format
	Files     []part     `json:"files"`      // encrypted, as they lay in the file store; by id
	Purged    []files.ID `json:"purged"`     // that the dump names, but whose bytes were removed on purpose while it was made
	Lost      []files.ID `json:"lost"`       // that the dump names, and whose bytes were not there
}

const manifestForm = 1

// part is one file of a back-up.
type part struct {
	Name   string `json:"name"` // of a blob: its id
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

type backupCommand struct {
	database
	Files string `env:"LIBRARIAN_FILES" default:"/var/lib/librarian/files" help:"Where files lie." placeholder:"PLACE"`
	Dir   string `arg:"" help:"A new folder, made by the command." type:"path"`
}

var (
	errBackupLost = errors.New("the back-up is complete, but files are missing from the file store")
	errNotFresh   = errors.New("the folder is there already: a back-up goes into a new one")
)

// Run makes the back-up while the service runs.
func (c backupCommand) Run(ctx context.Context) error {
	pool, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := schema.Check(ctx, pool); err != nil {
		return fmt.Errorf("back up with the program that serves: %w", err)
	}
	keys, err := c.key(ctx, pool)
	if err != nil {
		return err
	}
	blobs, err := files.OpenBlobs(c.Files)
	if err != nil {
		return err
	}
	if err := os.Mkdir(c.Dir, 0o700); errors.Is(err, fs.ErrExist) {
		return errNotFresh
	} else if err != nil {
		return fmt.Errorf("make the back-up's folder: %w", err)
	}
	b := backup{c, pool, keys, blobs, manifest{Form: manifestForm, Made: time.Now().UTC().Truncate(time.Second), Schema: schema.Hash()}}
	if err := b.make(ctx); err != nil {
		return err
	}
	return b.report()
}

// backup is one on its way.
type backup struct {
	backupCommand
	pool  *pgxpool.Pool
	keys  *files.Keys
	blobs files.Blobs
	manifest
}

func (b *backup) make(ctx context.Context) error {
	ids, err := b.snapshot(ctx)
	if err != nil {
		return err
	}
	if err := b.copyBlobs(ctx, ids); err != nil {
		return err
	}
	return b.finish()
}

// snapshot writes the database and gives the files that it names: both as of one moment.
func (b *backup) snapshot(ctx context.Context) (ids []files.ID, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, b.pool, options, func(tx pgx.Tx) error {
		var name string
		if err := tx.QueryRow(ctx, `select pg_export_snapshot()`).Scan(&name); err != nil {
			return fmt.Errorf("fix the moment of the back-up: %w", err)
		}
		if ids, err = files.Kept(ctx, tx); err != nil {
			return err
		}
		return b.dump(ctx, name)
	})
	return ids, err
}

func (b *backup) dump(ctx context.Context, snapshot string) error {
	major, err := serverMajor(ctx, b.pool)
	if err != nil {
		return err
	}
	cmd, version, err := b.program(ctx, "pg_dump", major, "--format=custom", "--no-owner", "--no-privileges", "--no-password", "--snapshot="+snapshot)
	if err != nil {
		return err
	}
	b.PGVersion = version
	return stream(cmd, nil, func(out io.Reader) error {
		sealed, err := b.keys.Encrypt(out)
		if err != nil {
			return err
		}
		b.Dump, err = writePart(filepath.Join(b.Dir, dumpName), dumpName, sealed)
		return err
	})
}

// writePart writes a new file to the disk for good and tells its hash.
func writePart(path, name string, src io.Reader) (part, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return part{}, fmt.Errorf("write back-up: %w", err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), src)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return part{}, fmt.Errorf("write back-up: %w", err)
	}
	return part{Name: name, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// copyBlobs copies the files' bytes as they lie. Those that are not there are purged since the snapshot, or lost.
func (b *backup) copyBlobs(ctx context.Context, ids []files.ID) error {
	to, err := files.OpenBlobs(filepath.Join(b.Dir, blobsName))
	if err != nil {
		return err
	}
	b.manifest.Files = make([]part, 0, len(ids))
	var missing []files.ID
	for _, id := range ids {
		p, err := copyBlob(ctx, to, b.blobs, id)
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, id)
			continue
		}
		if err != nil {
			return err
		}
		b.manifest.Files = append(b.manifest.Files, p)
	}
	if len(missing) == 0 {
		return nil
	}
	if b.Purged, err = files.PurgedAmong(ctx, b.pool, missing); err != nil {
		return err
	}
	b.Lost = slices.DeleteFunc(missing, func(id files.ID) bool { return slices.Contains(b.Purged, id) })
	return nil
}

// copyBlob copies one file's bytes and tells their hash.
func copyBlob(ctx context.Context, to, from files.Blobs, id files.ID) (part, error) {
	r, err := from.Get(ctx, id)
	if err != nil {
		return part{}, err
	}
	count := &counted{r: r}
	sum := sha256.New()
	err = to.Put(ctx, id, io.TeeReader(count, sum))
	if err = errors.Join(err, r.Close()); err != nil {
		return part{}, err
	}
	return part{Name: string(id), Size: count.n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// finish writes the manifest under another name first, so that it is whole or absent.
func (b *backup) finish() error {
	text, err := json.MarshalIndent(b.manifest, "", " ")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	path := filepath.Join(b.Dir, manifestName)
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := syncDir(b.Dir); err != nil { // the parts, before what says that they are there
		return err
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return errors.Join(syncDir(b.Dir), syncDir(filepath.Dir(b.Dir)))
}

func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("keep folder: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("keep folder: %w", err)
	}
	return nil
}

func (b *backup) report() error {
	size := b.Dump.Size
	for _, f := range b.manifest.Files {
		size += f.Size
	}
	fmt.Printf("backed up the database and %d files, %d MB, to %s\n", len(b.manifest.Files), size>>20, b.Dir)
	for _, id := range b.Purged {
		fmt.Println("purged meanwhile:", id)
	}
	for _, id := range b.Lost {
		fmt.Println("missing:", id)
	}
	if len(b.Lost) > 0 {
		return errBackupLost
	}
	return nil
}
