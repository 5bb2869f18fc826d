// Package schema holds the database's numbered migrations and applies them.
package schema

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var embedded embed.FS

// ErrNotCurrent is wrapped when the database lacks migrations of this program, or has some this program does not know.
var ErrNotCurrent = errors.New("schema is not current")

const lockPeriod = 1 // seconds between two tries, the least goose allows

// Apply brings the database to this program's schema. Programs that start together take turns by a session lock, so
// the pool needs two connections and no transaction pooler in between. A database already current is left alone.
func Apply(ctx context.Context, pool *pgxpool.Pool) (err error) {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	migrations, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, 300))
	if err != nil {
		return fmt.Errorf("make migration lock: %w", err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := turns.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, turns.SessionUnlock(ctx, conn))
	}()
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

const (
	selectVersioned = `SELECT to_regclass('goose_db_version') IS NOT NULL`
	selectVersions  = `SELECT version_id FROM goose_db_version WHERE version_id > 0 AND is_applied ORDER BY version_id`
)

// Check changes nothing and tells by an error that wraps ErrNotCurrent when the schema is not exactly this program's.
func Check(ctx context.Context, pool *pgxpool.Pool) error {
	wanted, err := versions()
	if err != nil {
		return err
	}
	var applied []int64
	var versioned bool
	if err := pool.QueryRow(ctx, selectVersioned).Scan(&versioned); err != nil {
		return fmt.Errorf("look for the schema's version: %w", err)
	}
	if versioned {
		rows, err := pool.Query(ctx, selectVersions)
		if err != nil {
			return fmt.Errorf("read applied migrations: %w", err)
		}
		if applied, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return fmt.Errorf("read applied migrations: %w", err)
		}
	}
	if !slices.Equal(applied, wanted) {
		return fmt.Errorf("%w: program has %v, database has %v", ErrNotCurrent, wanted, applied)
	}
	return nil
}

// Hash names the schema in 16 hex digits: another one for every change in a migration.
func Hash() string {
	sum := sha256.New()
	err := eachMigration(func(name string, content []byte) error {
		_, err := fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
		return err
	})
	if err != nil {
		panic("schema: embedded migrations cannot be read: " + err.Error()) // they are part of the program
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func versions() ([]int64, error) {
	var all []int64
	err := eachMigration(func(name string, _ []byte) error {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return fmt.Errorf("number of migration %s: %w", name, err)
		}
		all = append(all, n)
		return nil
	})
	slices.Sort(all)
	return all, err
}

func eachMigration(visit func(name string, content []byte) error) error {
	names, err := fs.Glob(embedded, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		if err := visit(name, content); err != nil {
			return err
		}
	}
	return nil
}
