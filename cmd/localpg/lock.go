package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// exclusive waits for the lock on path; closing the file gives it back. The kernel does so for a killed process.
func exclusive(ctx context.Context, path string) (*os.File, error) {
	return lockFile(ctx, path, syscall.LOCK_EX)
}

func shared(ctx context.Context, path string) (*os.File, error) {
	return lockFile(ctx, path, syscall.LOCK_SH)
}

func lockFile(ctx context.Context, path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = poll(ctx, func() (bool, error) {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// release gives a shared lock back and tells whether nobody else held it.
func release(f *os.File) (last bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	last = err == nil
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = nil
	}
	return last, errors.Join(err, f.Close())
}

// poll asks until done, an error, or the end of ctx.
func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
