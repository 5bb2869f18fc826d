package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const complaint = 4 << 10 // bytes of a child's first words on stderr that are looked at

// Child is a process that handles other people's bytes. It gets no environment but a path, for secrets may be in ours, and is killed with the
// programs it started when its context ends.
type Child struct {
	*exec.Cmd
	words *capped
}

// NewChild prepares a child; the command is a program of ours that calls Confine. Memory is how many bytes its garbage collector aims at.
func NewChild(ctx context.Context, command []string, memory int64) *Child {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", fmt.Sprintf("GOMEMLIMIT=%d", memory)}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	words := &capped{left: complaint}
	cmd.Stderr = words
	return &Child{Cmd: cmd, words: words}
}

// Starved knows the last words of a child that hit its memory limit: Go's own, and the race detector's. To be asked when the child has ended.
func (c *Child) Starved() bool {
	words := c.words.kept.String()
	return strings.Contains(words, "out of memory") || strings.Contains(words, "failed to allocate")
}

// Confine bounds this process and those it starts, for good: bytes of data, and time of all processors, which ends a child even when its parent
// has been killed. It can write no file: people's papers must not lie on a disk in plain. What is mapped already is not counted: the race detector
// alone maps more than all that is allowed.
func Confine(memory uint64, cpu time.Duration) error {
	mapped, err := mappedData()
	if err != nil {
		return err
	}
	for resource, limit := range map[int]uint64{
		syscall.RLIMIT_DATA:  mapped + memory,
		syscall.RLIMIT_CPU:   uint64(cpu.Seconds()),
		syscall.RLIMIT_CORE:  0,
		syscall.RLIMIT_FSIZE: 0,
	} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	return nil
}

// mappedData is the private writable memory of this process in bytes, as RLIMIT_DATA counts it.
func mappedData() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 6 {
		return 0, errors.New("statm not understood")
	}
	pages, err := strconv.ParseUint(fields[5], 10, 64)
	if err != nil {
		return 0, err
	}
	return pages * uint64(os.Getpagesize()), nil
}

// capped keeps what is written, up to a limit, and then fails. It embeds no buffer: io.Copy would find its ReadFrom and pass the limit by.
type capped struct {
	kept bytes.Buffer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	c.kept.Write(p[:n])
	if n < len(p) {
		return n, errors.New("child says too much")
	}
	return n, nil
}
