package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/boombuler/barcode/qr"

	"librarian/bots"
)

// askedView is what is shown while a phone is being linked. Picture and letters are empty until they are here.
type askedView struct {
	ByLetters bool
	Picture   template.URL // a PNG in the address itself: the code is in no other answer
	Letters   string
	Left      string // how long it still works
}

// askedView is nil when nothing is asked for.
func (v *visit) askedView(link bots.Link) (*askedView, error) {
	if link.Asked != bots.AskQR && link.Asked != bots.AskCode {
		return nil, nil
	}
	out := &askedView{ByLetters: link.Asked == bots.AskCode}
	if link.Code == "" {
		return out, nil
	}
	if link.CodeUntil != nil {
		out.Left = v.t("desk_channel.left", "count", max(1, int(link.CodeUntil.Sub(v.at).Round(time.Second)/time.Second)))
	}
	if out.ByLetters {
		out.Letters = link.Code
		return out, nil
	}
	var err error
	out.Picture, err = phonePicture(link.Code)
	return out, err
}

// A code for a phone's camera: four modules of white around it are what the norm asks for, in pixels of which the screen shows half.
const (
	quietModules = 4
	modulePixels = 8
)

// phonePicture draws the text for a camera that looks at a screen, where little is lost: the less of it is for mending, the larger its modules.
func phonePicture(text string) (template.URL, error) {
	code, err := qr.Encode(text, qr.L, qr.Auto)
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
