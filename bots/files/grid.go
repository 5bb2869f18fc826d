package files

import (
	"image"
	"math"
)

// point is a place in a picture, or a way from one to another, in pixels from the upper left corner; pixel 0 reaches from 0 to 1.
type point struct{ x, y float64 }

func (p point) plus(q point, times float64) point { return point{p.x + q.x*times, p.y + q.y*times} }

func (p point) minus(q point) point { return point{p.x - q.x, p.y - q.y} }

func (p point) length() float64 { return math.Hypot(p.x, p.y) }

// in reports whether the place lies in a picture.
func (p point) in(img *image.Gray) bool {
	return p.x >= 0 && p.y >= 0 && p.x < float64(img.Rect.Dx()) && p.y < float64(img.Rect.Dy())
}

// greyAround is the grey at a place, between the pixels around it; beyond the border that of the border.
func greyAround(img *image.Gray, p point) float64 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	x, y := min(max(p.x-0.5, 0), float64(w-1)), min(max(p.y-0.5, 0), float64(h-1))
	left, top := int(x), int(y)
	right, bottom := min(left+1, w-1), min(top+1, h-1)
	fx, fy := x-float64(left), y-float64(top)
	above, below := img.Pix[top*img.Stride:], img.Pix[bottom*img.Stride:]
	return (float64(above[left])*(1-fx)+float64(above[right])*fx)*(1-fy) + (float64(below[left])*(1-fx)+float64(below[right])*fx)*fy
}

// cut is how one pixel of a row falls upon the cells of a shorter row: into a cell by its share, into the next one by the rest.
type cut struct {
	cell  int
	share float32
}

func cuts(from, to int) []cut {
	out := make([]cut, from)
	for i := range out {
		begin, end := float64(i)*float64(to)/float64(from), float64(i+1)*float64(to)/float64(from)
		cell := min(int(begin), to-1)
		out[i] = cut{cell, 1}
		if border := float64(cell + 1); end > border && cell+1 < to {
			out[i].share = float32((border - begin) / (end - begin))
		}
	}
	return out
}

// reduce averages a picture down to a longer side of so many pixels; it never enlarges.
func reduce(img *image.Gray, side int) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	longer := max(w, h)
	if longer <= side {
		return img
	}
	to := image.NewGray(image.Rect(0, 0, max(1, w*side/longer), max(1, h*side/longer)))
	width, height := to.Rect.Dx(), to.Rect.Dy()
	across, down := cuts(w, width), cuts(h, height)
	row, next := make([]float32, width+1), make([]float32, width+1)
	even := float32(width) / float32(w) * float32(height) / float32(h)
	for y, c := range down {
		for x, v := range img.Pix[y*img.Stride:][:w] {
			a := across[x]
			here := float32(v) * a.share
			rest := float32(v) - here
			row[a.cell] += here * c.share
			row[a.cell+1] += rest * c.share
			next[a.cell] += here * (1 - c.share)
			next[a.cell+1] += rest * (1 - c.share)
		}
		if y+1 == h || down[y+1].cell != c.cell {
			for x, sum := range row[:width] {
				to.Pix[c.cell*to.Stride+x] = byte(min(sum*even+0.5, 255))
			}
			row, next = next, row
			clear(next)
		}
	}
	return to
}
