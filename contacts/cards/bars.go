package cards

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
)

// bars are a number as Code 128 with its place on the card, and the place that they leave for the figures.
type bars struct {
	code   barcode.Barcode
	module int // pixels
	area   image.Rectangle
	beside image.Rectangle
}

// newBars makes the modules as wide as the card allows, whole pixels each: a scaled bar would be a blurred one.
func newBars(number string) (bars, error) {
	code, err := code128.Encode(number)
	if err != nil {
		return bars{}, fmt.Errorf("encode bars: %w", err)
	}
	modules := code.Bounds().Dx()
	b := bars{code: code, module: min(maxModule, inner/modules)}
	if b.module < minModule {
		return bars{}, fmt.Errorf("%d modules do not fit", modules)
	}
	if wide := modules * b.module; wide > besideMax || len(number) > figureMax {
		b.area = image.Rect(margin, stackBars, margin+wide, footBottom)
		b.beside = image.Rect(margin, stackTop, margin+inner, stackBars-22)
	} else {
		b.area = image.Rect(margin+inner-wide, footTop, margin+inner, footBottom)
		b.beside = image.Rect(margin, footTop, b.area.Min.X-quietZone, footBottom)
	}
	return b, nil
}

func (b bars) draw(img draw.Image, ink color.Color) {
	for i := range b.code.Bounds().Dx() {
		if r, _, _, _ := b.code.At(i, 0).RGBA(); r == 0 {
			x := b.area.Min.X + i*b.module
			fill(img, image.Rect(x, b.area.Min.Y, x+b.module, b.area.Max.Y), ink)
		}
	}
}
