package files

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// fakeBucket is the address of a bucket in a service of this process.
func fakeBucket(t testing.TB) string {
	t.Helper()
	backend := s3mem.New()
	must(t, backend.CreateBucket("papers"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	return "s3://key:se%2Fcret@" + strings.TrimPrefix(server.URL, "http://") + "/papers?tls=0&region=eu"
}

func eachBlobs(t *testing.T, test func(t *testing.T, blobs Blobs)) {
	t.Helper()
	for name, address := range map[string]string{
		"path": filepath.Join(t.TempDir(), "new", "store"), "file": "file://" + t.TempDir(), "s3": fakeBucket(t),
	} {
		t.Run(name, func(t *testing.T) {
			blobs, err := OpenBlobs(address)
			must(t, err)
			test(t, blobs)
		})
	}
}

func get(t *testing.T, blobs Blobs, id ID) []byte {
	t.Helper()
	r, err := blobs.Get(t.Context(), id)
	must(t, err)
	data, err := io.ReadAll(r)
	must(t, errors.Join(err, r.Close()))
	return data
}

func TestBlobsRoundTrip(t *testing.T) {
	t.Parallel()
	big := make([]byte, 2*partSize+12345)
	_, err := rand.Read(big)
	must(t, err)
	eachBlobs(t, func(t *testing.T, blobs Blobs) {
		for _, size := range []int{1, partSize, len(big)} {
			id := newID()
			must(t, blobs.Put(t.Context(), id, bytes.NewReader(big[:size])))
			if !bytes.Equal(get(t, blobs, id), big[:size]) {
				t.Errorf("%d bytes came back changed", size)
			}
			must(t, blobs.Delete(t.Context(), id))
			must(t, blobs.Delete(t.Context(), id))
			if _, err := blobs.Get(t.Context(), id); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("deleted blob: %v", err)
			}
		}
	})
}

func TestBlobsKeepNothingOfABrokenPut(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	eachBlobs(t, func(t *testing.T, blobs Blobs) {
		id := newID()
		src := io.MultiReader(bytes.NewReader(make([]byte, partSize+1)), readFunc(func([]byte) (int, error) { return 0, broken }))
		if err := blobs.Put(t.Context(), id, src); !errors.Is(err, broken) {
			t.Errorf("put: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		src = io.MultiReader(bytes.NewReader(make([]byte, 1000)), readFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
		if err := blobs.Put(ctx, id, src); !errors.Is(err, context.Canceled) {
			t.Errorf("put of one who left: %v", err)
		}
		if _, err := blobs.Get(t.Context(), id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get: %v", err)
		}
	})
}

func TestBlobsTakeNoOtherNames(t *testing.T) {
	t.Parallel()
	eachBlobs(t, func(t *testing.T, blobs Blobs) {
		for _, id := range []ID{"", "../../../../../../etc/passwd", "aaaaaaaaaaaaaaaaaaaaaaaa/.", ID(strings.Repeat("a", 27)), "AAAAAAAAAAAAAAAAAAAAAAAAAA"} {
			_, err := blobs.Get(t.Context(), id)
			if err == nil || blobs.Put(t.Context(), id, strings.NewReader("x")) == nil || blobs.Delete(t.Context(), id) == nil {
				t.Errorf("%q was taken for an id", id)
			}
		}
	})
}

func TestDiskFilesArePrivateAndStayInside(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	blobs, err := OpenBlobs(dir)
	must(t, err)
	id := newID()
	must(t, blobs.Put(t.Context(), id, strings.NewReader("x")))
	info, err := os.Stat(filepath.Join(dir, string(id[:2]), string(id[2:4]), string(id)))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
	if got := remains(t, dir); len(got) != 1 {
		t.Errorf("beside the blob there is %v", got)
	}
	led := newID()
	must(t, os.Symlink(outside, filepath.Join(dir, string(led[:2]))))
	if err := blobs.Put(t.Context(), led, strings.NewReader("x")); err == nil || len(remains(t, outside)) != 0 {
		t.Errorf("a symbolic link led out of the store: %v", err)
	}
}

// remains lists the files below a folder.
func remains(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	must(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			names = append(names, path)
		}
		return err
	}))
	return names
}

func TestOpenBlobsRefusesWithoutRepeating(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "ftp://key:hunter2@host/x", "s3://key:hunter2@host", "s3://key:hunter2@host/a/b", "s3://host/bucket", "file://host/dir",
		"s3://key:hunter2@host:port/bucket", "s3://key:hunter2%zz@host/bucket", "s3://key:hunter2@ho st/bucket",
	} {
		_, err := OpenBlobs(address)
		if err == nil {
			t.Errorf("%q was opened", address)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}
