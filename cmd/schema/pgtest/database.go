package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema"
)

const (
	templatePrefix = "librarian_template_"
	testPrefix     = "librarian_test_" // then the second of making, the process, a number
)

const (
	// One at a time makes and sweeps, also where the server serves several machines.
	lockTemplates = `SELECT pg_advisory_lock(7204031118)`

	templateExists = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`

	// The clock is the server's: it is what the sweep compares with.
	newName = `SELECT $1 || extract(epoch FROM clock_timestamp())::bigint || '_' || $2 || '_'
		|| substr(md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text), 1, 10)`

	newNote = `SELECT extract(epoch FROM clock_timestamp())::bigint::text`

	// A template's comment holds when a process last asked for it, a test database's name when it was made.
	selectStale = `SELECT datname AS name FROM pg_database d
		WHERE (starts_with(datname, $1) AND datname <> $2 AND coalesce(shobj_description(oid, 'pg_database'), '0')::bigint < extract(epoch FROM clock_timestamp()) - 3600)
		OR (starts_with(datname, $3) AND split_part(datname, '_', 3)::bigint < extract(epoch FROM clock_timestamp()) - 3600
			AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid))`
)

// prepare makes the template of this schema unless another process has, and drops what is left of the past.
func prepare(ctx context.Context, admin string) (err error) {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return fmt.Errorf("connect to the tests' server: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }() // also gives the lock back
	if _, err := conn.Exec(ctx, lockTemplates); err != nil {
		return fmt.Errorf("wait for other test programs: %w", err)
	}
	name := template()
	var exists bool
	if err := conn.QueryRow(ctx, templateExists, name).Scan(&exists); err != nil {
		return fmt.Errorf("look for the template: %w", err)
	}
	if !exists {
		if err := makeTemplate(ctx, conn, admin, name); err != nil {
			return err
		}
	}
	var note string
	if err := conn.QueryRow(ctx, newNote).Scan(&note); err != nil {
		return fmt.Errorf("read the server's clock: %w", err)
	}
	if _, err := conn.Exec(ctx, "COMMENT ON DATABASE "+quote(name)+" IS '"+note+"'"); err != nil {
		return fmt.Errorf("note the template's use: %w", err)
	}
	return sweep(ctx, conn, name)
}

func template() string { return templatePrefix + schema.Hash() }

// makeTemplate migrates under another name, so that a template is whole or absent.
func makeTemplate(ctx context.Context, conn *pgx.Conn, admin, name string) error {
	draft := name + "_draft"
	for _, sql := range []string{
		"DROP DATABASE IF EXISTS " + quote(draft) + " WITH (FORCE)",
		"CREATE DATABASE " + quote(draft) + " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make the template: %w", err)
		}
	}
	address, err := withDatabase(admin, draft)
	if err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return fmt.Errorf("open the template: %w", err)
	}
	err = schema.Apply(ctx, pool)
	pool.Close()
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+quote(draft)+" RENAME TO "+quote(name)); err != nil {
		return fmt.Errorf("name the template: %w", err)
	}
	return nil
}

// sweep drops the templates of other schemas that no process asked for in an hour, and the databases as old of test
// processes that are gone.
func sweep(ctx context.Context, conn *pgx.Conn, current string) error {
	rows, err := conn.Query(ctx, selectStale, templatePrefix, current, testPrefix)
	if err != nil {
		return fmt.Errorf("look for old test databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for old test databases: %w", err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, testPrefix) && makerLives(name) {
			continue
		}
		if err := dropOn(ctx, conn, name); err != nil {
			return err
		}
	}
	return nil
}

// makerLives reads the process from a test database's name. On a server shared with other machines a number may
// mean another process there; then the database only stays longer.
func makerLives(name string) bool {
	parts := strings.Split(name, "_")
	if len(parts) != 5 {
		return false
	}
	pid, err := strconv.Atoi(parts[3])
	if err != nil || pid < 1 {
		return false
	}
	err = syscall.Kill(pid, 0) // asks only
	return err == nil || errors.Is(err, syscall.EPERM)
}

// create copies the template and gives the copy's name.
func create(ctx context.Context, admin string) (name string, err error) {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return "", fmt.Errorf("connect to the tests' server: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := conn.QueryRow(ctx, newName, testPrefix, strconv.Itoa(os.Getpid())).Scan(&name); err != nil {
		return "", fmt.Errorf("name a database: %w", err)
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template())); err != nil {
		return "", fmt.Errorf("copy the template: %w", err)
	}
	return name, nil
}

func drop(ctx context.Context, admin, name string) (err error) {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return fmt.Errorf("connect to the tests' server: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return dropOn(ctx, conn, name)
}

// dropOn ends the database's sessions first: a killed program under test may have left some.
func dropOn(ctx context.Context, conn *pgx.Conn, name string) error {
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// withDatabase is the server's address with another database.
func withDatabase(admin, name string) (string, error) {
	u, err := url.Parse(admin)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", errors.New("the tests' server address is not a postgres:// URL") // not shown: it may hold a password
	}
	u.Path = "/" + name
	return u.String(), nil
}
