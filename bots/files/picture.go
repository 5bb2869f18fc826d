package files

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"

	"golang.org/x/image/draw"
)

const (
	previewSide  = 2400 // pixels of the preview's longer side
	previewGrade = 85   // JPEG quality
	gaugeSide    = 1024 // pixels of the longer side at which sharpness is measured
)

// look measures one page, searches it for its code and makes its preview, turned by its EXIF orientation and then so that the code stands upright.
func look(ctx context.Context, img image.Image, turn int) (View, error) {
	small := upright(shrink(img, previewSide), turn)
	plain := grey(small)
	var v View
	v.Brightness, v.Sharpness = gauge(reduce(plain, gaugeSide))
	if m, ok := findMark(ctx, plain); ok {
		v.Code, v.Outside, v.Ink = m.text, m.outside(plain), m.ink(plain)
		v.turn = m.turn()
		small = upright(small, v.turn)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: previewGrade}); err != nil {
		return View{}, fmt.Errorf("encode preview: %w", err)
	}
	v.JPEG = out.Bytes()
	return v, nil
}

// shrink draws a picture on white, scaled so that its longer side is at most so many pixels; it never enlarges. Kernels of x/image/draw
// would take 230 MB for a photo of 12 megapixels.
func shrink(img image.Image, side int) *image.RGBA {
	from := img.Bounds()
	w, h := from.Dx(), from.Dy()
	if longer := max(w, h); longer > side {
		times := min(longer/side, w, h)
		w, h = max(1, w*side/longer), max(1, h*side/longer)
		if times > 1 {
			img = coarse(img, times)
			from = img.Bounds()
		}
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(to, to.Rect, image.White, image.Point{}, draw.Src)
	if w == from.Dx() && h == from.Dy() {
		draw.Draw(to, to.Rect, img, from.Min, draw.Over)
		return to
	}
	draw.ApproxBiLinear.Scale(to, to.Rect, img, from, draw.Over, nil)
	return to
}

// coarse makes one pixel of so many times so many, a band at a time.
func coarse(img image.Image, times int) *image.RGBA {
	from := img.Bounds()
	to := image.NewRGBA(image.Rect(0, 0, from.Dx()/times, from.Dy()/times))
	band := image.NewRGBA(image.Rect(0, 0, to.Rect.Dx()*times, times))
	sums := make([]int, 4*to.Rect.Dx())
	for y := range to.Rect.Dy() {
		draw.Draw(band, band.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(band, band.Rect, img, from.Min.Add(image.Pt(0, y*times)), draw.Over)
		clear(sums)
		for row := range times {
			for x, v := range band.Pix[row*band.Stride:][:band.Stride] {
				sums[x/4/times*4+x%4] += int(v)
			}
		}
		for i, sum := range sums {
			to.Pix[y*to.Stride+i] = byte(sum / (times * times))
		}
	}
	return to
}

// upright undoes an EXIF orientation, 1 to 8; 0 is as good as 1.
func upright(img *image.RGBA, turn int) *image.RGBA {
	if turn <= 1 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if turn >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	to := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fx, fy := x, y
			if turn >= 5 {
				fx, fy = y, x
			}
			if turn == 2 || turn == 3 || turn == 7 || turn == 8 {
				fx = w - 1 - fx
			}
			if turn == 3 || turn == 4 || turn == 6 || turn == 7 {
				fy = h - 1 - fy
			}
			copy(to.Pix[to.PixOffset(x, y):][:4], img.Pix[img.PixOffset(fx, fy):][:4])
		}
	}
	return to
}

// grey takes the luma of BT.601, as JPEG does.
func grey(img *image.RGBA) *image.Gray {
	to := image.NewGray(img.Rect)
	for i := range to.Pix {
		p := img.Pix[4*i : 4*i+3]
		to.Pix[i] = byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	}
	return to
}

// gauge gives the mean grey and the variance of the Laplacian, which is small where no edge is sharp.
func gauge(img *image.Gray) (brightness, sharpness float64) {
	w, h, row := img.Rect.Dx(), img.Rect.Dy(), img.Stride
	var total float64
	for _, v := range img.Pix {
		total += float64(v)
	}
	var sum, squares float64
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*row + x
			around := int(img.Pix[i-1]) + int(img.Pix[i+1]) + int(img.Pix[i-row]) + int(img.Pix[i+row])
			v := float64(around - 4*int(img.Pix[i]))
			sum += v
			squares += v * v
		}
	}
	inner := float64(max(1, (w-2)*(h-2)))
	mean := sum / inner
	return total / float64(max(1, w*h)), squares/inner - mean*mean
}
