// Package files is the encrypted store of everything that people send and are sent.
//
// A file belongs to a library; who may see it is for the caller to decide.
package files

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts/library"
)

// What callers branch on.
var (
	ErrTooLarge = errors.New("file too large")                       // more bytes than the limit allows
	ErrNotFound = errors.New("file not found")                       // no such file in this library
	ErrPurged   = errors.New("file purged")                          // its bytes are gone for good
	ErrInfected = errors.New("file infected")                        // a virus was found in it; it is not handed out
	ErrCorrupt  = errors.New("file altered, cut short or lost")      // what is stored is not what was received
	errVanished = errors.New("no longer expected in the file store") // swept away while it was arriving
)

const (
	arrivalLimit = 24 * time.Hour // after which bytes without a row are taken for the rest of a crash
	headSize     = 3072           // as many bytes as the type is told by
)

// Store keeps files: what is known of them in the database, their bytes encrypted in blobs.
type Store struct {
	pool  *pgxpool.Pool
	keys  *Keys
	blobs Blobs
	now   func() time.Time
}

// NewStore makes a store; nothing is read or written before its first use.
func NewStore(pool *pgxpool.Pool, keys *Keys, blobs Blobs, now func() time.Time) *Store {
	return &Store{pool: pool, keys: keys, blobs: blobs, now: now}
}

const (
	insertPendingSQL = `insert into pending_blobs (id, library_id, due_at) values ($1, $2, $3)`
	deletePendingSQL = `delete from pending_blobs where id = $1`
	insertFileSQL    = `
		insert into files (id, library_id, sha256, size, name, media_type, kind, width, height, state, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	fileColumns = `id, library_id, sha256, size, name, media_type, kind, width, height, pages, problem, state, taken, taken_east,
		coalesce(preview_id, '') as preview_id, created_at, purged_at`
	selectFiles    = `select ` + fileColumns + ` from files where library_id = $1 and `
	selectFileSQL  = selectFiles + `id = $2`
	selectFilesSQL = selectFiles + `id = any($2)`
)

// Put stores src, at most limit bytes of it, as a file of the library: first the bytes, then the row, so that a row always has its bytes.
// ErrTooLarge when there is more; nothing is then kept. Memory use does not depend on the size.
func (s *Store) Put(ctx context.Context, lib library.ID, src io.Reader, meta Meta, limit int64) (File, error) {
	f, err := s.write(ctx, lib, src, meta, limit)
	if err != nil {
		return File{}, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return insert(ctx, tx, f) })
	if err != nil { // the pending row stays: whether the commit arrived is not known, and only Sweep can tell
		return File{}, fmt.Errorf("put file %s: %w", f.ID, err)
	}
	return f, nil
}

// write brings the bytes into the store under a pending row; insert makes a file of them.
func (s *Store) write(ctx context.Context, lib library.ID, src io.Reader, meta Meta, limit int64) (File, error) {
	now := s.now()
	f := File{ID: newID(), Library: lib, Name: cleanName(meta.Name), State: Stored, CreatedAt: now}
	head := bufio.NewReaderSize(src, headSize)
	first, err := head.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("receive file: %w", err)
	}
	f.MediaType = mediaTypeOf(first)
	f.Kind = kindOf(f.MediaType)
	if _, err := s.pool.Exec(ctx, insertPendingSQL, f.ID, lib, now.Add(arrivalLimit)); err != nil {
		return File{}, fmt.Errorf("receive file %s: %w", f.ID, err)
	}
	plain := &measured{src: head, sum: sha256.New(), limit: limit}
	if err := s.encrypt(ctx, f.ID, plain); err != nil {
		if plain.over {
			err = ErrTooLarge
		}
		return File{}, fmt.Errorf("receive file %s: %w", f.ID, errors.Join(err, s.discard(ctx, f.ID)))
	}
	f.Size, f.SHA256 = plain.size, plain.sum.Sum(nil)
	return f, nil
}

func (s *Store) encrypt(ctx context.Context, id ID, plain io.Reader) error {
	sealed, err := s.keys.Encrypt(plain)
	if err != nil {
		return err
	}
	return s.blobs.Put(ctx, id, sealed)
}

// discard forgets bytes that did not become a file. It is tried even if the caller has gone; what fails is left to Sweep.
func (s *Store) discard(ctx context.Context, id ID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := s.blobs.Delete(ctx, id); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, deletePendingSQL, id)
	return err
}

// insert turns pending bytes into a file.
func insert(ctx context.Context, tx pgx.Tx, f File) error {
	tag, err := tx.Exec(ctx, deletePendingSQL, f.ID)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return errVanished
	}
	_, err = tx.Exec(ctx, insertFileSQL, f.ID, f.Library, f.SHA256, f.Size, f.Name, f.MediaType, f.Kind, f.Width, f.Height, f.State, f.CreatedAt)
	return err
}

// Find gives what is known of a file, purged ones included; ErrNotFound when the library has none of this id.
func (s *Store) Find(ctx context.Context, lib library.ID, id ID) (File, error) {
	if !id.Valid() { // from an address it may be any bytes, which neither the database nor a log should get
		return File{}, fmt.Errorf("find file: %w", ErrNotFound)
	}
	rows, err := s.pool.Query(ctx, selectFileSQL, lib, id)
	if err != nil {
		return File{}, fmt.Errorf("find file %s: %w", id, err)
	}
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[File])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return File{}, fmt.Errorf("find file %s: %w", id, err)
	}
	return f, nil
}

// FindAll gives what is known of those of the files that the library has, in one query.
func (s *Store) FindAll(ctx context.Context, lib library.ID, ids []ID) (map[ID]File, error) {
	rows, err := s.pool.Query(ctx, selectFilesSQL, lib, ids)
	if err != nil {
		return nil, fmt.Errorf("find %d files: %w", len(ids), err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[File])
	if err != nil {
		return nil, fmt.Errorf("find %d files: %w", len(ids), err)
	}
	out := make(map[ID]File, len(found))
	for _, f := range found {
		out[f.ID] = f
	}
	return out, nil
}

// Open gives the plain bytes of a file; close them. Reading ends with io.EOF only if they are those that were received, otherwise with ErrCorrupt:
// act on nothing before that. ErrNotFound, ErrPurged, ErrInfected and ErrKey come at once. The bytes are read under ctx.
func (s *Store) Open(ctx context.Context, lib library.ID, id ID) (io.ReadCloser, File, error) {
	f, err := s.Find(ctx, lib, id)
	if err != nil {
		return nil, File{}, err
	}
	if f.State == Infected {
		return nil, File{}, fmt.Errorf("open file %s: %w", id, ErrInfected)
	}
	r, err := s.decrypt(ctx, f)
	if err != nil {
		return nil, File{}, err
	}
	return r, f, nil
}

// measured counts and hashes what passes, and stops what is over the limit.
type measured struct {
	src   io.Reader
	sum   hash.Hash
	size  int64
	limit int64
	over  bool
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.src.Read(p)
	m.size += int64(n)
	if m.size > m.limit {
		m.over = true
		return 0, ErrTooLarge
	}
	m.sum.Write(p[:n])
	return n, err
}
