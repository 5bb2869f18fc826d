// Package pgtest gives each test an own, fresh PostgreSQL database with the whole schema.
package pgtest

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/localpg"
)

const (
	maxConns  = 8 // of a test's pool; the cluster has 300 for all packages together
	askLimit  = 2 * time.Minute
	leakLimit = 10 * time.Second
)

// New gives a pool on a database of this test alone, current in its schema and empty, dropped when the test ends.
// The server is LIBRARIAN_TEST_DATABASE_URL, a superuser's postgres:// address, or else one shared by all tests of
// this user. Without PostgreSQL's programs the test is skipped, and fails where CI is set.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, URL(t))
}

// URL is New for tests that start a program of their own: it gives the database's postgres:// address only.
func URL(t testing.TB) string {
	t.Helper()
	return database(t, quickCluster)
}

// Durable is New on a cluster that writes to disk as a real one does, for benchmarks. It logs the two settings.
func Durable(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := open(t, database(t, durableCluster))
	for _, name := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := pool.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			t.Fatalf("read setting %s: %v", name, err)
		}
		t.Logf("%s = %s", name, value)
		if value != "on" {
			t.Fatalf("setting %s is %s: measurements would mean nothing", name, value)
		}
	}
	return pool
}

// Rounds is how often a crash, race or load test repeats: LIBRARIAN_ROUNDS, or small without it.
func Rounds(t testing.TB, small int) int {
	t.Helper()
	text := os.Getenv("LIBRARIAN_ROUNDS")
	if text == "" {
		return small
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("LIBRARIAN_ROUNDS=%q is not a number of rounds", text)
	}
	return n
}

// database makes a database in the cluster and gives its address.
func database(t testing.TB, cluster func() (string, error)) string {
	t.Helper()
	admin, err := cluster()
	if errors.Is(err, localpg.ErrNoBinaries) && os.Getenv("CI") == "" {
		t.Skip("PostgreSQL's initdb and postgres are not on this machine")
	}
	if err != nil {
		t.Fatalf("start the tests' database server: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), askLimit)
	defer cancel()
	name, err := create(ctx, admin)
	if err != nil {
		t.Fatalf("make the test's database: %v", err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), askLimit)
		defer cancel()
		if err := drop(ctx, admin, name); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	address, err := withDatabase(admin, name)
	if err != nil {
		t.Fatalf("address the test's database: %v", err)
	}
	return address
}

func open(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		t.Fatalf("read the test database's address: %v", err)
	}
	config.MaxConns = maxConns
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(func() { closePool(t, pool) })
	return pool
}

// closePool fails instead of waiting for ever where a test kept a connection.
func closePool(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	closed := make(chan struct{})
	go func() {
		pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(leakLimit):
		t.Errorf("%d connections were not given back to the pool", pool.Stat().AcquiredConns())
	}
}
