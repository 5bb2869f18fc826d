package files

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"golang.org/x/image/draw"
)

// screenshot is what a phone of 1080 by 2340 pixels keeps while it shows the sheet: bars above and below, and nothing of a camera.
func screenshot(t *testing.T, sheet *image.RGBA) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 1080, 2340))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{24, 24, 28, 255}), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(img, image.Rect(0, 300, 1080, 300+1080*297/210), sheet, sheet.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	must(t, png.Encode(&out, img))
	return out.Bytes()
}

// onScreen is the sheet as a screen of 96 dots an inch shows it: lamps with dark lines between them, and a cold light.
func onScreen(sheet *image.RGBA) *image.RGBA {
	const lamp = 25.4 / 96 * dots // of a side, in pixels of the sheet
	out := image.NewRGBA(sheet.Bounds())
	for y := range sheet.Rect.Dy() {
		for x := range sheet.Rect.Dx() {
			c := sheet.RGBAAt(x, y)
			light := 1.0
			if int(float64(y)/lamp*4)%4 == 3 || int(float64(x)/lamp*4)%4 == 3 {
				light = 0.72
			}
			out.SetRGBA(x, y, color.RGBA{uint8(float64(c.R) * light * 0.9), uint8(float64(c.G) * light * 0.95), uint8(float64(c.B) * light), 255})
		}
	}
	return out
}

// TestScreens: a paper that is only shown on a screen is known by its code, and seen to be unsigned; what has no paper in it has no code.
func TestScreens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	i := NewInspector(b.Store, nil, self(t, "decode"))
	sheet := form(t, sampleCode, unsigned, 5)
	taken := photo{width: 2400, height: 3200, roll: 2, pitch: 5, yaw: -4, noise: 3, table: darkTable}
	chat := page(1080, 2340, 60, 200)
	for title, c := range map[string]struct {
		data []byte
		want Sheet
	}{
		"screenshot of the paper":         {screenshot(t, sheet), Sheet{Number: 1, Code: sampleCode, Unsigned: true}},
		"photo of a screen":               {taken.take(t, onScreen(sheet), 5), Sheet{Number: 1, Code: sampleCode, Unsigned: true}},
		"photo of a screen, signed there": {taken.take(t, onScreen(form(t, sampleCode, bluePen, 5)), 5), Sheet{Number: 1, Code: sampleCode}},
		"screenshot of something else":    {asJPEG(t, chat), Sheet{Number: 1}},
	} {
		found, err := i.Inspect(t.Context(), b.lib, b.put(t, "", c.data).ID)
		must(t, err)
		if len(found.Sheets) != 1 {
			t.Errorf("%s: %+v", title, found)
			continue
		}
		got := found.Sheets[0]
		got.Preview = ""
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", title, got, c.want)
		}
	}
}
