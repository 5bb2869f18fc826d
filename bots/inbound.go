package bots

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
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

// AtMost reads no more than so many bytes; where there are more it ends with ErrTooLarge.
func AtMost(body io.ReadCloser, most int64) io.ReadCloser { return &bounded{body, most} }

type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more than allowed, to see whether there is one
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), ErrTooLarge
	}
	b.left -= int64(n)
	return n, err
}

// International writes a phone number that has its country's code, with or without +, as +digits. It is empty for what is no number.
func International(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	if len(digits) < 7 || len(digits) > 15 { // E.164 ends at 15
		return ""
	}
	return "+" + digits
}

// ErrPanic means that storing a message panicked.
var ErrPanic = errors.New("storing it panicked")

// Try hands the message over like a call of r. A panic is a failure as any other: the message is not stored and comes again, and the service goes on.
func (r Receive) Try(ctx context.Context, in Inbound) (err error) {
	defer func() {
		if p := recover(); p != nil { // what it holds may be the reader's text
			err = fmt.Errorf("%w: %T\n%s", ErrPanic, p, debug.Stack())
		}
	}()
	return r(ctx, in)
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
