package files

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	decodeTimeout = 20 * time.Second
	previewLimit  = 16 << 20 // bytes of a preview; 2400 × 2400 pixels give one or two million
	complaint     = 4 << 10  // bytes of the child's first words on stderr that are looked at
)

// greeting is the child's first line: without it what failed is the installation, not the file.
const greeting = "librarian decode 1\n"

// Picture is what the child process says of a picture or a PDF.
type Picture struct {
	Width      int     `json:"width"` // pixels, upright, before shrinking
	Height     int     `json:"height"`
	Pages      int     `json:"pages"`
	Brightness float64 `json:"brightness"` // mean grey, 0 to 255
	Sharpness  float64 `json:"sharpness"`  // variance of the Laplacian
	Problem    Problem `json:"problem"`    // none, too_large or unreadable
	JPEG       []byte  `json:"-"`          // upright, at most 2400 pixels a side, without metadata; empty if there is none
}

// Decoder decodes hostile files in a child process of limited time, memory and output, one at a time.
type Decoder struct {
	command []string
	timeout time.Duration
	turn    chan struct{}
}

// NewDecoder makes a decoder; the command is what runs DecodeMain, such as this program's path and "decode".
func NewDecoder(command []string) *Decoder {
	return &Decoder{command: command, timeout: decodeTimeout, turn: make(chan struct{}, 1)}
}

// Decode decodes src. A file that breaks the child or its limits is no error but a Problem; an error says that src could not be read,
// ctx ended or the child could not be started.
func (d *Decoder) Decode(ctx context.Context, src io.Reader) (Picture, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	body := &source{r: src}
	out, stderr := &capped{left: previewLimit + complaint}, &capped{left: complaint}
	cmd := d.child(limited)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = body, out, stderr
	runErr := cmd.Run()
	if err := errors.Join(ctx.Err(), body.failed()); err != nil {
		return Picture{}, err
	}
	reply, greeted := bytes.CutPrefix(out.kept.Bytes(), []byte(greeting))
	switch {
	case !greeted:
		return Picture{}, fmt.Errorf("start decoder: %w", errors.Join(errors.New("child did not answer"), runErr))
	case limited.Err() != nil, runErr != nil && starved(stderr.kept.String()):
		return Picture{Problem: ProblemTooLarge}, nil
	case runErr != nil:
		return Picture{Problem: ProblemUnreadable}, nil
	}
	return parsePicture(reply), nil
}

// starved knows the last words of a child that hit its memory limit: Go's own, and the race detector's.
func starved(words string) bool {
	return strings.Contains(words, "out of memory") || strings.Contains(words, "failed to allocate")
}

// child gets no environment but a path: it reads hostile bytes, and secrets may be in ours.
func (d *Decoder) child(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.command[0], d.command[1:]...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", fmt.Sprintf("GOMEMLIMIT=%d", decodeMemory/4*3)}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with the programs it started
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// parsePicture believes nothing that a child taken over by a file could make up to do harm.
func parsePicture(reply []byte) Picture {
	broken := Picture{Problem: ProblemUnreadable}
	line, jpeg, found := bytes.Cut(reply, []byte("\n"))
	var pic Picture
	if !found || json.Unmarshal(line, &pic) != nil {
		return broken
	}
	const most = 1 << 30
	if min(pic.Width, pic.Height, pic.Pages) < 0 || max(pic.Width, pic.Height, pic.Pages) > most {
		return broken
	}
	switch pic.Problem {
	case NoProblem, ProblemTooLarge, ProblemUnreadable:
	default:
		return broken
	}
	if len(jpeg) > 0 && (pic.Problem != NoProblem || mediaTypeOf(jpeg) != "image/jpeg") {
		return broken
	}
	pic.JPEG = jpeg
	return pic
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
