package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// disk keeps blobs in a folder, two levels deep. Through os.Root no name can lead out of it, symbolic links included.
type disk struct{ root *os.Root }

func openDisk(dir string) (Blobs, error) {
	if dir == "" {
		return nil, errors.New("open file store: no folder named")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open file store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open file store: %w", err)
	}
	return &disk{root}, nil
}

// place gives the folder of an id and its name there; ids are checked, for they come from the database and from addresses.
func place(id ID) (dir, name string, err error) {
	if !id.Valid() {
		return "", "", fmt.Errorf("not a file id: %w", fs.ErrNotExist)
	}
	s := string(id)
	return path.Join(s[:2], s[2:4]), path.Join(s[:2], s[2:4], s), nil
}

func (d *disk) Put(ctx context.Context, id ID, src io.Reader) error {
	dir, name, err := place(id)
	if err != nil {
		return err
	}
	if err := d.root.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("put blob %s: %w", id, err)
	}
	part := name + ".part"
	if err := d.write(part, bound{ctx, src}); err != nil {
		return fmt.Errorf("put blob %s: %w", id, errors.Join(err, d.remove(part)))
	}
	if err := d.root.Rename(part, name); err != nil {
		return fmt.Errorf("put blob %s: %w", id, errors.Join(err, d.remove(part)))
	}
	for _, changed := range []string{dir, path.Dir(dir), "."} { // the upper two may have been made just now
		if err := d.sync(changed); err != nil {
			return fmt.Errorf("put blob %s: %w", id, errors.Join(err, d.remove(name)))
		}
	}
	return nil
}

func (d *disk) write(name string, src io.Reader) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, src)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (d *disk) sync(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d *disk) remove(name string) error {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d *disk) Get(_ context.Context, id ID) (io.ReadCloser, error) {
	_, name, err := place(id)
	if err != nil {
		return nil, err
	}
	f, err := d.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("get blob %s: %w", id, err)
	}
	return f, nil
}

func (d *disk) Delete(_ context.Context, id ID) error {
	_, name, err := place(id)
	if err != nil {
		return err
	}
	if err := errors.Join(d.remove(name+".part"), d.remove(name)); err != nil {
		return fmt.Errorf("delete blob %s: %w", id, err)
	}
	return nil
}

// bound ends a reader when its context ends.
type bound struct {
	ctx context.Context
	r   io.Reader
}

func (b bound) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.r.Read(p)
}
