package papers

import (
	"image"
	"image/color"
	"math"

	"librarian/bots/files"
)

// disc fills an ellipse.
func disc(img *image.RGBA, c color.Color, x, y, rx, ry float32) {
	const corners = 64
	var points [][2]float32
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		points = append(points, [2]float32{x + rx*float32(cos), y + ry*float32(sin)})
	}
	polygon(img, c, points)
}

// stroke draws a line with round ends.
func stroke(img *image.RGBA, c color.Color, ax, ay, bx, by, thick float32) {
	dx, dy := bx-ax, by-ay
	long := float32(math.Hypot(float64(dx), float64(dy)))
	if long == 0 {
		return
	}
	nx, ny := -dy/long*thick/2, dx/long*thick/2
	polygon(img, c, [][2]float32{{ax + nx, ay + ny}, {bx + nx, by + ny}, {bx - nx, by - ny}, {ax - nx, ay - ny}})
	disc(img, c, ax, ay, thick/2, thick/2)
	disc(img, c, bx, by, thick/2, thick/2)
}

func cross(img *image.RGBA, x, y float32, c exampleColours) {
	const arm = markRadius * 0.42
	disc(img, c.wrong, x, y, markRadius, markRadius)
	stroke(img, c.paper, x-arm, y-arm, x+arm, y+arm, 11)
	stroke(img, c.paper, x-arm, y+arm, x+arm, y-arm, 11)
}

func tick(img *image.RGBA, x, y float32, c exampleColours) {
	disc(img, c.right, x, y, markRadius, markRadius)
	stroke(img, c.paper, x-21, y+1, x-6, y+17, 11)
	stroke(img, c.paper, x-6, y+17, x+22, y-16, 11)
}

// finger lies on the code.
func (p page) finger(c exampleColours) {
	mm := float32(p.scale)
	x, y := p.at(files.CodeLeft+0.6*files.CodeSide, files.CodeTop+0.55*files.CodeSide)
	stroke(p.RGBA, c.skin, x-40*mm, y+40*mm, x, y, 17*mm)
	disc(p.RGBA, c.nail, x+1.5*mm, y-1.5*mm, 5*mm, 5.5*mm)
}

// noPhoto is a sheet of nothing in particular, such as a file of another program: a page with a folded corner and three dots.
func noPhoto() *image.RGBA {
	c := coloursOfExample()
	img := image.NewRGBA(image.Rect(0, 0, photoWide, photoHigh))
	paint(img, img.Bounds(), color.RGBA{0xde, 0xe2, 0xe3, 0xff})
	polygon(img, c.file, [][2]float32{{112, 130}, {252, 130}, {322, 200}, {322, 430}, {112, 430}})
	polygon(img, c.paper, [][2]float32{{252, 130}, {252, 200}, {322, 200}})
	for i := range 3 {
		disc(img, c.paper, 162+float32(i)*55, 320, 15, 15)
	}
	return img
}

// darken leaves as much as a photo by night shows.
func darken(img *image.RGBA) {
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = uint8(int(img.Pix[i]) * 3 / 20)
		}
	}
}

// blurSteps bounds how many shades a blurred photo has: more cannot be told apart, and cost much.
const blurSteps = 8

// blur takes the sharpness from a photo: the mean of its neighbours, three times, along each side.
func blur(img *image.RGBA) {
	const reach = 5
	size := img.Bounds()
	for range 3 {
		for y := range size.Dy() {
			smooth(img.Pix[y*img.Stride:], size.Dx(), 4, reach)
		}
		for x := range size.Dx() {
			smooth(img.Pix[x*4:], size.Dy(), img.Stride, reach)
		}
	}
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = img.Pix[i]/blurSteps*blurSteps + blurSteps/2
		}
	}
}

// smooth replaces each of n pixels that lie step bytes apart by the mean of those within reach.
func smooth(pix []byte, n, step, reach int) {
	line := make([]int, n)
	for colour := range 3 {
		sum := make([]int, n+1)
		for i := range n {
			sum[i+1] = sum[i] + int(pix[i*step+colour])
		}
		for i := range n {
			from, until := max(i-reach, 0), min(i+reach+1, n)
			line[i] = (sum[until] - sum[from]) / (until - from)
		}
		for i := range n {
			pix[i*step+colour] = uint8(line[i])
		}
	}
}
