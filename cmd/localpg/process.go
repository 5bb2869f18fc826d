package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const logLimit = 16 << 20

// child is a command of the server's account. Its own process group keeps a terminal's Ctrl-C away from it.
type child struct {
	*exec.Cmd
	as   *syscall.Credential
	lent []*os.File
}

func (p place) child(ctx context.Context, program string) *child {
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.as}
	return &child{Cmd: cmd, as: p.as}
}

// reach gives the path by which the child finds dir. Parents of dir may be closed to the account that root lends
// (/root, a test's directory), so there the child inherits dir open and goes in through /proc.
func (c *child) reach(dir string) (string, error) {
	if c.as == nil || runtime.GOOS != "linux" {
		return dir, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", fmt.Errorf("open directory for the database: %w", err)
	}
	c.lent, c.ExtraFiles = append(c.lent, f), append(c.ExtraFiles, f)
	return "/proc/self/fd/" + strconv.Itoa(2+len(c.ExtraFiles)), nil
}

// finish closes our copies of the directories the child inherited.
func (c *child) finish() (err error) {
	for _, f := range c.lent {
		err = errors.Join(err, f.Close())
	}
	return err
}

// initialize makes the cluster in data.new and renames it, so that data is whole or absent.
func (p place) initialize(ctx context.Context, lock *os.File, opt Options) (err error) {
	if _, err := os.Stat(filepath.Join(p.data, "PG_VERSION")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	bin, err := binaries("")
	if err != nil {
		return err
	}
	fresh := p.data + ".new"
	if err := errors.Join(os.RemoveAll(fresh), p.own(fresh)); err != nil {
		return fmt.Errorf("clear for a new cluster: %w", err)
	}
	c := p.child(ctx, filepath.Join(bin, "initdb"))
	target, err := c.reach(fresh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.finish()) }()
	// initdb carries the lock: were we killed now, the next start waits until it is done.
	c.ExtraFiles = append(c.ExtraFiles, lock)
	c.Args = append(c.Args, "--pgdata="+target, "--username="+role, "--auth=trust", "--encoding=UTF8",
		"--locale=C.UTF-8", "--no-instructions")
	if opt.Settings["fsync"] == "off" {
		c.Args = append(c.Args, "--no-sync")
	}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(fresh, p.data); err != nil {
		return fmt.Errorf("put the new cluster in place: %w", err)
	}
	return nil
}

// launch starts postgres and waits until it answers. Nothing it inherits is ours to wait for: its output goes to a file.
func (p place) launch(ctx context.Context, opt Options) (int, error) {
	version, err := os.ReadFile(filepath.Join(p.data, "PG_VERSION"))
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	bin, err := binaries(strings.TrimSpace(string(version)))
	if err != nil {
		return 0, err
	}
	pid, err := p.spawn(ctx, filepath.Join(bin, "postgres"), opt)
	if err != nil {
		return 0, fmt.Errorf("start postgres: %w", err)
	}
	var refusal error
	err = poll(ctx, func() (bool, error) {
		if !alive(pid) {
			return false, fmt.Errorf("%w: see %s", ErrExited, p.file("postgres.log"))
		}
		refusal = p.ping(ctx)
		return refusal == nil, nil
	})
	if errors.Is(err, ErrExited) {
		return 0, err
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("wait for postgres: %w", err), refusal, p.halt(pid))
	}
	return pid, nil
}

func (p place) spawn(ctx context.Context, program string, opt Options) (pid int, err error) {
	c := p.child(context.WithoutCancel(ctx), program)
	defer func() { err = errors.Join(err, c.finish()) }()
	data, err := c.reach(p.data)
	if err != nil {
		return 0, err
	}
	run, err := c.reach(p.run)
	if err != nil {
		return 0, err
	}
	c.Args = append(c.Args, "-D", data)
	settings := settings(run, opt)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		c.Args = append(c.Args, "-c", name+"="+settings[name])
	}
	log, err := p.openLog()
	if err != nil {
		return 0, err
	}
	c.Stdout, c.Stderr = log, log
	if err := errors.Join(c.Start(), log.Close()); err != nil {
		return 0, err
	}
	pid = c.Process.Pid // read first: Release makes it -1, which to kill means everybody
	return pid, c.Process.Release()
}

// settings keeps readers' words out of the log: no failing statement, no row in a detail line.
func settings(run string, opt Options) map[string]string {
	all := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": run,
		"unix_socket_permissions": "0700",
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
	}
	maps.Copy(all, opt.Settings)
	return all
}

func (p place) openLog() (*os.File, error) {
	mode := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(p.file("postgres.log")); err == nil && info.Size() > logLimit {
		mode |= os.O_TRUNC
	}
	return os.OpenFile(p.file("postgres.log"), mode, 0o600)
}
