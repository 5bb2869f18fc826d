package fragments

import "fmt"

const (
	pageWide = 210 * 72 / 25.4 // points of a page's width: A4 upright
	pageHigh = 297 * 72 / 25.4 // of a page that is wider than high
	mostSide = 14400.0         // points that a side of a page may have
)

// drawing is a picture as a PDF holds it.
type drawing struct {
	width, height int    // pixels, as they lie
	turn          int    // EXIF orientation by which they are shown
	entries       string // colours and filter
	data          []byte
}

// add makes the drawing a page of its own proportions, without a margin, turned by so many degrees clockwise more, and gives the bytes it took.
func (b *book) add(d drawing, degrees int) int64 {
	from := b.at
	image, content := b.reserve(), b.reserve()
	b.stream(image, fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d %s", d.width, d.height, d.entries), d.data)
	turn := turned(d.turn, degrees)
	w, h := float64(d.width), float64(d.height)
	if turn >= 5 {
		w, h = h, w
	}
	scale := pageWide / w
	if w > h {
		scale = pageHigh / w
	}
	scale = min(scale, mostSide/h)
	w, h = max(w*scale, 1), max(h*scale, 1)
	b.stream(content, "", []byte(fmt.Sprintf("q %s cm /P Do Q", matrix(turn, w, h))))
	b.page(fmt.Sprintf("/MediaBox [0 0 %.2f %.2f] /Resources <</XObject <</P %d 0 R>>>> /Contents %d 0 R", w, h, image, content))
	return b.at - from
}

// turned is the orientation of what is shown by the first and then turned clockwise by so many degrees.
func turned(orientation, degrees int) int {
	clockwise := [...]int{0, 6, 7, 8, 5, 2, 3, 4, 1}
	for range degrees / 90 {
		orientation = clockwise[orientation]
	}
	return orientation
}

// matrix lays the unit square of a picture of the orientation upon a page of that width and height.
func matrix(orientation int, w, h float64) string {
	ways := [...][6]float64{
		1: {w, 0, 0, h, 0, 0}, 2: {-w, 0, 0, h, w, 0}, 3: {-w, 0, 0, -h, w, h}, 4: {w, 0, 0, -h, 0, h},
		5: {0, -h, -w, 0, w, h}, 6: {0, -h, w, 0, 0, h}, 7: {0, h, w, 0, 0, 0}, 8: {0, h, -w, 0, w, 0},
	}
	m := ways[orientation]
	return fmt.Sprintf("%.2f %.2f %.2f %.2f %.2f %.2f", m[0], m[1], m[2], m[3], m[4], m[5])
}
