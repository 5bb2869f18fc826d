package localpg

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// socketLimit is the length of sun_path, less its final zero.
const socketLimit = 107

// place is where a cluster lives and the account its server runs as.
type place struct {
	dir  string
	data string
	run  string              // holds the socket
	as   *syscall.Credential // nil: the caller's own account
}

func (p place) file(name string) string { return filepath.Join(p.dir, name) }

func arrange(dir string) (place, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return place{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return place{}, err
	}
	p := place{dir: dir, data: filepath.Join(dir, "data"), run: filepath.Join(dir, "run")}
	if p.as, err = account(p.data); err != nil {
		return place{}, err
	}
	// In lists of socket directories and hosts a comma and a quote have a meaning.
	if len(filepath.Join(p.run, ".s.PGSQL.5432")) >= socketLimit || strings.ContainsAny(p.run, `,"`) {
		sum := sha256.Sum256([]byte(dir))
		p.run = filepath.Join("/tmp", fmt.Sprintf("localpg-%d-%x", os.Getuid(), sum[:6]))
	}
	return p, p.own(p.run)
}

// own makes dir for the server's account, closed to all others. One that exists must already be so: in /tmp anybody
// may have made it first.
func (p place) own(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil && p.as != nil {
		return os.Chown(dir, int(p.as.Uid), int(p.as.Gid))
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || stat.Uid != p.uid() || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("directory %s is not private to the database's account %d", dir, p.uid())
	}
	return nil
}

func (p place) uid() uint32 {
	if p.as != nil {
		return p.as.Uid
	}
	return uint32(os.Getuid())
}

// account gives the credential the server runs with. PostgreSQL refuses root, so root lends it the account that owns
// the data, or else an unprivileged one of the system.
func account(data string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	if info, err := os.Stat(data); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			return &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uerr, gerr); err != nil {
			return nil, fmt.Errorf("read account %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("no unprivileged account to run postgres as: neither postgres nor nobody exists")
}
