package pgtest

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/localpg"
	"librarian/cmd/schema"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	first, second := New(t), New(t)
	if _, err := first.Exec(t.Context(), `CREATE TABLE mine (n int)`); err != nil {
		t.Fatal(err)
	}
	var seen bool
	if err := second.QueryRow(t.Context(), `SELECT to_regclass('mine') IS NOT NULL`).Scan(&seen); err != nil {
		t.Fatal(err)
	}
	if seen {
		t.Error("a table of one database is seen in the other")
	}
	if err := schema.Check(t.Context(), first); err != nil {
		t.Errorf("a fresh database: %v", err)
	}
	if got := first.Config().MaxConns; got != maxConns {
		t.Errorf("pool has %d connections", got)
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("one", func(t *testing.T) {
		name = nameOf(t, URL(t))
		if !exists(t, name) {
			t.Error("the database does not exist during its test")
		}
	})
	if name != "" && exists(t, name) {
		t.Error("the database outlives its test")
	}
}

func TestParallelCopies(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("copy", func(t *testing.T) {
			t.Parallel()
			if err := New(t).Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPreparedTogether(t *testing.T) {
	t.Parallel()
	admin, err := quickCluster()
	if err != nil {
		URL(t) // skips or fails, as it should
	}
	barrier := make(chan struct{})
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			<-barrier
			errs[i] = prepare(t.Context(), admin)
		})
	}
	close(barrier)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestSweepTakesOnlyTheOldAndDead(t *testing.T) {
	t.Parallel()
	URL(t)
	admin, err := quickCluster()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	dead, self := deadProcess(t), strconv.Itoa(os.Getpid())
	cases := []struct {
		name string
		goes bool
	}{
		{testPrefix + "1000_" + dead + "_" + self, true},
		{testPrefix + "99999999999_" + dead + "_" + self, false},
		{testPrefix + "1000_" + self + "_sweep", false},
		{templatePrefix + "older" + self, true}, // without a comment
	}
	for _, c := range cases {
		_, err := conn.Exec(t.Context(), "CREATE DATABASE "+quote(c.name)+" TEMPLATE template0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := drop(context.Background(), admin, c.name); err != nil {
				t.Error(err)
			}
		})
	}
	if err := prepare(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if exists(t, c.name) == c.goes {
			t.Errorf("%s: exists %v after the sweep", c.name, !c.goes)
		}
	}
	if !exists(t, template()) {
		t.Error("the current template was swept")
	}
}

func TestRounds(t *testing.T) {
	t.Setenv("LIBRARIAN_ROUNDS", "")
	if got := Rounds(t, 3); got != 3 {
		t.Errorf("without the variable: %d", got)
	}
	t.Setenv("LIBRARIAN_ROUNDS", "200")
	if got := Rounds(t, 3); got != 200 {
		t.Errorf("with 200: %d", got)
	}
}

func TestAddressWithDatabase(t *testing.T) {
	t.Parallel()
	cases := []struct{ admin, want string }{
		{"postgres://a:b@h:5/x?sslmode=disable", "postgres://a:b@h:5/n?sslmode=disable"},
		{"postgresql:///x?host=%2Frun", "postgresql:///n?host=%2Frun"},
		{"host=h dbname=x", ""},
	}
	for _, c := range cases {
		got, err := withDatabase(c.admin, "n")
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s gives %s, %v", c.admin, got, err)
		}
	}
}

func TestDurable(t *testing.T) {
	t.Parallel()
	if err := Durable(t).Ping(t.Context()); err != nil { // it checks its own settings
		t.Error(err)
	}
}

// BenchmarkNew is what a database of its own costs a test.
func BenchmarkNew(b *testing.B) {
	URL(b)
	admin, err := quickCluster()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		name, err := create(b.Context(), admin)
		if err != nil {
			b.Fatal(err)
		}
		if err := drop(b.Context(), admin, name); err != nil {
			b.Fatal(err)
		}
	}
}

func nameOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func exists(t *testing.T, name string) (found bool) {
	t.Helper()
	admin, err := quickCluster()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := conn.QueryRow(ctx, templateExists, name).Scan(&found); err != nil {
		t.Fatal(err)
	}
	return found
}

// deadProcess gives the number of a process that has ended.
func deadProcess(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(cmd.ProcessState.Pid())
}

func TestSpoiltClusterIsMadeAnew(t *testing.T) {
	URL(t) // skips where PostgreSQL is missing
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	place, err := home()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(place, "spoilt")
	srv, err := localpg.Start(t.Context(), dir, localpg.Options{Settings: quickSettings()})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "data", "global", "pg_control"), 0); err != nil {
		t.Fatal(err)
	}
	address, err := start(t.Context(), "spoilt", quickSettings())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
	srv, err = localpg.Start(t.Context(), dir, localpg.Options{}) // adopted, to stop it
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Stop(); err != nil {
		t.Error(err)
	}
}
