package papers

import (
	"fmt"
	"image"
	"image/color"
	pixels "image/draw"

	"github.com/boombuler/barcode/qr"
	"golang.org/x/image/vector"

	"librarian/bots/files"
)

// sheetLook is what is on the sheet in a photo.
type sheetLook struct{ code, signed, finger bool }

// The sheet, in mm.
const (
	sheetWide = 210
	sheetHigh = 297
)

// exampleCode is no code of ours: whoever sends the example back is told so.
const exampleCode = "LIBRARY"

// takePhoto draws the page of a form as it lies on a table.
func takePhoto(from shot, look sheetLook) (*image.RGBA, error) {
	c := coloursOfExample()
	img := image.NewRGBA(image.Rect(0, 0, photoWide, photoHigh))
	paint(img, img.Bounds(), c.table)
	s := page{img, from}
	s.box(0, 0, sheetWide, sheetHigh, c.paper)
	s.body(c)
	if look.code {
		if err := s.code(c); err != nil {
			return nil, err
		}
		s.frame(c)
	} else { // somebody else's paper: text to the foot
		for y := 258.0; y < 280; y += 7 {
			s.box(left, y, right-60, y+2.2, c.pale)
		}
	}
	if look.signed {
		s.sign(c)
	}
	if look.finger {
		s.finger(c)
	}
	return img, nil
}

// The foot of the page as it is shown larger, in pixels of the photo.
const (
	footScale = 3.3
	footWide  = 384
	footHigh  = 138
	footShown = 300 // from above
	footFrame = 4
)

// takeWithFoot is the whole sheet with its foot, where code and signature are, shown larger above.
func takeWithFoot(look sheetLook) (*image.RGBA, error) {
	c := coloursOfExample()
	img, err := takePhoto(wholeSheet(), look)
	if err != nil {
		return nil, err
	}
	foot, err := takePhoto(shot{footScale, -8 * footScale, -251 * footScale}, look)
	if err != nil {
		return nil, err
	}
	const x = (photoWide - footWide) / 2
	small := page{img, wholeSheet()}
	ax, ay := small.at(10, 254)
	bx, _ := small.at(124, 254)
	stroke(img, c.ink, ax, ay, x, footShown+footHigh, footFrame/2)
	stroke(img, c.ink, bx, ay, x+footWide, footShown+footHigh, footFrame/2)
	paint(img, image.Rect(x-footFrame, footShown-footFrame, x+footWide+footFrame, footShown+footHigh+footFrame), c.ink)
	put(img, foot.SubImage(image.Rect(0, 0, footWide, footHigh)), image.Pt(x, footShown))
	return img, nil
}

// page is a sheet that is drawn in millimetres.
type page struct {
	*image.RGBA
	shot
}

func (p page) at(x, y float64) (px, py float32) {
	return float32(p.x + p.scale*x), float32(p.y + p.scale*y)
}

func (p page) box(x0, y0, x1, y1 float64, c color.Color) {
	ax, ay := p.at(x0, y0)
	bx, by := p.at(x1, y1)
	polygon(p.RGBA, c, [][2]float32{{ax, ay}, {bx, ay}, {bx, by}, {ax, by}})
}

// body is a title, answers beside their questions, and a paragraph, as bars instead of words.
func (p page) body(c exampleColours) {
	p.box(left, 14, 78, 17, c.pale)
	p.box(left, 29, 112, 35, c.ink)
	y := 48.0
	for i, long := range []float64{70, 52, 96, 40, 82, 61, 88} {
		p.box(left, y, left+28+float64(i%3)*9, y+2.4, c.pale)
		p.box(valueLeft, y, valueLeft+long, y+2.8, c.ink)
		y += 11
	}
	for i := range 14 {
		end := right
		if i%5 == 4 {
			end = 120
		}
		p.box(left, y+6+float64(i)*7.6, end, y+8.2+float64(i)*7.6, c.pale)
	}
}

func (p page) code(c exampleColours) error {
	symbol, err := qr.Encode(exampleCode, qr.M, qr.AlphaNumeric)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	n := symbol.Bounds().Dx()
	module := files.CodeSide / float64(n)
	for y := range n {
		for x := range n {
			if r, _, _, _ := symbol.At(x, y).RGBA(); r == 0 {
				left, top := files.CodeLeft+float64(x)*module, files.CodeTop+float64(y)*module
				p.box(left, top, left+module, top+module, c.ink)
			}
		}
	}
	return nil
}

// frame is the field for the signature.
func (p page) frame(c exampleColours) {
	const line = 0.7
	x1, y1 := signLeft+signWide, signTop+signHigh
	p.box(signLeft, signTop, x1, signTop+line, c.ink)
	p.box(signLeft, y1-line, x1, y1, c.ink)
	p.box(signLeft, signTop, signLeft+line, y1, c.ink)
	p.box(x1-line, signTop, x1, y1, c.ink)
	for i := range 3 {
		p.box(noteLeft, signTop+2+float64(i)*5, min(noteLeft+noteWide, noteLeft+24-float64(i)*6), signTop+4+float64(i)*5, c.pale)
	}
}

// sign writes a name into the field that nobody can read.
func (p page) sign(c exampleColours) {
	path := [][2]float64{
		{.08, .72}, {.14, .22}, {.20, .78}, {.26, .40}, {.31, .66}, {.36, .38}, {.41, .70}, {.46, .36}, {.52, .68}, {.58, .30}, {.62, .70}, {.70, .44}, {.78, .60}, {.92, .34},
	}
	for i := range path[1:] {
		from, to := path[i], path[i+1]
		ax, ay := p.at(signLeft+from[0]*signWide, signTop+from[1]*signHigh)
		bx, by := p.at(signLeft+to[0]*signWide, signTop+to[1]*signHigh)
		stroke(p.RGBA, c.pen, ax, ay, bx, by, float32(p.scale)*1.1)
	}
}

// polygon fills the shape, its edges smooth. The rasterizer goes over its whole field, so that is the shape and not the picture.
func polygon(img *image.RGBA, c color.Color, points [][2]float32) {
	low, high := points[0], points[0]
	for _, p := range points {
		low[0], low[1], high[0], high[1] = min(low[0], p[0]), min(low[1], p[1]), max(high[0], p[0]), max(high[1], p[1])
	}
	field := image.Rect(int(low[0])-1, int(low[1])-1, int(high[0])+2, int(high[1])+2).Intersect(img.Bounds())
	if field.Empty() {
		return
	}
	r := vector.NewRasterizer(field.Dx(), field.Dy())
	x, y := float32(field.Min.X), float32(field.Min.Y)
	r.MoveTo(points[0][0]-x, points[0][1]-y)
	for _, p := range points[1:] {
		r.LineTo(p[0]-x, p[1]-y)
	}
	r.ClosePath()
	r.Draw(img, field, image.NewUniform(c), image.Point{})
}

func paint(img *image.RGBA, r image.Rectangle, c color.Color) {
	pixels.Draw(img, r, image.NewUniform(c), image.Point{}, pixels.Src)
}

func put(img *image.RGBA, photo image.Image, at image.Point) {
	pixels.Draw(img, photo.Bounds().Add(at), photo, image.Point{}, pixels.Src)
}
