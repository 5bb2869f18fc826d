package cards

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"librarian/contacts/library"
	"librarian/templates"
)

// An ID-1 card, 85.60 by 53.98 mm, at 300 dots an inch.
const (
	width  = 1012
	height = 638
	margin = 64
	inner  = width - 2*margin
)

// Where things stand, from above.
const (
	bandHeight  = 186
	accentDepth = 6
	titleWidth  = 600
	nameTop     = 212
	nameBottom  = 392
	footTop     = 432 // number and bars beside each other
	stackTop    = 408 // the number above bars that need the width
	stackBars   = 476
	footBottom  = 584
)

// The bars of Code 128.
const (
	maxModule = 4              // pixels: 0.34 mm
	minModule = 2              // pixels: 0.17 mm, what a plain scanner still reads
	quietZone = 10 * maxModule // of nothing on either side, as the symbology asks; the margin is wider still
	besideMax = 480            // pixels: bars up to this width leave room beside them
	figureMax = 10             // figures up to this many stay large there
)

type palette struct{ paper, ink, bars, band, light, accent color.RGBA }

func colours() palette {
	return palette{
		paper: color.RGBA{0xfd, 0xfc, 0xf9, 0xff}, ink: color.RGBA{0x1d, 0x34, 0x40, 0xff}, bars: color.RGBA{0x10, 0x18, 0x1d, 0xff},
		band: color.RGBA{0x21, 0x46, 0x55, 0xff}, light: color.RGBA{0xff, 0xff, 0xff, 0xff}, accent: color.RGBA{0xd8, 0xa1, 0x4a, 0xff},
	}
}

// Picture draws the reader's card as a PNG of 1012 by 638 pixels: the library's title in its record language, the reader's name, the number in
// figures and as a Code 128. A title or name too long for its place is set smaller, then cut. ErrNumberForm.
func Picture(lib library.Library, name, number string) ([]byte, error) {
	if err := CheckNumber(number); err != nil {
		return nil, fmt.Errorf("draw card: %w", err)
	}
	regular, err := newTypeface(templates.FontRegular())
	if err != nil {
		return nil, fmt.Errorf("draw card: %w", err)
	}
	bold, err := newTypeface(templates.FontBold())
	if err != nil {
		return nil, fmt.Errorf("draw card: %w", err)
	}
	img, c := image.NewRGBA(image.Rect(0, 0, width, height)), colours()
	fill(img, img.Bounds(), c.paper)
	fill(img, image.Rect(0, 0, width, bandHeight), c.band)
	drawShelf(img, c)
	fill(img, image.Rect(0, bandHeight, width, bandHeight+accentDepth), c.accent)

	bars, err := newBars(number)
	if err != nil {
		return nil, fmt.Errorf("draw card: %w", err)
	}
	bars.draw(img, c.bars)
	texts := []struct {
		face   typeface
		text   string
		colour color.RGBA
		box    box
	}{
		{bold, lib.Title(lib.RecordLang()), c.light, box{image.Rect(margin, 22, margin+titleWidth, bandHeight-22), 40, 22, 4}},
		{regular, name, c.ink, box{image.Rect(margin, nameTop, margin+inner, nameBottom), 50, 28, 2}},
		{bold, number, c.ink, box{bars.beside, 88, 28, 1}},
	}
	for _, t := range texts {
		if err := t.face.write(img, t.text, t.colour, t.box); err != nil {
			return nil, fmt.Errorf("draw card: %w", err)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("draw card: %w", err)
	}
	return out.Bytes(), nil
}

func fill(img draw.Image, r image.Rectangle, c color.Color) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}
