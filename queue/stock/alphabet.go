package stock

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

var errLetters = errors.New("a letter of it is broken: it is not UTF-8, as the rest of the table is")

// alphabet is how a table writes its letters, as far as it is known.
type alphabet int

const (
	plain         alphabet = iota // nothing beyond ASCII so far
	inUTF8                        // for good: a row that is not has been damaged
	inWindows1251                 // for good
)

// alphabetOf judges by the letters beyond ASCII: the text is UTF-8 if most of them are whole. In Windows-1251 hardly two in a row look like one of UTF-8.
func alphabetOf(text []byte) alphabet {
	whole, broken := 0, 0
	for len(text) > 0 {
		_, n := utf8.DecodeRune(text)
		switch {
		case n > 1:
			whole++
		case text[0] >= utf8.RuneSelf:
			broken++
		}
		text = text[n:]
	}
	switch {
	case whole > broken:
		return inUTF8
	case broken > 0:
		return inWindows1251
	}
	return plain
}

// wholeLines are those of the start of a file that is longer, which may end within a letter.
func wholeLines(start []byte) []byte {
	if end := bytes.LastIndexByte(start, '\n'); end >= 0 {
		return start[:end]
	}
	return start
}

// learn judges a table that was plain so far by this row, and refuses a row that is not what the table is.
func (t *table) learn(row []string) error {
	if t.alphabet == plain {
		t.alphabet = alphabetOf([]byte(strings.Join(row, "\n")))
	}
	if t.alphabet == inUTF8 && slices.ContainsFunc(row, func(field string) bool { return !utf8.ValidString(field) }) {
		return errLetters
	}
	return nil
}

// text is a field in UTF-8.
func (t *table) text(field string) string {
	if t.alphabet != inWindows1251 {
		return strings.Clone(field)
	}
	out, err := charmap.Windows1251.NewDecoder().String(field)
	if err != nil {
		return "" // it maps every byte
	}
	return out
}
