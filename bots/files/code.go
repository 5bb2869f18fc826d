package files

import (
	"context"
	"errors"
	"image"
	"math"
	"strings"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

const (
	codeLimit = 64                      // characters of a code
	codeTime  = 1500 * time.Millisecond // for the search of one page; on a busy machine fewer passes are made
	codesTime = 15 * time.Second        // for that of all pages of a PDF

	finderCentre = 3.5 // modules from a finder pattern's centre to the nearest sides of the code
)

// mark is a page's code in a picture.
type mark struct {
	text        string
	modules     int   // of a side
	corner      point // the code's upper left one
	right, down point // the code's sides from there
}

// validCode reports whether a text may be a page's code: what a QR code says in its alphanumeric mode.
func validCode(text string) bool {
	return strings.HasPrefix(text, CodePrefix) && len(text) <= codeLimit &&
		strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") == ""
}

// findMark searches a picture for a page's code, once at least and then until ctx ends: from coarse and quick to what helps a few.
func findMark(ctx context.Context, img *image.Gray) (mark, bool) {
	for i, p := range passes {
		if i > 0 && ctx.Err() != nil {
			break
		}
		if m, ok := p.search(img); ok {
			return m, true
		}
	}
	return mark{}, false
}

// errNoCode is what a pass gives that finds none.
var errNoCode = errors.New("no code of ours")

// readMark reads one picture of black and white once.
func readMark(bits gozxing.Binarizer) (m mark, err error) {
	defer func() {
		if recover() != nil { // the library's index may go wrong on odd pictures; that is no reason to refuse one
			err = errNoCode
		}
	}()
	matrix, err := bits.GetBlackMatrix()
	if err != nil {
		return mark{}, err
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	found, err := detector.NewDetector(matrix).Detect(hints)
	if err != nil {
		return mark{}, err
	}
	read, err := decoder.NewDecoder().Decode(found.GetBits(), hints)
	if err != nil {
		return mark{}, err
	}
	if !validCode(read.GetText()) {
		return mark{}, errNoCode
	}
	points := found.GetPoints()
	if meta, ok := read.GetOther().(*decoder.QRCodeDecoderMetaData); ok {
		meta.ApplyMirroredCorrection(points)
	}
	return newMark(read.GetText(), found.GetBits().GetWidth(), points), nil
}

// newMark takes the centres of the finder patterns: lower left, upper left, upper right.
func newMark(text string, modules int, points []gozxing.ResultPoint) mark {
	at := func(i int) point { return point{points[i].GetX(), points[i].GetY()} }
	apart := float64(modules) - 2*finderCentre
	right, down := at(2).minus(at(1)), at(0).minus(at(1))
	m := mark{text: text, modules: modules}
	m.corner = at(1).plus(right, -finderCentre/apart).plus(down, -finderCentre/apart)
	m.right, m.down = point{}.plus(right, float64(modules)/apart), point{}.plus(down, float64(modules)/apart)
	return m
}

// scaled is the mark in a picture of which this one's picture is a part, enlarged so many times.
func (m mark) scaled(times float64, by point) mark {
	m.corner = by.plus(m.corner, 1/times)
	m.right, m.down = point{}.plus(m.right, 1/times), point{}.plus(m.down, 1/times)
	return m
}

// at is the place in the picture of one on the page, given in sides of the code from its upper left corner.
func (m mark) at(x, y float64) point { return m.corner.plus(m.right, x).plus(m.down, y) }

// turn is the EXIF orientation that, undone, makes the code stand upright, and not mirrored.
func (m mark) turn() int {
	best, most := 1, math.Inf(-1)
	for i, t := range [8]struct{ ax, ay, bx, by float64 }{ // where a way to the right, and one down, lead after it is undone: upright x = ax·x+ay·y
		{1, 0, 0, 1},
		{-1, 0, 0, 1},
		{-1, 0, 0, -1},
		{1, 0, 0, -1},
		{0, 1, 1, 0},
		{0, -1, 1, 0},
		{0, -1, -1, 0},
		{0, 1, -1, 0},
	} {
		if fit := t.ax*m.right.x + t.ay*m.right.y + t.bx*m.down.x + t.by*m.down.y; fit > most {
			best, most = i+1, fit
		}
	}
	return best
}
