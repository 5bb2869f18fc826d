package fragments

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// What the joiner and its child say to each other goes in chunks of a kind. The joiner sends the book, then for each file what is wanted of it, its
// bytes, and an end, and hears of each page that it is done before it sends the next file; an end in place of a file asks for the rest of the book.
const (
	chunkBook  = 'b' // down: JSON of book's title
	chunkFile  = 'f' // down: JSON of a wanted
	chunkBytes = 'c' // down: bytes of the file; up: bytes of the PDF
	chunkEnd   = 'e' // down: of the file, or of all; up: of the PDF
	chunkPage  = 'p' // up: JSON of a done
	chunkHello = 'h' // up, first: the child is confined
)

const chunkLimit = 64 << 10 // bytes of a chunk

var errChunk = errors.New("chunk makes no sense")

// wanted is what is to be taken of the file that follows.
type wanted struct {
	Media string `json:"media"`
	Pages []want `json:"pages"` // of a picture one
	Whole bool   `json:"whole"` // all pages of a PDF, as they are
}

// want is one page: its number in a PDF and the degrees by which it is turned.
type want struct {
	Number int `json:"number"`
	Turn   int `json:"turn"`
}

// done is what became of a page; of a whole PDF there is one for all its pages.
type done struct {
	Size  int64 `json:"size"`  // bytes that it would take in a book of its own, shared things included
	Fault Fault `json:"fault"` // not empty: the child ends with it
}

// about is what a viewer shows of the document.
type about struct {
	Title   string `json:"title"`
	Subject string `json:"subject"`
	Lang    string `json:"lang"`
	Made    string `json:"made"` // date as PDF writes it
}

func writeChunk(w io.Writer, kind byte, data []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(data)))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

func writeValue(w io.Writer, kind byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	return writeChunk(w, kind, data)
}

// chunks reads them into one buffer: what a read gives is good until the next.
type chunks struct {
	r    io.Reader
	kept []byte
	err  error // with which reading ended
}

func (c *chunks) read() (kind byte, data []byte, err error) {
	defer func() { c.err = err }()
	var head [5]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > chunkLimit {
		return 0, nil, errChunk
	}
	if c.kept == nil {
		c.kept = make([]byte, chunkLimit)
	}
	data = c.kept[:size]
	_, err = io.ReadFull(c.r, data)
	return head[0], data, err
}

// value reads a chunk of the kind into v.
func (c *chunks) value(kind byte, v any) error {
	got, data, err := c.read()
	if err != nil {
		return err
	}
	if got != kind {
		return errChunk
	}
	return unmarshal(data, v)
}

func unmarshal(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return errors.Join(errChunk, err)
	}
	return nil
}

// sender writes bytes as chunks.
type sender struct{ w io.Writer }

func (s sender) Write(p []byte) (int, error) {
	sent := 0
	for part := p; len(part) > 0; part = p[sent:] {
		n := min(len(part), chunkLimit)
		if err := writeChunk(s.w, chunkBytes, part[:n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}
