package schema_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"librarian/cmd/schema"
	"librarian/cmd/schema/pgtest"
)

func TestApplyTogetherAndAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	// An empty database, as a first start finds it.
	if _, err := pool.Exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
	if err := schema.Check(t.Context(), pool); !errors.Is(err, schema.ErrNotCurrent) {
		t.Errorf("an empty database: %v", err)
	}
	var tables int
	if err := pool.QueryRow(t.Context(), countTables).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("Check left %d tables, error %v", tables, err)
	}
	barrier := make(chan struct{})
	errs := make([]error, 3)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			<-barrier
			errs[i] = schema.Apply(t.Context(), pool)
		})
	}
	close(barrier)
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if err := schema.Check(t.Context(), pool); err != nil {
		t.Errorf("after Apply: %v", err)
	}
	if err := pool.QueryRow(t.Context(), countTables).Scan(&tables); err != nil || tables < 3 {
		t.Errorf("Apply left %d tables, error %v", tables, err)
	}
}

const countTables = `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`

func TestCheckFindsTheDifference(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, sql string }{
		{"a migration lacks", `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`},
		{"the database is newer", `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, true)`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			if _, err := pool.Exec(t.Context(), c.sql); err != nil {
				t.Fatal(err)
			}
			if err := schema.Check(t.Context(), pool); !errors.Is(err, schema.ErrNotCurrent) {
				t.Errorf("Check gives %v", err)
			}
		})
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	if h := schema.Hash(); len(h) != 16 || h != schema.Hash() {
		t.Errorf("hash is %q, then %q", h, schema.Hash())
	}
}

func TestFirstLineSaysWhy(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, error %v", len(files), err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, rest, _ := strings.Cut(string(content), "\n")
		if !strings.HasPrefix(first, "-- ") || strings.HasPrefix(first, "-- +goose") || len(first) < 20 {
			t.Errorf("%s: the first line does not say why: %q", file, first)
		}
		if !strings.Contains(rest, "-- +goose Up") {
			t.Errorf("%s: no goose annotation", file)
		}
	}
}
