package localpg

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var quick = Options{Settings: map[string]string{"fsync": "off", "shared_buffers": "16MB"}}

// childDir, set by a test, makes this test program a process that uses the server in that directory until it is
// killed or its input ends.
const childDir = "LOCALPG_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(holdServer(dir))
	}
	os.Exit(m.Run())
}

func holdServer(dir string) int {
	srv, err := Start(context.Background(), dir, quick)
	if err != nil {
		os.Stdout.WriteString("error: " + err.Error() + "\n")
		return 1
	}
	os.Stdout.WriteString("ready\n")
	bufio.NewReader(os.Stdin).ReadString('\n')
	if err := srv.Stop(); err != nil {
		return 1
	}
	return 0
}

func TestStartKeepsDataAndStops(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b'c") // as root, under a directory closed to the server's account
	srv := start(t, dir)
	query(t, srv, `CREATE TABLE kept AS SELECT 42 AS n`)
	if got := query(t, srv, `SHOW fsync`); got != "off" {
		t.Errorf("fsync is %s with the option off", got)
	}
	if got := query(t, srv, `SELECT current_setting('server_encoding') || ' ' || datcollate FROM pg_database
		WHERE datname = current_database()`); got != "UTF8 C.UTF-8" {
		t.Errorf("encoding and locale are %s", got)
	}
	pid := srv.pid
	stop(t, srv)
	if err := srv.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if !srv.place.gone(pid) {
		t.Fatalf("server %d lives after Stop", pid)
	}
	again := start(t, dir)
	if got := query(t, again, `SELECT n::text FROM kept`); got != "42" {
		t.Errorf("after a restart the row reads %q", got)
	}
	stop(t, again)
}

func TestDefaultsAreDurableAndPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv, err := Start(t.Context(), dir, Options{})
	skipWithout(t, err)
	defer stop(t, srv)
	for name, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "listen_addresses": ""} {
		if got := query(t, srv, `SELECT current_setting('`+name+`')`); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"data", "run"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", name, info.Mode())
		}
	}
}

func TestLongDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	srv := start(t, dir)
	t.Cleanup(func() {
		if err := os.RemoveAll(srv.place.run); err != nil {
			t.Error(err)
		}
	})
	query(t, srv, `SELECT 1`)
	stop(t, srv)
}

func TestKilledRunIsAdopted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := startChild(t, dir)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait() // it was killed, which is the error
	left := pidOf(t, dir)
	srv := start(t, dir)
	if srv.pid != left {
		t.Errorf("server %d was started beside %d", srv.pid, left)
	}
	if group, err := syscall.Getpgid(srv.pid); err != nil || group == syscall.Getpgrp() {
		t.Errorf("server is in group %d, error %v: a terminal's Ctrl-C would reach it", group, err)
	}
	stop(t, srv)
	if !srv.place.gone(left) {
		t.Error("adopted server lives after Stop")
	}
}

func TestLeftServerRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir)
	if err := srv.Leave(); err != nil {
		t.Fatal(err)
	}
	stop(t, srv) // uses it no longer, so must not end it
	again := start(t, dir)
	if again.pid != srv.pid {
		t.Errorf("server %d was started beside %d", again.pid, srv.pid)
	}
	stop(t, again)
	if !srv.place.gone(srv.pid) {
		t.Error("the server outlives its last user")
	}
}

func TestKilledServerRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir)
	query(t, srv, `CREATE TABLE kept AS SELECT 42 AS n; CHECKPOINT`)
	server, err := os.FindProcess(srv.pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	again := start(t, dir)
	if got := query(t, again, `SELECT n::text FROM kept`); got != "42" {
		t.Errorf("after recovery the row reads %q", got)
	}
	stop(t, again)
	stop(t, srv)
}

func TestStalePidOfAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stop(t, start(t, dir))
	other := exec.CommandContext(t.Context(), "sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	pid := []byte(strconv.Itoa(other.Process.Pid) + "\n")
	for _, file := range []string{"data/postmaster.pid", "run/.s.PGSQL.5432.lock"} {
		if err := os.WriteFile(filepath.Join(dir, file), pid, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stop(t, start(t, dir))
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the process that had the number was harmed: %v", err)
	}
}

func TestTwoAtOnceShareOneServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := spawnChild(t, dir) // a new cluster: both want to make it
	servers := make([]*Server, 3)
	errs := make([]error, len(servers))
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() { servers[i], errs[i] = Start(t.Context(), dir, quick) })
	}
	all.Wait()
	child.ready(t)
	for i, srv := range servers {
		skipWithout(t, errs[i])
		if srv.pid != servers[0].pid {
			t.Errorf("servers %d and %d over one directory", srv.pid, servers[0].pid)
		}
	}
	stop(t, servers[0])
	stop(t, servers[1])
	query(t, servers[2], `SELECT 1`)
	stop(t, servers[2])
	pid := pidOf(t, dir) // fails unless the server still answers
	child.end(t)
	if !servers[0].place.gone(pid) {
		t.Error("the server outlives its last user")
	}
}

func TestNoBinaries(t *testing.T) {
	t.Setenv("PG_BIN", t.TempDir())
	if _, err := Start(t.Context(), t.TempDir(), quick); !errors.Is(err, ErrNoBinaries) {
		t.Errorf("Start gives %v", err)
	}
}

func TestNewestFirst(t *testing.T) {
	t.Parallel()
	got := newestFirst([]string{"/pg/9.6/bin", "/pg/9/bin", "/pg/15/bin", "/pg/bin", "/pg/100/bin"})
	want := "/pg/100/bin /pg/15/bin /pg/9.6/bin /pg/9/bin /pg/bin"
	if strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}

func TestForeignRunDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := (place{}).own(dir); err == nil {
		t.Error("a directory open to others was accepted")
	}
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	srv, err := Start(t.Context(), dir, quick)
	skipWithout(t, err)
	t.Cleanup(func() {
		if err := srv.place.halt(srv.pid); err != nil {
			t.Error(err)
		}
	})
	return srv
}

func skipWithout(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrNoBinaries) && os.Getenv("CI") == "" {
		t.Skip("PostgreSQL's initdb and postgres are not on this machine")
	}
	if err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, srv *Server) {
	t.Helper()
	if err := srv.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// query gives the first column of the last statement's only row as text, empty when it gives none.
func query(t *testing.T, srv *Server, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	last := results[len(results)-1]
	if len(last.Rows) == 0 {
		return ""
	}
	return string(last.Rows[0][0])
}

func pidOf(t *testing.T, dir string) int {
	t.Helper()
	at, err := arrange(dir)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := at.living(t.Context())
	if err != nil || pid == 0 {
		t.Fatalf("no living server: %v", err)
	}
	return pid
}

func TestGroupsOfProcessesAreNoServers(t *testing.T) {
	t.Parallel()
	for _, pid := range []int{-1, 0, 1, -os.Getpid()} { // kill takes these for more than one process
		if alive(pid) {
			t.Errorf("%d is taken for a server", pid)
		}
	}
}
