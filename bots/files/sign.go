package files

import (
	"image"
	"math"
	"slices"
)

const (
	signMargin = 0.3  // sides of the code that are looked at around the field: its frame may have moved so far in a photo taken from aslant
	signInset  = 0.07 // sides left out inside the frame: 1.5 mm, more than its line and the blur of it
	signRows   = 100  // most pixels of a side of the code at which the field is looked at
	signPatch  = 0.25 // sides of a square in which the paper's brightness is taken for even
	signStrip  = 0.12 // sides: the width of a strip in which a line of the frame is looked for
	lineDepth  = 0.05 // by which a line of the frame is darker than the paper, blurred as it may be
	inkDepth   = 0.15 // by which ink is darker than the paper around it; a pencil is by 0.2, what shines through a sheet by 0.1
	inkNoise   = 5    // times the paper's own unevenness
)

// field is the neighbourhood of a signature field, drawn straight: 1 is the paper's brightness.
type field struct {
	w, h   int
	side   float64 // pixels of a side of the code
	values []float64
}

// ink is the share of dark pixels within the signature field; -1 when not all of it is in the picture.
func (m mark) ink(img *image.Gray) float64 {
	for _, x := range []float64{SignLeft, SignRight} {
		for _, y := range []float64{SignTop, SignBottom} {
			if !m.at(x, y).in(img) {
				return -1
			}
		}
	}
	f := m.field(img)
	f.smooth()
	f.level()
	top, bottom := f.line(0, 0.2), f.line(SignBottom-SignTop, 0.2)
	f.transpose()
	left, right := f.line(0, 0.1), f.line(SignRight-SignLeft, 0.28) // the code stands to the left
	f.transpose()
	return f.dark(left, top, right, bottom)
}

// field draws the neighbourhood.
func (m mark) field(img *image.Gray) *field {
	side := min(m.right.length(), m.down.length(), signRows)
	f := &field{
		w:    int((SignRight - SignLeft + 2*signMargin) * side),
		h:    int((SignBottom - SignTop + 2*signMargin) * side),
		side: side,
	}
	f.values = make([]float64, f.w*f.h)
	for y := range f.h {
		for x := range f.w {
			at := m.at(SignLeft-signMargin+(float64(x)+0.5)/side, SignTop-signMargin+(float64(y)+0.5)/side)
			f.values[y*f.w+x] = greyAround(img, at)
		}
	}
	return f
}

// smooth takes each pixel for the mean of three by three: noise of a dim light is finer than a stroke.
func (f *field) smooth() {
	out := make([]float64, len(f.values))
	for y := range f.h {
		for x := range f.w {
			sum, n := 0.0, 0.0
			for v := max(y-1, 0); v <= min(y+1, f.h-1); v++ {
				for u := max(x-1, 0); u <= min(x+1, f.w-1); u++ {
					sum += f.values[v*f.w+u]
					n++
				}
			}
			out[y*f.w+x] = sum / n
		}
	}
	f.values = out
}

// level divides by the paper's brightness, which is that of the brighter pixels of a neighbourhood.
func (f *field) level() {
	step := max(4, int(f.side*signPatch))
	paper := &field{w: (f.w + step - 1) / step, h: (f.h + step - 1) / step}
	var near []float64
	for r := range paper.h {
		for c := range paper.w {
			near = near[:0]
			for y := max((r-1)*step, 0); y < min((r+2)*step, f.h); y++ {
				near = append(near, f.values[y*f.w+max((c-1)*step, 0):y*f.w+min((c+2)*step, f.w)]...)
			}
			slices.Sort(near)
			paper.values = append(paper.values, max(near[len(near)*3/4], 1))
		}
	}
	for y := range f.h {
		for x := range f.w {
			f.values[y*f.w+x] /= paper.around((float64(x)+0.5)/float64(step)-0.5, (float64(y)+0.5)/float64(step)-0.5)
		}
	}
}

// around is the value between the four around a place.
func (f *field) around(x, y float64) float64 {
	x, y = min(max(x, 0), float64(f.w-1)), min(max(y, 0), float64(f.h-1))
	left, top := int(x), int(y)
	right, below := min(left+1, f.w-1), min(top+1, f.h-1)
	fx, fy := x-float64(left), y-float64(top)
	return (f.values[top*f.w+left]*(1-fx)+f.values[top*f.w+right]*fx)*(1-fy) +
		(f.values[below*f.w+left]*(1-fx)+f.values[below*f.w+right]*fx)*fy
}

func (f *field) transpose() {
	out := make([]float64, len(f.values))
	for y := range f.h {
		for x := range f.w {
			out[x*f.h+y] = f.values[y*f.w+x]
		}
	}
	f.w, f.h, f.values = f.h, f.w, out
}

// line is where a line of the frame lies: its offset at x is start + slope·x.
type line struct{ start, slope float64 }

func (l line) at(x int) float64 { return l.start + l.slope*float64(x) }

// line finds a line of the frame that should lie so many sides below the field's upper edge and may lie so many away from there: what most strips of
// the field agree upon. Where they do not, it lies where it should.
func (f *field) line(should, reach float64) line {
	want := (signMargin + should) * f.side
	places, strips := f.darkest(want, reach*f.side)
	var slopes, starts []float64
	for i, p := range places {
		for _, q := range places[:i] {
			slopes = append(slopes, (p.y-q.y)/(p.x-q.x))
		}
	}
	if len(slopes) < 3 {
		return line{want, 0}
	}
	l := line{slope: median(slopes)}
	for _, p := range places {
		starts = append(starts, p.y-l.slope*p.x)
	}
	l.start = median(starts)
	agree := 0
	for _, start := range starts {
		if math.Abs(start-l.start) < 0.03*f.side+1 {
			agree++
		}
	}
	if 2*agree < strips {
		return line{want, 0}
	}
	return l
}

// darkest gives the middle of the darkest row of each strip, of those near a row in which anything is dark, and how many strips there are.
func (f *field) darkest(want, reach float64) (places []point, strips int) {
	width := max(2, int(f.side*signStrip))
	margin := int(signMargin * f.side * 1.3)
	for x := margin; x+width <= f.w-margin; x += width {
		strips++
		row, most := -1, float64(width)*lineDepth
		for y := max(int(want-reach), 0); y < min(int(want+reach), f.h); y++ {
			sum := 0.0
			for _, v := range f.values[y*f.w+x : y*f.w+x+width] {
				sum += 1 - v
			}
			if sum > most {
				row, most = y, sum
			}
		}
		if row >= 0 {
			places = append(places, point{float64(x) + float64(width)/2, float64(row) + 0.5})
		}
	}
	return places, strips
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// dark is the share of ink between the lines of the frame.
func (f *field) dark(left, top, right, bottom line) float64 {
	inset := signInset * f.side
	var inner []float64
	for y := range f.h {
		for x := range f.w {
			if u, v := float64(x)+0.5, float64(y)+0.5; u > left.at(y)+inset && u < right.at(y)-inset && v > top.at(x)+inset && v < bottom.at(x)-inset {
				inner = append(inner, f.values[y*f.w+x])
			}
		}
	}
	if len(inner) == 0 {
		return -1
	}
	slices.Sort(inner)
	paper := inner[len(inner)/2]
	unevenness := 1.5 * (paper - inner[len(inner)/5]) // half of the pixels are paper at least, and the fifth from below lies 0.84 of a deviation under the middle
	depth := max(inkDepth, inkNoise*min(unevenness, 0.1))
	n, _ := slices.BinarySearch(inner, paper-depth)
	return float64(n) / float64(len(inner))
}
