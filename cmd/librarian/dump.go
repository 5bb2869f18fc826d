package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/localpg"
)

// serverMajor is the database server's major version.
func serverMajor(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	var number int
	if err := pool.QueryRow(ctx, `select current_setting('server_version_num')::int`).Scan(&number); err != nil {
		return 0, fmt.Errorf("ask the database for its version: %w", err)
	}
	return number / 10000, nil
}

// program is one of PostgreSQL's own, run against the database. Where and who stand in its environment: a command line is read by every user.
func (d database) program(ctx context.Context, name string, least int, args ...string) (*exec.Cmd, int, error) {
	path, major, err := localpg.Program(ctx, name, least)
	if errors.Is(err, localpg.ErrNoProgram) {
		return nil, 0, fmt.Errorf("%w: install Debian's postgresql-client-%d", err, least)
	}
	if err != nil {
		return nil, 0, err
	}
	place, err := libpqEnv(d.DatabaseURL)
	if err != nil {
		return nil, 0, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), place...)
	return cmd, major, nil
}

// libpqEnv says to PostgreSQL's programs what the address says to us. What the environment already says and the address does not is left.
func libpqEnv(address string) ([]string, error) {
	c, err := pgconn.ParseConfig(address)
	if err != nil {
		return nil, errNoAddress
	}
	hosts, ports := []string{c.Host}, []string{strconv.Itoa(int(c.Port))}
	for _, f := range c.Fallbacks {
		port := strconv.Itoa(int(f.Port))
		if last := len(hosts) - 1; hosts[last] != f.Host || ports[last] != port { // the same again, without encryption
			hosts, ports = append(hosts, f.Host), append(ports, port)
		}
	}
	env := []string{
		"PGHOST=" + strings.Join(hosts, ","), "PGPORT=" + strings.Join(ports, ","), "PGUSER=" + c.User, "PGDATABASE=" + c.Database,
		"PGAPPNAME=librarian", "PGCONNECT_TIMEOUT=10",
	}
	if c.Password != "" {
		env = append(env, "PGPASSWORD="+c.Password)
	}
	return append(env, encryptionEnv(address)...), nil
}

// pairs finds what an address of the form key=value says of encryption; pgx keeps only what follows from it.
var pairs = regexp.MustCompile(`(?:^|\s)(sslmode|sslrootcert|sslcert|sslkey|target_session_attrs)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)`)

func encryptionEnv(address string) []string {
	said := url.Values{}
	if u, err := url.Parse(address); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		said = u.Query()
	} else {
		for _, m := range pairs.FindAllStringSubmatch(address, -1) {
			said.Set(m[1], strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(strings.Trim(m[2], "'")))
		}
	}
	var env []string
	for _, name := range []string{"sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"} {
		if v := said.Get(name); v != "" {
			env = append(env, "PG"+strings.ToUpper(strings.ReplaceAll(name, "_", ""))+"="+v)
		}
	}
	return env
}

// complaints keeps the first words of a program that fails. They name tables and constraints, and may quote a row: they go to the terminal of
// whoever runs the command, never to a log.
type complaints struct{ text strings.Builder }

func (c *complaints) Write(p []byte) (int, error) {
	if left := 2000 - c.text.Len(); left > 0 {
		c.text.Write(p[:min(left, len(p))])
	}
	return len(p), nil
}

// stream runs the program; what it writes is read by sink, what it reads comes from source.
func stream(cmd *exec.Cmd, source io.Reader, sink func(io.Reader) error) error {
	var said complaints
	cmd.Stdin, cmd.Stderr = source, &said
	if sink == nil {
		return complain(cmd, &said, cmd.Run())
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run %s: %w", programName(cmd), err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", programName(cmd), err)
	}
	sinkErr := sink(out)
	if sinkErr != nil { // nobody reads any more
		sinkErr = errors.Join(sinkErr, cmd.Process.Kill())
	}
	return errors.Join(sinkErr, complain(cmd, &said, cmd.Wait()))
}

func complain(cmd *exec.Cmd, said *complaints, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("run %s: %w: %s", programName(cmd), err, strings.TrimSpace(said.text.String()))
}

func programName(cmd *exec.Cmd) string { return filepath.Base(cmd.Path) }
