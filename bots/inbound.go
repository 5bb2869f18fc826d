package bots

import (
	"io"
	"strings"
	"unicode/utf8"
)

// What one message may hold. A longer text is cut and marked as cut; more files are refused by name.
const (
	MaxText  = 10_000 // runes
	MaxFiles = 10     // in one message
	MaxFile  = 20 << 20
)

// Download is a file on its way from the provider.
type Download struct {
	io.ReadCloser
	Name      string
	MediaType string
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Clean makes the text fit to be stored: valid UTF-8, no control characters but line ends and tabs, no marks that turn the direction of
// neighbouring text, at most MaxText runes. It reports whether the end was cut off.
func Clean(text string) (string, bool) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0:
			return -1
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
			return -1
		}
		return r
	}, lineEnds.Replace(text))
	if utf8.RuneCountInString(text) <= MaxText {
		return text, false
	}
	runes := 0
	for i := range text {
		if runes == MaxText {
			return text[:i], true
		}
		runes++
	}
	return text, false
}
