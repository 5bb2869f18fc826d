package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
)

// sealed fills the world with what a key protects: files, a secret and a second factor.
func (w *world) sealed(papers int) {
	w.Helper()
	pool := w.pool()
	keys, err := files.ReadKeyFile(w.key)
	if err != nil {
		w.Fatal(err)
	}
	blobs, err := files.OpenBlobs(w.files)
	if err != nil {
		w.Fatal(err)
	}
	lib := library.ID(w.count(pool, `select id from libraries`))
	store := files.NewStore(pool, keys, blobs, time.Now)
	for i := range papers {
		if _, err := store.Put(w.Context(), lib, strings.NewReader(fmt.Sprintf("paper %d %s", i, strings.Repeat("x", i*100))), files.Meta{}, 1<<20); err != nil {
			w.Fatal(err)
		}
	}
	err = pgx.BeginFunc(w.Context(), pool, func(tx pgx.Tx) error {
		_, err := bots.NewSecrets(pool, keys, time.Now).Put(w.Context(), tx, lib, bots.PurposePassword, "moroz")
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	w.must("staff", "add", "boss", "--name", "Boss")
	factor, err := keys.Seal([]byte("12345678901234567890"))
	if err != nil {
		w.Fatal(err)
	}
	if _, err := pool.Exec(w.Context(), `update staff set totp_secret = $1`, factor); err != nil {
		w.Fatal(err)
	}
	if _, err := pool.Exec(w.Context(), `insert into sessions (id, staff_id, state, created_at, seen_at, totp_pending)
select '\x00ff', id, 'password', now(), now(), $1 from staff`, factor); err != nil {
		w.Fatal(err)
	}
}

// opensFactors opens every second factor with the key file.
func (w *world) opensFactors() {
	w.Helper()
	keys, err := files.ReadKeyFile(w.key)
	if err != nil {
		w.Fatal(err)
	}
	rows, err := w.pool().Query(w.Context(), `select totp_secret from staff where totp_secret is not null union all
select totp_pending from sessions where totp_pending is not null union all select ciphertext from key_checks`)
	if err != nil {
		w.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil || len(all) != 3 {
		w.Fatalf("%d second factors, %v", len(all), err)
	}
	for _, s := range all {
		if _, err := keys.Open(s); err != nil {
			w.Error(err)
		}
	}
}

func newKey(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "next")
	if err := files.NewKeyFile(name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestKeyRotates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sealed(5)
	next := newKey(t)
	if out := w.must("key", "rotate", "--add", next); !strings.Contains(out, "1 secrets, 2 second factors, 5 files") {
		t.Error(out)
	}
	if out := w.must("key", "rotate", "--add", next); !strings.Contains(out, "0 secrets, 0 second factors, 0 files") || !strings.Contains(out, "may be taken out") {
		t.Error(out)
	}
	old := w.key
	w.key = next // the new key alone
	w.opensEverything(w.pool())
	w.opensFactors()
	w.serve()
	if _, err := w.stop(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(old); err != nil || strings.Count(string(text), "AGE-SECRET-KEY-") != 2 {
		t.Errorf("the key file does not hold both keys: %v", err)
	}
}

func TestKeyRotationWaitsForTheServiceToKnowTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sealed(1)
	w.serve()
	next := newKey(t)
	if out := w.must("key", "rotate", "--add", next); !strings.Contains(out, "restart") || strings.Contains(out, "encrypted anew") {
		t.Error(out)
	}
	if _, err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.serve()                                                                                                 // with both
	if out := w.must("key", "rotate"); !strings.Contains(out, "files") || strings.Contains(out, " 0 files") { // one of ours, and what the service draws
		t.Error(out)
	}
	w.key = next
	w.opensEverything(w.pool())
}

// TestKeyRotationSurvivesKills cuts rotations off at random moments; the last one is let through.
func TestKeyRotationSurvivesKills(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sealed(120)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 1))
	for range pgtest.Rounds(t, 3) {
		next := newKey(t)
		for range 3 {
			cmd := w.command("key", "rotate", "--add", next)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Duration(30+moments.IntN(500)) * time.Millisecond)
			_ = cmd.Process.Kill() // it may be done
			_ = cmd.Wait()         // an error is what was wanted
			w.opensEverything(w.pool())
			w.opensFactors()
		}
		w.must("key", "rotate", "--add", next)
		w.must("key", "rotate")
		w.key = next
		w.opensEverything(w.pool())
		w.opensFactors()
	}
	if left := remainsBeside(t, w.files); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func remainsBeside(t *testing.T, dir string) []string {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, "??", "??", "*.part"))
	if err != nil {
		t.Fatal(err)
	}
	return parts
}
