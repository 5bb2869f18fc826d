package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

// Four modules of white around a code are what the norm asks for; of the pixels the screen shows half.
const (
	quietModules = 4
	modulePixels = 8
)

// qrCode draws the text as a PNG in an address of its own, so that it is in no other answer.
func qrCode(text string, level qr.ErrorCorrectionLevel) (template.URL, error) {
	code, err := qr.Encode(text, level, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	modules := code.Bounds().Dx()
	side := (modules + 2*quietModules) * modulePixels
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range modules * modulePixels {
		for x := range modules * modulePixels {
			if r, _, _, _ := code.At(x/modulePixels, y/modulePixels).RGBA(); r == 0 {
				img.SetColorIndex(x+quietModules*modulePixels, y+quietModules*modulePixels, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())), nil
}
