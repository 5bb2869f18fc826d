package fragments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

const (
	mostAtOnce   = 1000 // pages that are asked for of one reading of a file
	longestTitle = 300  // letters in the document's description of itself; the first page has them all
)

// Joiner joins pages into one PDF, in a child process of limited memory and time, one document at a time. Nothing of it touches a disk: pages and PDF go
// through pipes.
type Joiner struct {
	command []string
	texts   *templates.Texts
	letters templates.Letters
	timeout time.Duration // that the child may be silent
	turn    chan struct{}
}

// NewJoiner makes a joiner; the command is what runs JoinMain, such as this program's path and "join". It fails only if the font that is built in
// cannot be read.
func NewJoiner(command []string, texts *templates.Texts) (*Joiner, error) {
	letters, err := templates.NewLetters()
	if err != nil {
		return nil, fmt.Errorf("make joiner: %w", err)
	}
	return &Joiner{command: command, texts: texts, letters: letters, timeout: pageTimeout, turn: make(chan struct{}, 1)}, nil
}

// Join writes to out a PDF of the first page and the pages in their order, each upright and of its own proportions, and gives the bytes that each
// takes. Pictures in JPEG are not compressed again. *PageError says which page is at fault: what was written then is no PDF and is to be thrown away.
// Other errors say that a page could not be opened, out not be written, ctx has ended or the child could not be started.
func (j *Joiner) Join(ctx context.Context, front Front, pages []Page, out io.Writer) (Sizes, error) {
	for i, p := range pages {
		if fault := p.check(); fault != "" {
			return Sizes{}, fmt.Errorf("join: %w", &PageError{i, fault})
		}
	}
	if !front.Lang.Known() {
		front.Lang = library.Russian
	}
	first, err := j.draw(front)
	if err != nil {
		return Sizes{}, fmt.Errorf("join: %w", err)
	}
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
	case <-ctx.Done():
		return Sizes{}, ctx.Err()
	}
	w, err := j.start(ctx, out)
	if err != nil {
		return Sizes{}, fmt.Errorf("join: %w", err)
	}
	defer w.stop()
	sizes, err := w.join(ctx, front.about(), first, pages)
	if err != nil {
		return Sizes{}, fmt.Errorf("join: %w", err)
	}
	return sizes, nil
}

// about is what the document tells of itself: no reader.
func (f Front) about() about {
	title := []rune(f.Source)
	return about{Title: string(title[:min(len(title), longestTitle)]), Subject: f.Code, Lang: string(f.Lang), Made: f.Date.UTC().Format("D:20060102150405Z")}
}

// join sends everything and gives the sizes. The child has ended then.
func (w *worker) join(ctx context.Context, a about, first []byte, pages []Page) (sizes Sizes, err error) {
	if sizes, err = w.joinAll(ctx, a, first, pages); err == nil {
		return sizes, nil
	}
	died := w.kill()
	fault := w.blame(err)
	switch {
	case ctx.Err() != nil:
		return sizes, ctx.Err()
	case fault == "":
		return sizes, err
	case sizes.Front == 0 || len(sizes.Pages) == len(pages):
		return sizes, errors.Join(err, died)
	}
	return sizes, &PageError{len(sizes.Pages), fault}
}

func (w *worker) joinAll(ctx context.Context, a about, first []byte, pages []Page) (sizes Sizes, err error) {
	if err := writeValue(w.in, chunkBook, a); err != nil {
		return sizes, errors.Join(errSilent, err)
	}
	d, err := w.file(wanted{Media: pdfMedia, Whole: true}, &source{r: bytes.NewReader(first)})
	if err == nil && d.Fault != "" {
		err = fmt.Errorf("%s", d.Fault)
	}
	if err != nil {
		return sizes, fmt.Errorf("first page: %w", err)
	}
	sizes.Front = d.Size
	for rest := pages; len(rest) > 0; {
		n := 1
		for n < min(len(rest), mostAtOnce) && rest[0].with(rest[n]) {
			n++
		}
		if err := w.take(ctx, rest[:n], &sizes); err != nil {
			return sizes, err
		}
		rest = rest[n:]
	}
	return sizes, w.rest()
}

// take joins pages of one file and adds their sizes.
func (w *worker) take(ctx context.Context, pages []Page, sizes *Sizes) error {
	head := wanted{Media: pages[0].Media, Pages: make([]want, len(pages))}
	for i, p := range pages {
		head.Pages[i] = want{p.Number, p.Turn}
	}
	body, err := pages[0].Open(ctx)
	if err != nil {
		return fmt.Errorf("open page %d: %w", len(sizes.Pages), err)
	}
	defer func() { _ = body.Close() }() // reading has proved the bytes
	d, err := w.file(head, &source{r: body})
	for i := range pages {
		if i > 0 {
			d, err = w.done()
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", len(sizes.Pages), err)
		}
		if d.Fault != "" {
			return &PageError{len(sizes.Pages), d.Fault}
		}
		sizes.Pages = append(sizes.Pages, d.Size)
	}
	return nil
}
