package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/email/mailtest"
	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
)

// emptied is a database with nothing in it, not even a schema.
func (w *world) emptied() *world {
	w.Helper()
	other := &world{T: w.T, key: w.key, files: filepath.Join(w.TempDir(), "files"), listen: mailtest.FreeAddr(w.T), log: &syncBuffer{}}
	other.database = pgtest.URL(w.T)
	pool := other.pool()
	if _, err := pool.Exec(w.Context(), `drop schema public cascade; create schema public`); err != nil {
		w.Fatal(err)
	}
	return other
}

// traffic lets visitors write, some with photos, until it is told to stop.
func (w *world) traffic(visitors []*visitor) (stop func()) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	var all sync.WaitGroup
	for i, v := range visitors {
		picture := photo(w.T, i)
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				var attached []byte
				if n%4 == i%4 {
					attached = picture
				}
				err := v.try(ctx, map[string]string{"text": fmt.Sprintf("%s writes %d", v.name, n)}, attached)
				if err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "429") {
					w.Errorf("%s: %v", v.name, err)
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(50 * time.Millisecond):
				}
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func TestBackupAndRestoreWhileReadersWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("smtp-pass-word"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must("channel", "add", "email", "--library", "demo", "--smtp", "smtps://user@mail.example", "--address", "library@mail.example", "--password-file", password)
	w.must("staff", "add", "boss", "--name", "Boss")
	w.serve()
	pool := w.pool()
	visitors := make([]*visitor, 4)
	for i := range visitors {
		visitors[i] = w.visitor(fmt.Sprintf("reader%d", i))
		for _, c := range []string{"start", "lang:en"} {
			visitors[i].chooses(c)
			w.answered(pool)
		}
	}
	visitors[0].says("When do you open on Sundays?")
	w.answered(pool)
	visitors[0].chooses("yes")
	w.answered(pool)
	if w.count(pool, `select count(*) from tasks`) == 0 {
		t.Fatal("no task was opened")
	}
	stop := w.traffic(visitors)
	w.await("some files are there", func() bool { return w.count(pool, `select count(*) from files`) > 3 })
	dir := filepath.Join(t.TempDir(), "backup")
	said := w.must("backup", dir)
	stop()
	w.answered(pool)
	t.Log(said)

	other := w.emptied()
	t.Log(other.must("restore", dir))
	restored := other.pool()
	other.consistent(restored)
	if at, now := w.count(restored, `select count(*) from events`), w.count(pool, `select count(*) from events`); at == 0 || at > now {
		t.Errorf("%d events restored of %d", at, now)
	}
	other.opensEverything(restored)
	other.serve()
	// Files that were being looked at are leased for two minutes: as if those had passed.
	if _, err := restored.Exec(t.Context(), `update events set fetch_at = least(fetch_at, now()) where state = 'waiting'`); err != nil {
		t.Fatal(err)
	}
	other.await("what was in hand is finished", func() bool {
		return other.count(restored, `select count(*) from events where state in ('waiting', 'ready')`) == 0
	})
	if text := other.history(visitors[0]); !strings.Contains(text, "When do you open on Sundays?") {
		t.Errorf("the reader does not see what they wrote:\n%s", text)
	}
	if _, err := other.stop(); err != nil {
		t.Error(err)
	}
	for _, what := range []struct {
		name string
		err  error
		w    *world
	}{{"full database", errDatabaseInUse, w}, {"full place for files", errFilesInUse, &world{T: t, database: w.emptied().database, key: w.key, files: w.files}}} {
		if out, err := what.w.run("restore", dir); err == nil || !strings.Contains(out, what.err.Error()) {
			t.Errorf("%s: %v, %s", what.name, err, out)
		}
	}
}

// consistent holds the numbers of each conversation together, and the files with those who name them.
func (w *world) consistent(pool *pgxpool.Pool) {
	w.Helper()
	for what, sql := range map[string]string{
		"conversations whose events have gaps": `select count(*) from conversations c where next_event - 1 <>
  (select count(*) from events e where e.library_id = c.library_id and e.conversation_id = c.id)`,
		"conversations whose messages have gaps": `select count(*) from conversations c where next_out - 1 <>
  (select count(*) from outbox o where o.library_id = c.library_id and o.conversation_id = c.id)`,
		"files of events that are not there": `select count(*) from events e, json_array_elements(coalesce(e.body -> 'files', '[]')) f
  where f ->> 'file' <> '' and not exists (select from files where id = f ->> 'file')`,
		"messages of nobody's conversation": `select count(*) from outbox o where not exists
  (select from conversations c where c.library_id = o.library_id and c.id = o.conversation_id)`,
	} {
		if n := w.count(pool, sql); n != 0 {
			w.Errorf("%s: %d", what, n)
		}
	}
	if w.count(pool, `select count(*) from tasks`) == 0 || w.count(pool, `select count(*) from staff`) == 0 {
		w.Error("tasks or staff are missing")
	}
}

// opensEverything reads every file to its end, and every secret, with the key.
func (w *world) opensEverything(pool *pgxpool.Pool) {
	w.Helper()
	keys, err := files.ReadKeyFile(w.key)
	if err != nil {
		w.Fatal(err)
	}
	blobs, err := files.OpenBlobs(w.files)
	if err != nil {
		w.Fatal(err)
	}
	store, secrets := files.NewStore(pool, keys, blobs, time.Now), bots.NewSecrets(pool, keys, time.Now)
	type named struct {
		LibraryID library.ID
		ID        string
	}
	list := func(sql string) []named {
		rows, err := pool.Query(w.Context(), sql)
		if err != nil {
			w.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByName[named])
		if err != nil || len(all) == 0 {
			w.Fatalf("%s: %d rows, %v", sql, len(all), err)
		}
		return all
	}
	for _, f := range list(`select library_id, id from files where state <> 'purged'`) {
		r, _, err := store.Open(w.Context(), f.LibraryID, files.ID(f.ID))
		if err != nil {
			w.Error(err)
			continue
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			w.Error(err)
		}
		r.Close()
	}
	for _, s := range list(`select library_id, id from secrets where ciphertext is not null`) {
		if plain, err := secrets.Open(w.Context(), s.LibraryID, s.ID); err != nil || plain == "" {
			w.Errorf("secret %s: %v", s.ID, err)
		}
	}
}

// history is what the page of the visitor is told at its start.
func (w *world) history(v *visitor) string {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patienceOfTests)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.listen+"/chat/demo/events", nil)
	if err != nil {
		w.Fatal(err)
	}
	answer, err := (&http.Client{Jar: v.client.Jar}).Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	var seen strings.Builder
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		seen.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "event: ready") {
			break
		}
	}
	return seen.String()
}

func TestRestoreRefusesADamagedBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	pool := w.pool()
	v := w.visitor("reader")
	if err := v.try(t.Context(), map[string]string{"text": "hello"}, photo(t, 1)); err != nil {
		t.Fatal(err)
	}
	w.answered(pool)
	first := filepath.Join(t.TempDir(), "backup")
	w.must("backup", first)
	if out, err := w.run("backup", first); err == nil || !strings.Contains(out, errNotFresh.Error()) {
		t.Errorf("a second back-up into the same folder: %v, %s", err, out)
	}
	flip := func(name string) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	strange := filepath.Join(t.TempDir(), "strange")
	if err := files.NewKeyFile(strange); err != nil {
		t.Fatal(err)
	}
	other := w.emptied()
	for name, c := range map[string]struct {
		harm func(dir string)
		key  string
		says string
	}{
		"no manifest":  {func(dir string) { remove(t, filepath.Join(dir, manifestName)) }, w.key, errIncomplete.Error()},
		"dump altered": {func(dir string) { flip(filepath.Join(dir, dumpName)) }, w.key, errDamaged.Error()},
		"file altered": {func(dir string) { flip(blobsIn(t, dir)[0]) }, w.key, errDamaged.Error()},
		"file missing": {func(dir string) { remove(t, blobsIn(t, dir)[0]) }, w.key, errDamaged.Error()},
		"another key":  {func(string) {}, strange, "key does not open"},
	} {
		dir := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(dir, os.DirFS(first)); err != nil {
			t.Fatal(err)
		}
		c.harm(dir)
		other.key = c.key
		if out, err := other.run("restore", dir); err == nil || !strings.Contains(out, c.says) {
			t.Errorf("%s: %v, %s", name, err, out)
		}
		left, err := os.ReadDir(other.files)
		if n := w.count(other.pool(), countObjects); n != 0 || len(left) != 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %d objects and %d files were restored, %v", name, n, len(left), err)
		}
	}
	other.key = w.key
	other.must("restore", first)
	other.opensFiles()
}

func (w *world) opensFiles() {
	w.Helper()
	if n := w.count(w.pool(), `select count(*) from files where state <> 'purged'`); n == 0 || n != len(blobsIn(w.T, filepath.Dir(w.files))) {
		w.Errorf("%d files are named, %d are there", n, len(blobsIn(w.T, filepath.Dir(w.files))))
	}
}

func TestBackupToleratesPurgedAndNamesLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	pool := w.pool()
	for i := range 2 {
		if err := w.visitor(fmt.Sprintf("reader%d", i)).try(t.Context(), map[string]string{"text": "hello"}, photo(t, i)); err != nil {
			t.Fatal(err)
		}
	}
	w.answered(pool)
	remove(t, blobsIn(t, filepath.Dir(w.files))[0])
	dir := filepath.Join(t.TempDir(), "backup")
	out, err := w.run("backup", dir)
	if err == nil || !strings.Contains(out, "missing: ") || !strings.Contains(out, errBackupLost.Error()) {
		t.Errorf("a lost file: %v, %s", err, out)
	}
	m, err := readManifest(dir)
	if err != nil || len(m.Lost) != 1 || len(m.Purged) != 0 {
		t.Fatalf("manifest: lost %v, purged %v, %v", m.Lost, m.Purged, err)
	}
	// As if it had been purged while the back-up was made: the dump still names it.
	m.Purged, m.Lost = m.Lost, nil
	b := backup{manifest: m, backupCommand: backupCommand{Dir: dir}}
	remove(t, filepath.Join(dir, manifestName))
	if err := b.finish(); err != nil {
		t.Fatal(err)
	}
	other := w.emptied()
	if out := other.must("restore", dir); !strings.Contains(out, "purged meanwhile: 1") {
		t.Error(out)
	}
	if n := w.count(other.pool(), `select count(*) from files where id = $1 and state = 'purged'`, m.Purged[0]); n != 1 {
		t.Error("a file that was purged came back")
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

// blobsIn lists what lies below the folder "files".
func blobsIn(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, blobsName, "??", "??", "*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	return found
}

func TestLibpqEnv(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]string{
		"postgres://me:p%40ss@db.example:6000/lib?sslmode=require&pool_max_conns=4": {"PGHOST=db.example", "PGPORT=6000", "PGUSER=me", "PGPASSWORD=p@ss", "PGDATABASE=lib", "PGSSLMODE=require"},
		"postgres:///lib?host=/run/pg&user=me&sslmode=disable":                      {"PGHOST=/run/pg", "PGUSER=me", "PGDATABASE=lib", "PGSSLMODE=disable"},
		`host=db.example user=me password='a b' dbname=lib sslmode=prefer`:          {"PGHOST=db.example", "PGPASSWORD=a b", "PGSSLMODE=prefer"},
		"postgres://me@a.example,b.example:7000/lib":                                {"PGHOST=a.example,b.example", "PGPORT=5432,7000"},
	} {
		env, err := libpqEnv(address)
		for _, w := range want {
			if err != nil || !strings.Contains("\n"+strings.Join(env, "\n")+"\n", "\n"+w+"\n") {
				t.Errorf("%s: %s is not in %q, %v", address, w, env, err)
			}
		}
	}
}
