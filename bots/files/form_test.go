package files

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/boombuler/barcode/qr"
	"golang.org/x/image/draw"
)

// dots is how many pixels of a drawn form a millimetre has.
const dots = 8

// pen is what a form is signed with.
type pen struct {
	ink   color.RGBA
	width float64 // millimetres
	long  float64 // millimetres from the first to the last stroke
}

var (
	bluePen   = pen{color.RGBA{40, 60, 160, 255}, 0.5, 45}
	blackPen  = pen{color.RGBA{25, 25, 30, 255}, 0.4, 30}
	thinPen   = pen{color.RGBA{60, 70, 150, 255}, 0.3, 25}
	pencil    = pen{color.RGBA{120, 120, 120, 255}, 0.5, 40}
	unsigned  = pen{}
	greyPaper = color.RGBA{238, 236, 230, 255}
	print     = color.RGBA{30, 30, 30, 255}
)

// form draws a page: lines of words, the code, and the signature field, signed or not.
func form(t testing.TB, text string, p pen, seed uint64) *image.RGBA {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewRGBA(image.Rect(0, 0, 210*dots, 297*dots))
	fill(img, 0, 0, 210, 297, greyPaper)
	for y := textTop; y < 255; y += 5.5 {
		for x := textLeft; x < textRight-8; x += 3 {
			for range 2 + r.IntN(9) {
				if x > textRight-2 {
					break
				}
				letter(img, r, x, y)
				x += 1.9
			}
		}
	}
	code, err := qr.Encode(text, qr.Q, qr.AlphaNumeric)
	must(t, err)
	n := code.Bounds().Dx()
	module := CodeSide / float64(n)
	for i := range n {
		for j := range n {
			if color.GrayModel.Convert(code.At(i, j)).(color.Gray).Y < 128 {
				x, y := CodeLeft+float64(i)*module, CodeTop+float64(j)*module
				fill(img, x, y, x+module, y+module, print)
			}
		}
	}
	left, top, right, bottom := CodeLeft+SignLeft*CodeSide, CodeTop+SignTop*CodeSide, CodeLeft+SignRight*CodeSide, CodeTop+SignBottom*CodeSide
	for _, l := range [][4]float64{{left, top, right, top}, {left, bottom, right, bottom}, {left, top, left, bottom}, {right, top, right, bottom}} {
		fill(img, l[0]-0.15, l[1]-0.15, l[2]+0.15, l[3]+0.15, print)
	}
	if p != unsigned {
		sign(img, p, r)
	}
	return img
}

func fill(img *image.RGBA, left, top, right, bottom float64, c color.RGBA) {
	at := func(v float64) int { return int(math.Round(v * dots)) }
	draw.Draw(img, image.Rect(at(left), at(top), at(right), at(bottom)), image.NewUniform(c), image.Point{}, draw.Src)
}

// letter has some of the strokes that letters have.
func letter(img *image.RGBA, r *rand.Rand, x, y float64) {
	const w, h, s = 1.3, 2.3, 0.3
	for i, stroke := range [][4]float64{{x, y, x + s, y + h}, {x + w - s, y, x + w, y + h}, {x, y, x + w, y + s}, {x, y + h/2, x + w, y + h/2 + s}, {x, y + h - s, x + w, y + h}} {
		if i == 0 || r.IntN(2) == 0 {
			fill(img, stroke[0], stroke[1], stroke[2], stroke[3], print)
		}
	}
}

// sign scrawls loops into the signature field.
func sign(img *image.RGBA, p pen, r *rand.Rand) {
	cx := CodeLeft + (SignLeft+SignRight)/2*CodeSide - p.long/2 + r.Float64()*6 - 3
	cy := CodeTop + (SignTop+SignBottom)/2*CodeSide
	loops, high := 3+r.Float64()*3, 2+r.Float64()*3
	for i := range 4000 {
		s := float64(i) / 4000
		x := cx + p.long*s + 2*math.Cos(2*math.Pi*loops*s)
		y := cy + high*math.Sin(2*math.Pi*loops*s)*(1-0.5*s)
		fill(img, x-p.width/2, y-p.width/2, x+p.width/2, y+p.width/2, p.ink)
	}
}
