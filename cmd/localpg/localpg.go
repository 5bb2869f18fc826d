// Package localpg runs a private PostgreSQL from the machine's own binaries, for the demo and for tests.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	role     = "librarian"
	database = "librarian"

	startLimit = 60 * time.Second // crash recovery of a large cluster is the slow case
	stopLimit  = 15 * time.Second
	dyingLimit = 2 * time.Second
	pollEvery  = 20 * time.Millisecond

	launchTries   = 4
	relaunchAfter = 500 * time.Millisecond
)

// ErrExited is wrapped when the server ended before it answered; its log says why.
var ErrExited = errors.New("postgres ended during its start")

// Options change how a server is started. An adopted server keeps what it was started with.
type Options struct {
	// Settings are PostgreSQL parameters added to the defaults, such as fsync=off for tests.
	Settings map[string]string
}

// Server is this process's use of a running PostgreSQL. It is not safe for concurrent use.
type Server struct {
	place place
	pid   int
	use   *os.File // shared lock: who holds it still needs the server
}

// Start gives a server over the cluster in dir, which it makes when there is none. A server left by a killed run is
// adopted, and processes that start on the same dir share one server. ctx bounds the start only; the server lives
// until Stop. Without binaries the error wraps ErrNoBinaries.
func Start(ctx context.Context, dir string, opt Options) (srv *Server, err error) {
	at, err := arrange(dir)
	if err != nil {
		return nil, fmt.Errorf("prepare database directory: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	lock, err := exclusive(ctx, at.file("lock"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	pid, err := at.running(ctx, lock, opt)
	if err != nil {
		return nil, err
	}
	use, err := shared(ctx, at.file("users"))
	if err != nil {
		return nil, errors.Join(err, at.halt(pid))
	}
	return &Server{place: at, pid: pid, use: use}, nil
}

// URL is the server's address for pgx and libpq, by unix socket, for a superuser of an own database.
func (s *Server) URL() string { return s.place.url(database) }

// Stop ends this process's use and shuts the server down once nobody else uses it. Open sessions are cut off. A second
// Stop does nothing.
func (s *Server) Stop() error {
	if s.use == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	lock, err := exclusive(ctx, s.place.file("lock"))
	if err != nil {
		return err
	}
	last, err := release(s.use)
	s.use = nil
	if err == nil && last {
		err = s.place.halt(s.pid)
	}
	return errors.Join(err, lock.Close())
}

// Leave ends this process's use and lets the server run, for the next Start to adopt.
func (s *Server) Leave() error {
	if s.use == nil {
		return nil
	}
	use := s.use
	s.use = nil
	if err := use.Close(); err != nil {
		return fmt.Errorf("leave the local database: %w", err)
	}
	return nil
}

// running gives the pid of a server that answers: a living one, or a new one.
func (p place) running(ctx context.Context, lock *os.File, opt Options) (int, error) {
	pid, err := p.living(ctx)
	if err != nil || pid != 0 {
		return pid, err
	}
	if err := p.initialize(ctx, lock, opt); err != nil {
		return 0, err
	}
	if pid, err = p.persist(ctx, opt); err != nil {
		return 0, err
	}
	if err := p.createDatabase(ctx); err != nil {
		return 0, errors.Join(err, p.halt(pid))
	}
	return pid, nil
}

// persist launches again where the first server ended at once: the children of a killed one take a moment to go, and
// a run killed right after its own launch may have left a server that had no pid file yet.
func (p place) persist(ctx context.Context, opt Options) (pid int, err error) {
	for try := 1; ; try++ {
		pid, err = p.launch(ctx, opt)
		if !errors.Is(err, ErrExited) || try == launchTries {
			return pid, err
		}
		select {
		case <-ctx.Done():
			return 0, errors.Join(err, ctx.Err())
		case <-time.After(relaunchAfter):
		}
		if other, lerr := p.living(ctx); lerr != nil || other != 0 {
			return other, lerr
		}
	}
}

func (p place) url(name string) string {
	// PathEscape, because libpq takes the + of a query's space literally.
	query := "host=" + url.PathEscape(p.run) + "&sslmode=disable"
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + name, RawQuery: query}
	return u.String()
}

func (p place) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return fmt.Errorf("reach the local database: %w", err)
	}
	return conn.Close(ctx)
}

const (
	databaseExists = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	databaseCreate = `CREATE DATABASE ` + database
)

func (p place) createDatabase(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return fmt.Errorf("reach the local database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	var exists bool
	if err := conn.QueryRow(ctx, databaseExists, database).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", database, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, databaseCreate); err != nil {
		return fmt.Errorf("create database %s: %w", database, err)
	}
	return nil
}
