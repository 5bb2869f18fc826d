package fragments

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"librarian/bots/files"
)

const (
	joinMemory  = 2 << 30         // bytes of data the child may take: as much as one HEIC of 50 megapixels needs
	joinTidy    = 120 << 20       // bytes at which its garbage is collected all the time: a HEIC of 12 megapixels takes more by itself
	joinFile    = 128 << 20       // bytes of a file
	joinTime    = 2 * time.Hour   // of processors: ends the child even when its parent has been killed
	pageTimeout = 4 * time.Minute // without a word from the child; the slowest, a HEIC of 50 megapixels, takes 15 s, and many times that on a busy machine
)

// errLarge says that a file has more bytes than are taken.
var errLarge = errors.New("file too large")

// JoinMain is the whole child process that Joiner starts: it limits itself, reads the files one after the other and writes the PDF as it goes. It must
// not be called in a process that does anything else.
func JoinMain(in io.Reader, out io.Writer) error {
	if err := files.Confine(joinMemory, joinTime); err != nil {
		return fmt.Errorf("limit joiner: %w", err)
	}
	api.DisableConfigDir()
	up := bufio.NewWriterSize(out, chunkLimit)
	if err := writeChunk(up, chunkHello, nil); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	if err := up.Flush(); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	b := &binder{in: &chunks{r: in}, up: up}
	if err := b.bind(); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

// binder is the child at work.
type binder struct {
	in   *chunks
	up   *bufio.Writer
	book *book
	file []byte // of which the room is used again
}

func (b *binder) bind() error {
	var a about
	if err := b.in.value(chunkBook, &a); err != nil {
		return err
	}
	pages := bufio.NewWriterSize(sender{b.up}, chunkLimit)
	b.book = newBook(pages)
	for {
		more, err := b.next(pages)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if err := errors.Join(b.book.finish(a), pages.Flush(), writeChunk(b.up, chunkEnd, nil)); err != nil {
		return err
	}
	return b.up.Flush()
}

// next takes over what is wanted of one file; false at the end.
func (b *binder) next(pages *bufio.Writer) (bool, error) {
	kind, head, err := b.in.read()
	if err != nil || kind == chunkEnd {
		return false, err
	}
	if kind != chunkFile {
		return false, errChunk
	}
	var w wanted
	if err := unmarshal(head, &w); err != nil {
		return false, err
	}
	tell := func(d done) error {
		return errors.Join(pages.Flush(), writeValue(b.up, chunkPage, d), b.up.Flush())
	}
	err = b.receive()
	if err == nil {
		err = b.take(w, tell)
	}
	if w.Media != jpegMedia {
		debug.FreeOSMemory() // what one picture took would stand beside what the next takes
	}
	var fault Fault
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errLarge) || errors.Is(err, files.ErrTooManyPixels):
		fault = FaultTooLarge
	case b.book.err != nil || b.in.err != nil:
		return false, err
	default:
		fault = faultOf(err)
	}
	return false, errors.Join(err, tell(done{Fault: fault}))
}

// take adds what is wanted of the file that was received, and tells of each page.
func (b *binder) take(w wanted, tell func(done) error) error {
	if w.Media != pdfMedia {
		d, err := drawPicture(w.Media, b.file)
		if err != nil {
			return err
		}
		size := b.book.add(d, w.Pages[0].Turn)
		return errors.Join(b.book.err, tell(done{Size: size}))
	}
	s, err := openSheets(b.file, b.book)
	if err != nil {
		return err
	}
	if w.Whole {
		return b.takeWhole(s, tell)
	}
	for _, p := range w.Pages {
		size, err := s.add(p.Number, p.Turn)
		if err != nil {
			return err
		}
		if err := tell(done{Size: size}); err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) takeWhole(s *sheets, tell func(done) error) error {
	before := b.book.at
	for n := range s.from.PageCount {
		if _, err := s.add(n+1, 0); err != nil {
			return err
		}
	}
	return tell(done{Size: b.book.at - before})
}

// receive reads the bytes of a file.
func (b *binder) receive() error {
	b.file = b.file[:0]
	for {
		kind, data, err := b.in.read()
		switch {
		case err != nil:
			return err
		case kind == chunkEnd:
			return nil
		case kind != chunkBytes:
			return errChunk
		case len(b.file)+len(data) > joinFile:
			return errLarge
		}
		b.file = append(b.file, data...)
	}
}
