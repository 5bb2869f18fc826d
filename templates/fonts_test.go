package templates

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
)

func TestFontsHaveOurLetters(t *testing.T) {
	t.Parallel()
	letters := "ҔҕҤҥӨөҺһҮүЁёІіЇїЄєҐґÀÿß№«»“”’—–…₽₴©0123456789"
	for r := 'А'; r <= 'я'; r++ {
		letters += string(r)
	}
	for r := '!'; r <= '~'; r++ {
		letters += string(r)
	}
	for name, raw := range map[string][]byte{"regular": FontRegular(), "bold": FontBold()} {
		if len(raw) > 150_000 {
			t.Errorf("%s: %d bytes", name, len(raw))
		}
		font, err := sfnt.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var missing strings.Builder
		for _, r := range letters {
			if glyph, err := font.GlyphIndex(nil, r); err != nil || glyph == 0 {
				missing.WriteRune(r)
			}
		}
		if missing.Len() > 0 {
			t.Errorf("%s lacks %s", name, missing.String())
		}
	}
	licence, err := os.ReadFile("fonts/LICENSE.txt")
	if err != nil || !strings.Contains(string(licence), "Bitstream") {
		t.Errorf("the licence of the fonts: %v", err)
	}
}
