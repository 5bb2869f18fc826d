package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
)

// plain decrypts a blob and, at its end, compares it with what its row says. age knows no associated data:
// only this tells a blob that was put in another's place.
type plain struct {
	file File
	blob *source
	r    io.Reader
	sum  hash.Hash
	size int64
}

func (s *Store) decrypt(ctx context.Context, f File) (io.ReadCloser, error) {
	if f.State == Purged {
		return nil, fmt.Errorf("open file %s: %w", f.ID, ErrPurged)
	}
	body, err := s.blobs.Get(ctx, f.ID)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open file %s: %w", f.ID, errors.Join(ErrCorrupt, err))
	}
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", f.ID, err)
	}
	p := &plain{file: f, blob: &source{r: body}, sum: sha256.New()}
	p.r, err = s.keys.Decrypt(p.blob)
	if err != nil {
		if !errors.Is(err, ErrKey) {
			err = p.blame(err)
		}
		return nil, fmt.Errorf("open file %s: %w", f.ID, errors.Join(err, body.Close()))
	}
	return p, nil
}

func (p *plain) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.sum.Write(b[:n])
	p.size += int64(n)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		if p.size == p.file.Size && bytes.Equal(p.sum.Sum(nil), p.file.SHA256) {
			return n, io.EOF
		}
		return n, fmt.Errorf("read file %s: %w", p.file.ID, ErrCorrupt)
	}
	return n, fmt.Errorf("read file %s: %w", p.file.ID, p.blame(err))
}

// blame tells a store that could not be read, which is worth another try, from bytes that are wrong.
func (p *plain) blame(err error) error {
	if failed := p.blob.failed(); failed != nil {
		return failed
	}
	return errors.Join(ErrCorrupt, err)
}

func (p *plain) Close() error { return p.blob.r.(io.Closer).Close() }
