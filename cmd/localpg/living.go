package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// living gives the pid of a server over the data that answers, 0 when there is none. One that is still starting or
// stopping is waited for.
func (p place) living(ctx context.Context) (int, error) {
	content, err := os.ReadFile(filepath.Join(p.data, "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the server's pid: %w", err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || !alive(pid) {
		return 0, nil
	}
	if !p.serves(pid) {
		return 0, p.forget(ctx, pid)
	}
	gone := false
	err = poll(ctx, func() (bool, error) {
		gone = p.gone(pid)
		return gone || p.ping(ctx) == nil, nil
	})
	if err != nil {
		return 0, fmt.Errorf("wait for the server that runs as process %d: %w", pid, err)
	}
	if gone {
		return 0, nil
	}
	return pid, nil
}

// forget takes away the files by which postgres would refuse to start beside pid, which does not serve the data: after
// a reboot the number may be any process's, and a killed server that its parent has not buried still has its own.
func (p place) forget(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, dyingLimit)
	defer cancel()
	err := poll(ctx, func() (bool, error) { return !alive(pid), nil })
	if err == nil {
		return nil // it was just dying, and postgres itself knows what to do with a dead one's files
	}
	for _, file := range []string{filepath.Join(p.data, "postmaster.pid"), filepath.Join(p.run, ".s.PGSQL.5432.lock")} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a stale lock of postgres: %w", err)
		}
	}
	return nil
}

// serves tells whether pid works in the data directory, as every postmaster does, and a dead one that its parent has
// not buried yet does not. Without /proc it is believed.
func (p place) serves(pid int) bool {
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		return true
	}
	cwd, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err != nil {
		return false
	}
	data, err := os.Stat(p.data)
	return err == nil && os.SameFile(cwd, data)
}

func (p place) gone(pid int) bool { return !alive(pid) || !p.serves(pid) }

// alive tells whether pid runs, and buries it when it is our own dead child, which would look alive for ever.
// Numbers that wait and kill take for a group of processes are not alive.
func alive(pid int) bool {
	if pid <= 1 {
		return false
	}
	if dead, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); err == nil && dead == pid {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// halt shuts down the server that runs as pid: fast, and if that takes too long at once, which costs the next start a
// recovery. A server that ended by itself is well; its number, perhaps given to another process since, is left alone.
func (p place) halt(pid int) error {
	if p.gone(pid) {
		return nil
	}
	process, err := os.FindProcess(pid) // its Signal refuses the numbers that kill takes for a group
	if err != nil {
		return fmt.Errorf("find postgres: %w", err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop postgres: %w", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		err := poll(ctx, func() (bool, error) { return p.gone(pid), nil })
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("stop postgres: process %d does not end", pid)
}
