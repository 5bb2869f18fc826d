package fragments

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"librarian/bots/files"
)

// errSilent says that the child died, or said nothing for too long and was killed.
var errSilent = errors.New("child fell silent")

const pageLimit = 512 << 20 // bytes of PDF that a page may become

// worker is a child at work, as its joiner sees it.
type worker struct {
	child *files.Child
	stop  context.CancelFunc
	in    io.WriteCloser
	up    *chunks
	out   io.Writer
	limit time.Duration
	late  atomic.Bool // it was killed because it said nothing
}

// start starts a child and hears its greeting: without it what failed is the installation, not a page.
func (j *Joiner) start(ctx context.Context, out io.Writer) (*worker, error) {
	running, stop := context.WithCancel(ctx)
	w := &worker{child: files.NewChild(running, j.command, joinTidy), stop: stop, out: out, limit: j.timeout}
	in, err := w.child.StdinPipe()
	if err != nil {
		stop()
		return nil, fmt.Errorf("start child: %w", err)
	}
	up, err := w.child.StdoutPipe()
	if err != nil {
		stop()
		return nil, fmt.Errorf("start child: %w", err)
	}
	w.in, w.up = in, &chunks{r: bufio.NewReaderSize(up, chunkLimit)}
	if err := w.child.Start(); err != nil {
		stop()
		return nil, fmt.Errorf("start child: %w", err)
	}
	if kind, _, err := w.read(); err != nil || kind != chunkHello {
		return nil, errors.Join(ctx.Err(), errors.New("child did not answer"), err, w.kill())
	}
	return w, nil
}

// kill ends the child, and tells how it ended.
func (w *worker) kill() error {
	w.stop()
	return w.child.Wait()
}

// read waits for the child's next word, but not for ever.
func (w *worker) read() (kind byte, data []byte, err error) {
	alarm := time.AfterFunc(w.limit, func() {
		w.late.Store(true)
		w.stop()
	})
	defer alarm.Stop()
	return w.up.read()
}

// file sends what is wanted of a file and its bytes, by send, and waits for the first page of it. A pipe that broke meanwhile is told by what the child
// said last, or by its silence.
func (w *worker) file(head wanted, body *source) (done, error) {
	err := writeValue(w.in, chunkFile, head)
	if err == nil {
		_, err = io.Copy(sender{w.in}, body)
	}
	if body.err != nil {
		return done{}, body.err
	}
	if err == nil {
		_ = writeChunk(w.in, chunkEnd, nil) // the child's answer tells
	}
	return w.done()
}

// done passes on what the child writes until a page is done.
func (w *worker) done() (done, error) {
	for written := 0; written <= pageLimit; {
		kind, data, err := w.read()
		switch {
		case err != nil:
			return done{}, errors.Join(errSilent, err)
		case kind == chunkPage:
			var d done
			return d, unmarshal(data, &d)
		case kind != chunkBytes:
			return done{}, errChunk
		}
		if _, err := w.out.Write(data); err != nil {
			return done{}, fmt.Errorf("write pdf: %w", err)
		}
		written += len(data)
	}
	return done{Fault: FaultTooLarge}, nil
}

// rest asks for the end of the PDF and passes it on.
func (w *worker) rest() error {
	if err := writeChunk(w.in, chunkEnd, nil); err != nil {
		return errors.Join(errSilent, err)
	}
	for {
		kind, data, err := w.read()
		switch {
		case err != nil:
			return errors.Join(errSilent, err)
		case kind == chunkEnd:
			return errors.Join(w.in.Close(), w.child.Wait())
		case kind != chunkBytes:
			return errChunk
		}
		if _, err := w.out.Write(data); err != nil {
			return fmt.Errorf("write pdf: %w", err)
		}
	}
}

// blame tells what a child's silence means for the page that it had in hand; empty where that is not at fault. The child has been waited for.
func (w *worker) blame(err error) Fault {
	switch {
	case !errors.Is(err, errSilent) && !errors.Is(err, errChunk):
		return ""
	case w.late.Load() || w.child.Starved():
		return FaultTooLarge
	}
	return FaultBroken
}

// source is a page's file; it remembers why reading failed, to tell that from a child that does not take it.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
