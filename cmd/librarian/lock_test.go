package main

import (
	"context"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
)

// lockHolder is the backend that holds the lock.
func lockHolder(t *testing.T, pool *pgxpool.Pool, class, id int32) (pid int) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `select pid from pg_locks where locktype = 'advisory' and classid = $1::int and objid = $2::int and granted
and database = (select oid from pg_database where datname = current_database())`, class, id).Scan(&pid)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func ends(ctx context.Context, t *testing.T, what string, within time.Duration) {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(within):
		t.Errorf("%s: it goes on after %s", what, within)
	}
}

// Who holds a watched lock knows at once that it is lost, and another has it.
func TestLossOfALockIsNoticed(t *testing.T) {
	t.Parallel()
	s := &service{pool: pgtest.New(t), log: slog.New(slog.DiscardHandler)}
	take := func(want bool) (context.Context, func()) {
		t.Helper()
		held, release, ok, err := s.watchLock(t.Context(), 7, 1)
		if err != nil || ok != want {
			t.Fatalf("taken: %t, %v", ok, err)
		}
		return held, release
	}
	first, leave := take(true)
	take(false)
	// The server tells of the end before it lets go of the lock: it is waited for.
	if _, err := s.pool.Exec(t.Context(), `select pg_terminate_backend($1, 5000)`, lockHolder(t, s.pool, 7, 1)); err != nil {
		t.Fatal(err)
	}
	ends(first, t, "the connection was killed", 4*time.Second)
	second, release := take(true)
	leave()
	if second.Err() != nil {
		t.Error("the first one's leaving took the second one's lock")
	}
	release()
	ends(second, t, "it was released", time.Second)
	third, release := take(true)
	defer release()
	select { // longer than a look takes
	case <-third.Done():
		t.Error("it was lost without a reason")
	case <-time.After(2*lockLook + 200*time.Millisecond):
	}
}

// A database that says nothing more holds nothing: its lock may be another's by now.
func TestSilentDatabaseLosesTheLock(t *testing.T) {
	t.Parallel()
	s := &service{pool: pgtest.New(t), log: slog.New(slog.DiscardHandler)}
	held, release, ok, err := s.watchLock(t.Context(), 7, 1)
	if err != nil || !ok {
		t.Fatalf("taken: %t, %v", ok, err)
	}
	pid := lockHolder(t, s.pool, 7, 1)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ends(held, t, "silence", lockLook+lockPing+2*time.Second)
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Error(err)
	}
	release()
}
