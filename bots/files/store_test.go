package files

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

func (b *bench) put(t testing.TB, name string, data []byte) File {
	t.Helper()
	f, err := b.Put(t.Context(), b.lib, bytes.NewReader(data), Meta{Name: name}, 1<<30)
	must(t, err)
	return f
}

func (b *bench) read(ctx context.Context, lib library.ID, id ID) ([]byte, error) {
	r, _, err := b.Open(ctx, lib, id)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

func (b *bench) path(id ID) string {
	return filepath.Join(b.dir, string(id[:2]), string(id[2:4]), string(id))
}

func random(t testing.TB, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	_, err := rand.Read(data)
	must(t, err)
	return data
}

func TestStoreRoundTrip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 3 << 20} {
		data := random(t, size)
		f := b.put(t, "page.bin", data)
		sum := sha256.Sum256(data)
		if f.Size != int64(size) || !bytes.Equal(f.SHA256, sum[:]) || f.State != Stored {
			t.Errorf("%d bytes: %+v", size, f)
		}
		back, err := b.read(t.Context(), b.lib, f.ID)
		if err != nil || !bytes.Equal(back, data) {
			t.Errorf("%d bytes came back as %d, %v", size, len(back), err)
		}
		found, err := b.Find(t.Context(), b.lib, f.ID)
		if err != nil || found.ID != f.ID || !found.CreatedAt.Equal(b.clock) || found.Name != "page.bin" {
			t.Errorf("found %+v, %v", found, err)
		}
		if raw, err := os.ReadFile(b.path(f.ID)); err != nil || size > 64 && bytes.Contains(raw, data[:64]) {
			t.Errorf("the bytes lie open on the disk: %v", err)
		}
	}
}

func TestStoreOnABucket(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	blobs, err := OpenBlobs(fakeBucket(t))
	must(t, err)
	b.blobs = blobs
	data := random(t, 20<<20)
	f := b.put(t, "", data)
	if back, err := b.read(t.Context(), b.lib, f.ID); err != nil || !bytes.Equal(back, data) {
		t.Errorf("came back as %d bytes, %v", len(back), err)
	}
	must(t, b.Delete(t.Context(), b.lib, f.ID))
	if _, err := b.read(t.Context(), b.lib, f.ID); !errors.Is(err, ErrPurged) {
		t.Errorf("open: %v", err)
	}
}

func TestPutKeepsNothingItRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	broken := errors.New("connection lost")
	for name, c := range map[string]struct {
		src  io.Reader
		want error
	}{
		"a byte too many":  {bytes.NewReader(make([]byte, 100_001)), ErrTooLarge},
		"endless":          {readFunc(func(p []byte) (int, error) { return len(p), nil }), ErrTooLarge},
		"broken at once":   {iotest.ErrReader(broken), broken},
		"broken in midway": {io.MultiReader(bytes.NewReader(make([]byte, 90_000)), iotest.ErrReader(broken)), broken},
	} {
		if _, err := b.Put(t.Context(), b.lib, c.src, Meta{}, 100_000); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left := remains(t, b.dir); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
	if n := b.count(t, "files") + b.count(t, "pending_blobs"); n != 0 {
		t.Errorf("%d rows were left", n)
	}
	if _, err := b.Put(t.Context(), b.lib, bytes.NewReader(make([]byte, 100_000)), Meta{}, 100_000); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
}

func (b *bench) count(t testing.TB, table string) (n int) {
	t.Helper()
	must(t, b.pool.QueryRow(t.Context(), "select count(*) from "+pgx.Identifier{table}.Sanitize()).Scan(&n))
	return n
}

func TestAFileIsItsLibrarysOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", []byte("x"))
	_, findErr := b.Find(t.Context(), b.other, f.ID)
	_, openErr := b.read(t.Context(), b.other, f.ID)
	for act, err := range map[string]error{
		"find": findErr, "open": openErr, "delete": b.Delete(t.Context(), b.other, f.ID), "delete nothing": b.Delete(t.Context(), b.lib, newID()),
		"delete no id": b.Delete(t.Context(), b.lib, "\x00"), "inspect no id": func() error {
			_, err := NewInspector(b.Store, nil, nil).Inspect(t.Context(), b.lib, "../\xff")
			return err
		}(),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", act, err)
		}
	}
	if _, err := b.read(t.Context(), b.lib, f.ID); err != nil {
		t.Error(err)
	}
}

func TestTamperingIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	whole := random(t, 200_000)
	other, err := os.ReadFile(b.path(b.put(t, "", random(t, 200_000)).ID))
	must(t, err)
	for name, spoil := range map[string]func(blob []byte) []byte{
		"header changed":    func(blob []byte) []byte { blob[30] ^= 1; return blob },
		"mac changed":       func(blob []byte) []byte { blob[160] ^= 1; return blob },
		"first chunk":       func(blob []byte) []byte { blob[300] ^= 1; return blob },
		"last byte":         func(blob []byte) []byte { blob[len(blob)-1] ^= 1; return blob },
		"one byte short":    func(blob []byte) []byte { return blob[:len(blob)-1] },
		"cut at a chunk":    func(blob []byte) []byte { return blob[:len(blob)-200_000%(64<<10)-16] },
		"cut in the header": func(blob []byte) []byte { return blob[:50] },
		"empty":             func([]byte) []byte { return nil },
		"longer":            func(blob []byte) []byte { return append(blob, 0) },
		"another's bytes":   func([]byte) []byte { return other },
	} {
		f := b.put(t, "", whole)
		blob, err := os.ReadFile(b.path(f.ID))
		must(t, err)
		must(t, os.WriteFile(b.path(f.ID), spoil(blob), 0o600))
		if _, err := b.read(t.Context(), b.lib, f.ID); !errors.Is(err, ErrCorrupt) && (name != "header changed" || !errors.Is(err, ErrKey)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := b.put(t, "", whole)
	must(t, os.Remove(b.path(f.ID)))
	if _, err := b.read(t.Context(), b.lib, f.ID); !errors.Is(err, ErrCorrupt) {
		t.Errorf("lost: %v", err)
	}
}

func TestAnUnreadableStoreIsNotCorruption(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", random(t, 200_000))
	for _, at := range []int64{10, 100_000} {
		b.blobs = breakingBlobs{b.blobs, at}
		if _, err := b.read(t.Context(), b.lib, f.ID); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrCorrupt) {
			t.Errorf("connection lost at %d: %v", at, err)
		}
	}
}

// breakingBlobs lose the connection after some bytes.
type breakingBlobs struct {
	Blobs
	at int64
}

func (b breakingBlobs) Get(ctx context.Context, id ID) (io.ReadCloser, error) {
	r, err := b.Blobs.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(r, b.at), iotest.ErrReader(io.ErrUnexpectedEOF)), r}, nil
}

func TestOtherKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", []byte("x"))
	b.keys, _ = newKeys(t)
	if _, err := b.read(t.Context(), b.lib, f.ID); !errors.Is(err, ErrKey) || errors.Is(err, ErrCorrupt) {
		t.Errorf("open: %v", err)
	}
}

func BenchmarkPut20MB(b *testing.B) {
	s, data := newBench(b), random(b, 20<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s.put(b, "", data)
	}
}

func BenchmarkOpen20MB(b *testing.B) {
	s, data := newBench(b), random(b, 20<<20)
	f := s.put(b, "", data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, _, err := s.Open(b.Context(), s.lib, f.ID)
		must(b, err)
		_, err = io.Copy(io.Discard, r)
		must(b, errors.Join(err, r.Close()))
	}
}
