package templates

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// Letters tell what the font of printed texts can show. What it lacks would be an empty place on a page, and fpdf panics at what is past its table
// of widths. They may be used by many goroutines at once.
type Letters struct{ font *sfnt.Font }

// NewLetters fails only if the font that is built in cannot be read.
func NewLetters() (Letters, error) {
	font, err := sfnt.Parse(FontRegular())
	if err != nil {
		return Letters{}, fmt.Errorf("read font of printed texts: %w", err)
	}
	return Letters{font}, nil
}

// Clean puts the text in one line that can be set: composed letters, single spaces, and a question mark for what the font lacks.
func (l Letters) Clean(text string) string {
	shown := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		if glyph, err := l.font.GlyphIndex(nil, r); err != nil || glyph == 0 {
			return '?'
		}
		return r
	}, norm.NFC.String(text))
	return strings.Join(strings.Fields(shown), " ")
}
