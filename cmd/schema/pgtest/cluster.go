package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"librarian/cmd/localpg"
)

// Each process finds its cluster and template once; the values never change after that.
var (
	quickCluster   = sync.OnceValues(func() (string, error) { return ready("quick", quickSettings()) })
	durableCluster = sync.OnceValues(func() (string, error) { return ready("durable", durableSettings()) })
)

func quickSettings() map[string]string {
	return map[string]string{
		"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
		"max_connections": "300", "wal_level": "minimal", "max_wal_senders": "0",
	}
}

func durableSettings() map[string]string {
	return map[string]string{"max_connections": "300", "shared_buffers": "256MB", "max_wal_size": "2GB"}
}

// ready gives the administrative address of a server that holds the current template.
func ready(name string, settings map[string]string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	admin := os.Getenv("LIBRARIAN_TEST_DATABASE_URL")
	if admin == "" {
		var err error
		if admin, err = start(ctx, name, settings); err != nil {
			return "", err
		}
	}
	return admin, prepare(ctx, admin)
}

// start gives the user's cluster of that name. It is left running: the next test program, perhaps at work already,
// uses it too.
func start(ctx context.Context, name string, settings map[string]string) (address string, err error) {
	dir, err := home()
	if err != nil {
		return "", err
	}
	lock, err := lockFile(filepath.Join(dir, name+".lock"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	dir = filepath.Join(dir, name)
	options := localpg.Options{Settings: settings}
	srv, err := localpg.Start(ctx, dir, options)
	if errors.Is(err, localpg.ErrExited) {
		// Without fsync a power failure ruins a cluster, and it holds nothing that cannot be made again.
		if err := setAside(dir); err != nil {
			return "", err
		}
		srv, err = localpg.Start(ctx, dir, options)
	}
	if err != nil {
		return "", err
	}
	return srv.URL(), srv.Leave()
}

// lockFile waits for the other test programs of this user; closing the file lets the next one on.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for other test programs: %w", err), f.Close())
	}
	return f, nil
}

func setAside(dir string) error {
	spoilt, err := os.MkdirTemp(filepath.Dir(dir), "spoilt-")
	if err != nil {
		return fmt.Errorf("set a spoilt test cluster aside: %w", err)
	}
	err = os.Rename(filepath.Join(dir, "data"), filepath.Join(spoilt, "data"))
	return errors.Join(err, os.RemoveAll(spoilt))
}

// home is a directory of this user alone. The cache comes first: what is old in /tmp is swept on many systems, also
// from under a living server.
func home() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = filepath.Join(os.TempDir(), "cache-"+strconv.Itoa(os.Getuid()))
	}
	dir = filepath.Join(dir, "librarian-pgtest")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a place for the tests' databases: %w", err)
	}
	return dir, nil
}
