package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
)

// current reports whether the first key opens what begins like this; only the header is read.
func (k *Keys) current(sealed io.Reader) (bool, error) {
	_, err := age.Decrypt(sealed, k.identities[0])
	if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read header: %w", err)
	}
	return true, nil
}

// Rewrap gives the secret sealed with the first key, and false when it is so already. ErrKey when no key of the file opens it.
func (k *Keys) Rewrap(sealed []byte) (fresh []byte, changed bool, err error) {
	if done, err := k.current(bytes.NewReader(sealed)); err != nil || done {
		return sealed, false, err
	}
	plain, err := k.Open(sealed)
	if err != nil {
		return nil, false, err
	}
	fresh, err = k.Seal(plain)
	return fresh, true, err
}

const lockKeptSQL = `select ` + fileColumns + ` from files where id = $1 and state <> 'purged' for update`

// Rewrap encrypts a file's bytes anew with the first key and reports whether that was needed. The old bytes are replaced in one step, and only
// after all of them have proved to be what was received, so it may be cut off at any moment and begun again. A file purged meanwhile is no error.
func (s *Store) Rewrap(ctx context.Context, id ID) (changed bool, err error) {
	done, err := s.sealedAnew(ctx, id)
	if err != nil || done {
		return false, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// The lock keeps a purge away: it would remove bytes that are then put back.
		rows, err := tx.Query(ctx, lockKeptSQL, id)
		if err != nil {
			return err
		}
		f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[File])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		changed = true
		return s.reencrypt(ctx, f)
	})
	if err != nil {
		return false, fmt.Errorf("rewrap file %s: %w", id, err)
	}
	return changed, nil
}

// sealedAnew reports that nothing is to be done: the first key opens the bytes, or there are none.
func (s *Store) sealedAnew(ctx context.Context, id ID) (bool, error) {
	body, err := s.blobs.Get(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		purged, perr := PurgedAmong(ctx, s.pool, []ID{id})
		if perr == nil && len(purged) == 0 {
			perr = fmt.Errorf("rewrap file %s: %w", id, ErrCorrupt)
		}
		return true, perr
	}
	if err != nil {
		return false, err
	}
	done, err := s.keys.current(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return false, fmt.Errorf("rewrap file %s: %w", id, err)
	}
	return done, nil
}

func (s *Store) reencrypt(ctx context.Context, f File) error {
	plain, err := s.decrypt(ctx, f)
	if err != nil {
		return err
	}
	sealed, err := s.keys.Encrypt(plain)
	if err == nil {
		err = replace(ctx, s.blobs, f.ID, sealed)
	}
	return errors.Join(err, plain.Close())
}

// replace puts new bytes in the place of old ones; when it fails, the old or the new ones are there, whole.
func replace(ctx context.Context, blobs Blobs, id ID, src io.Reader) error {
	if d, ok := blobs.(*disk); ok { // whose Put leaves nothing behind when it fails
		return d.replace(ctx, id, src)
	}
	return blobs.Put(ctx, id, src) // an S3 service shows the old object until the new one is complete
}

func (d *disk) replace(ctx context.Context, id ID, src io.Reader) error {
	dir, name, err := place(id)
	if err != nil {
		return err
	}
	part := path.Join(dir, string(id)+".part")
	if err := d.write(part, bound{ctx, src}); err != nil {
		return fmt.Errorf("replace blob %s: %w", id, errors.Join(err, d.remove(part)))
	}
	if err := d.root.Rename(part, name); err != nil {
		return fmt.Errorf("replace blob %s: %w", id, errors.Join(err, d.remove(part)))
	}
	if err := d.sync(dir); err != nil {
		return fmt.Errorf("replace blob %s: %w", id, err)
	}
	return nil
}

// AddToKeyFile puts the keys of another key file in front of those in the key file: the first of them encrypts from then on, the old ones still
// decrypt. The key file is replaced in one step and keeps its owner. Keys that are in front already are not added twice.
func AddToKeyFile(keyFile, from string) error {
	old, err := os.ReadFile(keyFile)
	if err != nil {
		return fmt.Errorf("read key file: %w", err)
	}
	added, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read new key: %w", err)
	}
	added = append(bytes.TrimRight(added, "\n"), '\n')
	if bytes.HasPrefix(old, added) {
		return nil
	}
	text := append(added, old...)
	for _, part := range [][]byte{added, old, text} {
		if _, err := ParseKeys(part); err != nil {
			return fmt.Errorf("add to key file: %w", err)
		}
	}
	return replaceKeyFile(keyFile, text)
}

func replaceKeyFile(name string, text []byte) (err error) {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("replace key file: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".new-*") // 0600
	if err != nil {
		return fmt.Errorf("replace key file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("replace key file: %w", err), os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && err == nil && int(owner.Uid) != os.Geteuid() {
		err = f.Chown(int(owner.Uid), int(owner.Gid))
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), name); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return nil // the key file is in place; only a power cut this moment could bring the old one back, which is as good
	}
	_ = dir.Sync() // likewise
	return dir.Close()
}
