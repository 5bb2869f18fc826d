package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// turnKey adds a new key in front of the bench's and gives the store that has both, and the one that has only the new.
func (b *bench) turnKey(t *testing.T) (both, fresh *Store) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next")
	must(t, NewKeyFile(next))
	must(t, AddToKeyFile(b.keyFile, next))
	keys, err := ReadKeyFile(b.keyFile)
	must(t, err)
	alone, err := ReadKeyFile(next)
	must(t, err)
	return NewStore(b.pool, keys, b.blobs, b.now), NewStore(b.pool, alone, b.blobs, b.now)
}

func TestRewrapFiles(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"disk", "bucket"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if place == "bucket" {
				blobs, err := OpenBlobs(fakeBucket(t))
				must(t, err)
				b.blobs = blobs
			}
			data := random(t, 200_000)
			f := b.put(t, "", data)
			both, fresh := b.turnKey(t)
			if _, _, err := fresh.Open(t.Context(), b.lib, f.ID); !errors.Is(err, ErrKey) {
				t.Fatalf("before: %v", err)
			}
			for round, want := range []bool{true, false} {
				if changed, err := both.Rewrap(t.Context(), f.ID); err != nil || changed != want {
					t.Errorf("round %d: changed %v, %v", round, changed, err)
				}
			}
			r, _, err := fresh.Open(t.Context(), b.lib, f.ID)
			must(t, err)
			back, err := io.ReadAll(r)
			if err = errors.Join(err, r.Close()); err != nil || !bytes.Equal(back, data) {
				t.Errorf("after: %d bytes, %v", len(back), err)
			}
		})
	}
}

func TestRewrapLeavesWhatIsDamaged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", random(t, 200_000))
	both, _ := b.turnKey(t)
	raw, err := os.ReadFile(b.path(f.ID))
	must(t, err)
	raw[len(raw)-1] ^= 1
	must(t, os.WriteFile(b.path(f.ID), raw, 0o600))
	if _, err := both.Rewrap(t.Context(), f.ID); !errors.Is(err, ErrCorrupt) {
		t.Errorf("rewrap: %v", err)
	}
	after, err := os.ReadFile(b.path(f.ID))
	if err != nil || !bytes.Equal(after, raw) || len(remains(t, b.dir)) != 1 {
		t.Errorf("the blob was changed: %v, beside it %v", err, remains(t, b.dir))
	}
}

func TestRewrapOfAPurgedFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f, lost := b.put(t, "", []byte("gone")), b.put(t, "", []byte("lost"))
	both, _ := b.turnKey(t)
	must(t, b.Delete(t.Context(), b.lib, f.ID))
	if changed, err := both.Rewrap(t.Context(), f.ID); err != nil || changed {
		t.Errorf("purged: %v, %v", changed, err)
	}
	must(t, os.Remove(b.path(lost.ID)))
	if _, err := both.Rewrap(t.Context(), lost.ID); !errors.Is(err, ErrCorrupt) {
		t.Errorf("lost: %v", err)
	}
}

func TestRewrapSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sealed, err := b.keys.Seal([]byte("token"))
	must(t, err)
	both, fresh := b.turnKey(t)
	next, changed, err := both.keys.Rewrap(sealed)
	if err != nil || !changed {
		t.Fatalf("rewrap: %v, %v", changed, err)
	}
	if plain, err := fresh.keys.Open(next); err != nil || string(plain) != "token" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if _, changed, err := both.keys.Rewrap(next); err != nil || changed {
		t.Errorf("again: %v, %v", changed, err)
	}
	if _, _, err := fresh.keys.Rewrap(sealed); !errors.Is(err, ErrKey) {
		t.Errorf("without the old key: %v", err)
	}
}

func TestAddToKeyFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before, err := os.ReadFile(b.keyFile)
	must(t, err)
	next := filepath.Join(t.TempDir(), "next")
	must(t, NewKeyFile(next))
	added, err := os.ReadFile(next)
	must(t, err)
	for range 2 {
		must(t, AddToKeyFile(b.keyFile, next))
		after, err := os.ReadFile(b.keyFile)
		if err != nil || !bytes.Equal(after, append(bytes.Clone(added), before...)) {
			t.Errorf("key file is not the new key and the old: %v", err)
		}
	}
	info, err := os.Stat(b.keyFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	must(t, os.WriteFile(next, []byte("not a key\n"), 0o600))
	if err := AddToKeyFile(b.keyFile, next); !errors.Is(err, ErrKey) {
		t.Errorf("nonsense: %v", err)
	}
	if got := remains(t, filepath.Dir(b.keyFile)); len(got) != 1 {
		t.Errorf("beside the key file lies %v", got)
	}
}

func TestKeptAndForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	photo, preview, gone := b.put(t, "a", []byte("a")), b.put(t, "b", []byte("b")), b.put(t, "c", []byte("c"))
	_, err := b.pool.Exec(t.Context(), `update files set preview_id = $2 where id = $1`, photo.ID, preview.ID)
	must(t, err)
	must(t, b.Delete(t.Context(), b.lib, gone.ID))
	kept := func() (ids []ID) {
		must(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) (err error) {
			ids, err = Kept(t.Context(), tx)
			return err
		}))
		return ids
	}
	if got := kept(); len(got) != 2 {
		t.Errorf("kept: %v", got)
	}
	if got, err := PurgedAmong(t.Context(), b.pool, []ID{photo.ID, gone.ID}); err != nil || len(got) != 1 || got[0] != gone.ID {
		t.Errorf("purged: %v, %v", got, err)
	}
	must(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return Forget(t.Context(), tx, []ID{preview.ID}, b.clock) }))
	if got := kept(); len(got) != 1 || got[0] != photo.ID {
		t.Errorf("kept after: %v", got)
	}
	if f, err := b.Find(t.Context(), b.lib, photo.ID); err != nil || f.Preview != "" {
		t.Errorf("the photo still names its preview: %v, %v", f.Preview, err)
	}
	if f, err := b.Find(t.Context(), b.lib, preview.ID); err != nil || f.State != Purged || f.Name != "" || !f.PurgedAt.Equal(b.clock.Round(time.Microsecond)) {
		t.Errorf("forgotten: %+v, %v", f, err)
	}
}

func TestProbeAndEmpty(t *testing.T) {
	t.Parallel()
	eachBlobs(t, func(t *testing.T, blobs Blobs) {
		if err := Probe(t.Context(), blobs); err != nil {
			t.Error(err)
		}
	})
	eachBlobs(t, func(t *testing.T, blobs Blobs) {
		if empty, err := Empty(t.Context(), blobs); err != nil || !empty {
			t.Errorf("fresh: %v, %v", empty, err)
		}
		must(t, blobs.Put(t.Context(), newID(), bytes.NewReader([]byte("x"))))
		if empty, err := Empty(t.Context(), blobs); err != nil || empty {
			t.Errorf("with a blob: %v, %v", empty, err)
		}
	})
	lost, err := OpenBlobs(t.TempDir())
	must(t, err)
	if err := Probe(t.Context(), readOnly{lost}); err == nil {
		t.Error("a store that cannot be written to passed")
	}
}

type readOnly struct{ Blobs }

func (readOnly) Put(_ context.Context, _ ID, _ io.Reader) error { return os.ErrPermission }
