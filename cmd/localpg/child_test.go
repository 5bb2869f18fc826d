package localpg

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"testing"
)

// process is another process that uses the server.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func spawnChild(t *testing.T, dir string) *process {
	t.Helper()
	if _, err := binaries(""); err != nil {
		skipWithout(t, err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd, in, bufio.NewReader(out)}
}

func startChild(t *testing.T, dir string) *process {
	t.Helper()
	u := spawnChild(t, dir)
	u.ready(t)
	return u
}

func (u *process) ready(t *testing.T) {
	t.Helper()
	if line, err := u.out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("other process says %q, %v", line, err)
	}
}

func (u *process) end(t *testing.T) {
	t.Helper()
	if err := u.in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := u.Wait(); err != nil {
		t.Fatal(err)
	}
}
