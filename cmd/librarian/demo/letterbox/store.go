package letterbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"

	"librarian/bots/email/letter"
)

// ErrNoLetter means that the box has no such letter, or no longer.
var ErrNoLetter = errors.New("no such letter")

const (
	ending = ".eml"
	coming = ".part" // ends the name of a letter that is not whole yet
)

// open makes the directory and finds where numbering goes on.
func (b *Box) open(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make directory of letters: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open directory of letters: %w", err)
	}
	b.dir = root
	numbers, err := b.numbers()
	if err == nil {
		err = b.sweep()
	}
	if err != nil {
		return errors.Join(err, root.Close())
	}
	if len(numbers) > 0 {
		b.last = numbers[0]
	}
	return nil
}

// sweep removes what a killed run left half written.
func (b *Box) sweep() error {
	parts, err := fs.Glob(b.dir.FS(), "*"+coming)
	for _, part := range parts {
		err = errors.Join(err, b.dir.Remove(part))
	}
	return err
}

// put keeps a letter once it is whole, hands it to the libraries it is for, and drops those that are too many.
func (b *Box) put(r io.Reader, to []string) error {
	f, err := os.CreateTemp(b.dir.Name(), "*"+coming)
	if err != nil {
		return fmt.Errorf("keep letter: %w", err)
	}
	part := path.Base(f.Name())
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err == nil {
		err = b.hand(part, to)
	}
	if err == nil {
		err = b.add(part)
	}
	if err != nil {
		return fmt.Errorf("keep letter: %w", errors.Join(err, b.dir.Remove(part)))
	}
	return nil
}

// add makes the file the newest letter. It drops old ones first: its sender would repeat a letter that is there but was not confirmed.
func (b *Box) add(part string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	numbers, err := b.numbers()
	if err != nil {
		return err
	}
	for _, number := range numbers[min(len(numbers), kept-1):] {
		if err := b.dir.Remove(fileName(number)); err != nil {
			return fmt.Errorf("drop letter %d: %w", number, err)
		}
	}
	if err := b.dir.Rename(part, fileName(b.last+1)); err != nil {
		return err
	}
	b.last++
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

// newest is the number of the newest letter, and a channel that is closed when there is a newer one.
func (b *Box) newest() (int, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last, b.changed
}

// numbers are those of the letters kept, newest first.
func (b *Box) numbers() ([]int, error) {
	entries, err := fs.ReadDir(b.dir.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list letters: %w", err)
	}
	var numbers []int
	for _, entry := range entries {
		name := entry.Name()
		number, err := strconv.Atoi(name[:max(0, len(name)-len(ending))])
		if err == nil && fileName(number) == name {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers, nil
}

// read gives a letter by its number, or ErrNoLetter.
func (b *Box) read(number int, parse func(io.Reader) (letter.Letter, error)) (l letter.Letter, err error) {
	f, err := b.dir.Open(fileName(number))
	if errors.Is(err, fs.ErrNotExist) {
		return letter.Letter{}, ErrNoLetter
	}
	if err != nil {
		return letter.Letter{}, fmt.Errorf("open letter %d: %w", number, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if l, err = parse(f); err != nil {
		return letter.Letter{}, fmt.Errorf("read letter %d: %w", number, err)
	}
	return l, nil
}

func fileName(number int) string { return fmt.Sprintf("%06d", number) + ending }
