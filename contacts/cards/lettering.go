package cards

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

const (
	leading  = 1.22 // line to line, in sizes of the letters
	capital  = 0.73 // height of a capital of these fonts, in sizes
	sizeStep = 2    // pixels
	// maxText bounds the work for a text that is no name at all; what is cut could not be drawn either.
	maxText = 300 // characters
)

// typeface is a font without a size.
type typeface struct{ font *sfnt.Font }

func newTypeface(raw []byte) (typeface, error) {
	f, err := opentype.Parse(raw)
	if err != nil {
		return typeface{}, fmt.Errorf("read font: %w", err)
	}
	return typeface{f}, nil
}

// box is a place for text: it stands in the middle of the height, at the left, between two sizes in pixels, on so many lines.
type box struct {
	image.Rectangle
	largest, smallest float64
	lines             int
}

// write sets the text as large as the box allows, and cuts what does not fit at the smallest size.
func (t typeface) write(img draw.Image, text string, ink color.Color, b box) error {
	words := strings.Fields(norm.NFC.String(text))
	if runes := []rune(strings.Join(words, " ")); len(runes) > maxText {
		words = strings.Fields(string(runes[:maxText]))
	}
	for size := b.largest; ; size -= sizeStep {
		face, err := opentype.NewFace(t.font, &opentype.FaceOptions{Size: size, DPI: 72})
		if err != nil {
			return fmt.Errorf("set font: %w", err)
		}
		lines, whole := setLines(face, words, fixed.I(b.Dx()), b.lines)
		if whole && tall(size, lines) <= float64(b.Dy()) || size-sizeStep < b.smallest {
			b.lay(img, face, size, lines, ink)
			return face.Close()
		}
		if err := face.Close(); err != nil {
			return fmt.Errorf("set font: %w", err)
		}
	}
}

// tall is the height from the capitals of the first line to the foot of the last, in pixels.
func tall(size float64, lines []string) float64 {
	return size*capital + size*leading*float64(len(lines)-1)
}

// lay draws the lines one below the other.
func (b box) lay(img draw.Image, face font.Face, size float64, lines []string, ink color.Color) {
	base := float64(b.Min.Y) + (float64(b.Dy())-tall(size, lines))/2 + size*capital
	for i, line := range lines {
		d := font.Drawer{
			Dst: img, Src: image.NewUniform(ink), Face: face,
			Dot: fixed.P(b.Min.X, int(base+size*leading*float64(i)+0.5)),
		}
		d.DrawString(line)
	}
}

// setLines breaks the words into at most so many lines of the width, and reports whether all of them are there. The last line of those that
// are not ends in an ellipsis.
func setLines(face font.Face, words []string, width fixed.Int26_6, most int) (lines []string, whole bool) {
	for len(words) > 0 {
		line := words[0]
		words = words[1:]
		for len(words) > 0 && font.MeasureString(face, line+" "+words[0]) <= width {
			line += " " + words[0]
			words = words[1:]
		}
		last := len(lines) == most-1
		if font.MeasureString(face, line) > width || last && len(words) > 0 {
			return append(lines, cut(face, line, width)), false
		}
		lines = append(lines, line)
	}
	return lines, true
}

// cut takes letters from the end until the line fits with an ellipsis.
func cut(face font.Face, line string, width fixed.Int26_6) string {
	runes := []rune(line)
	for len(runes) > 0 {
		short := strings.TrimRight(string(runes), " ,-") + "…"
		if font.MeasureString(face, short) <= width {
			return short
		}
		runes = runes[:len(runes)-1]
	}
	return "…"
}
