package files

import (
	"image"
	"slices"
)

// The part of a form's page that is text, in millimetres.
const (
	textLeft, textTop, textRight, textBottom = 15.0, 15.0, 195.0, 284.0
)

const (
	paperShare = 0.6 // of the brightness beside the code that paper has at the border of a picture; a table in the same light has less
	patchRatio = 0.4 // sides of the code: half of the square in which paper is looked for
)

// outside is the share of the page's text that lies beyond the border of the picture, told by the place and size of the code. A page taken from aslant
// only seems to reach beyond it: what lies there counts only where there is paper up to the border.
func (m mark) outside(img *image.Gray) float64 {
	const cols, rows = 12, 18
	paper := m.paper(img, m.at(0.5, 0.5))
	beyond := 0
	for r := range rows {
		for c := range cols {
			x := textLeft + (textRight-textLeft)*(float64(c)+0.5)/cols
			y := textTop + (textBottom-textTop)*(float64(r)+0.5)/rows
			at := m.at((x-CodeLeft)/CodeSide, (y-CodeTop)/CodeSide)
			if !at.in(img) && m.paper(img, m.leaves(img, at)) > paperShare*paper {
				beyond++
			}
		}
	}
	return float64(beyond) / (cols * rows)
}

// leaves is where the way from the code to a place outside crosses the picture's border.
func (m mark) leaves(img *image.Gray, to point) point {
	from := m.at(0.5, 0.5)
	inside, outside := 0.0, 1.0
	for range 12 {
		if half := (inside + outside) / 2; from.plus(to.minus(from), half).in(img) {
			inside = half
		} else {
			outside = half
		}
	}
	return from.plus(to.minus(from), inside)
}

// paper is the brightness of what is bright around a place.
func (m mark) paper(img *image.Gray, around point) float64 {
	const steps = 8
	reach := patchRatio * m.down.length()
	var near []float64
	for i := -steps; i <= steps; i++ {
		for j := -steps; j <= steps; j++ {
			if at := around.plus(point{float64(j), float64(i)}, reach/steps); at.in(img) {
				near = append(near, greyAround(img, at))
			}
		}
	}
	if len(near) == 0 {
		return 0
	}
	slices.Sort(near)
	return near[len(near)*9/10]
}
