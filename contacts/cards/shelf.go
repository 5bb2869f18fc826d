package cards

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/vector"
)

// spine is a book on the shelf as it is seen from the reading room.
type spine struct {
	thick, tall float32
	lean        float32 // how far its top stands to the right of its foot
	shade       color.RGBA
	bands       bool
}

// drawShelf stands a few books on the lower edge of the band, at its right end.
func drawShelf(img draw.Image, c palette) {
	dark, middle, pale := color.RGBA{0x34, 0x60, 0x71, 0xff}, color.RGBA{0x52, 0x80, 0x90, 0xff}, color.RGBA{0x84, 0xa9, 0xb4, 0xff}
	books := []spine{
		{26, 96, 0, dark, true},
		{38, 122, 0, middle, false},
		{22, 108, 0, c.accent, true},
		{30, 84, 0, pale, false},
		{34, 128, 0, dark, true},
		{24, 112, -26, middle, true}, // against its neighbour
	}
	x := float32(width - margin)
	for _, b := range books {
		x -= b.thick + max(-b.lean, 3)
	}
	for _, b := range books {
		x += max(-b.lean, 3)
		b.draw(img, x, c.band)
		x += b.thick
	}
}

func (b spine) draw(img draw.Image, left float32, line color.RGBA) {
	b.part(img, left, 0, b.tall, b.shade)
	if b.bands {
		b.part(img, left, b.tall*0.76, b.tall*0.76+3, line)
		b.part(img, left, b.tall*0.84, b.tall*0.84+3, line)
	}
}

// part fills the spine between two heights above the shelf.
func (b spine) part(img draw.Image, left, from, until float32, c color.RGBA) {
	// The rasterizer goes over its whole field, so that is the book and not the card.
	field := image.Rect(int(left+min(b.lean, 0))-1, bandHeight-int(b.tall)-1, int(left+b.thick+max(b.lean, 0))+2, bandHeight)
	at := func(right, h float32) (x, y float32) {
		return left + right + b.lean*h/b.tall - float32(field.Min.X), bandHeight - h - float32(field.Min.Y)
	}
	r := vector.NewRasterizer(field.Dx(), field.Dy())
	r.MoveTo(at(0, from))
	r.LineTo(at(0, until))
	r.LineTo(at(b.thick, until))
	r.LineTo(at(b.thick, from))
	r.ClosePath()
	r.Draw(img, field, image.NewUniform(c), image.Point{})
}
