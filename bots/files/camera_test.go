package files

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing/common"
)

// photo is how a form was photographed; the zero values are the best.
type photo struct {
	kind          string
	width, height int     // pixels
	quarter       int     // turns of 90 degrees to the right in which the picture is stored
	exif          bool    // whose undoing its EXIF asks for
	roll          float64 // degrees, as the sheet lies
	pitch, yaw    float64 // degrees, as the phone was held aslant
	fill          float64 // share of the frame that the sheet takes, 0.92 without
	dx, dy        float64 // by which the sheet is out of the middle, in shares of the frame
	light         float64 // 1 without
	uneven        float64 // share of the light that the far side has lost
	shadow        float64 // share of the light that is lost in the shadow of the hand
	blur          float64 // millimetres on the sheet: the deviation of a point
	noise         float64 // deviation in greys
	quality       int     // of the JPEG, 85 without
	table         color.RGBA
	pen           pen
	bad           bool // it is right to refuse it
}

var (
	darkTable  = color.RGBA{45, 38, 34, 255}
	woodTable  = color.RGBA{150, 112, 76, 255}
	whiteTable = color.RGBA{225, 225, 222, 255}
)

// plane maps the sheet, in millimetres, onto the picture, in pixels.
func (p photo) plane() (corners [8]float64, perMM float64) {
	const distance = 420 // millimetres from the phone to the middle of the sheet
	roll, pitch, yaw := p.roll*math.Pi/180, p.pitch*math.Pi/180, p.yaw*math.Pi/180
	var least, most point
	for i, c := range []point{{-105, -148.5}, {105, -148.5}, {105, 148.5}, {-105, 148.5}} {
		x, y := c.x*math.Cos(roll)-c.y*math.Sin(roll), c.x*math.Sin(roll)+c.y*math.Cos(roll)
		y, z := y*math.Cos(pitch), y*math.Sin(pitch)
		x, z = x*math.Cos(yaw)+z*math.Sin(yaw), z*math.Cos(yaw)-x*math.Sin(yaw)
		x, y = x*distance/(distance+z), y*distance/(distance+z)
		corners[2*i], corners[2*i+1] = x, y
		least, most = point{min(least.x, x), min(least.y, y)}, point{max(most.x, x), max(most.y, y)}
	}
	w, h := float64(p.width), float64(p.height)
	share := p.fill
	if share == 0 {
		share = 0.92
	}
	perMM = share * min(w/(most.x-least.x), h/(most.y-least.y))
	for i := range 4 {
		corners[2*i] = (corners[2*i]-(least.x+most.x)/2)*perMM + w*(0.5+p.dx)
		corners[2*i+1] = (corners[2*i+1]-(least.y+most.y)/2)*perMM + h*(0.5+p.dy)
	}
	return corners, perMM
}

// outside is the share of the text that is really out of the picture.
func (p photo) outside() float64 {
	c, _ := p.plane()
	to := common.PerspectiveTransform_QuadrilateralToQuadrilateral(0, 0, 210, 0, 210, 297, 0, 297, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7])
	n, out := 0, 0
	for x := textLeft; x < textRight; x += 3 {
		for y := textTop; y < textBottom; y += 3 {
			at := []float64{x, y}
			to.TransformPoints(at)
			if n++; at[0] < 0 || at[1] < 0 || at[0] >= float64(p.width) || at[1] >= float64(p.height) {
				out++
			}
		}
	}
	return float64(out) / float64(n)
}

// take photographs a sheet and gives the file.
func (p photo) take(t testing.TB, sheet *image.RGBA, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	c, perMM := p.plane()
	scale := float64(dots)
	for scale/2 >= perMM { // a lens averages what falls on one pixel
		sheet, scale = coarse(sheet, 2), scale/2
	}
	w, h := 210*scale, 297*scale
	from := common.PerspectiveTransform_QuadrilateralToQuadrilateral(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], 0, 0, w, 0, w, h, 0, h)
	img := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	xs, ys := make([]float64, p.width), make([]float64, p.width)
	for y := range p.height {
		for x := range p.width {
			xs[x], ys[x] = float64(x)+0.5, float64(y)+0.5
		}
		from.TransformPointsXY(xs, ys)
		for x := range p.width {
			pick(img.Pix[y*img.Stride+4*x:], sheet, xs[x]-0.5, ys[x]-0.5, p.table)
		}
	}
	whole, rest := math.Modf(p.blur * perMM)
	soften(img, int(whole), 1)
	soften(img, 1, rest)
	p.expose(img, r)
	img = upright(img, []int{1, 6, 3, 8}[p.quarter])
	quality := p.quality
	if quality == 0 {
		quality = 85
	}
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}))
	if p.exif {
		return turned(out.Bytes(), []uint16{1, 8, 3, 6}[p.quarter])
	}
	return out.Bytes()
}

// pick takes a colour between the pixels of the sheet, or the table's beside it.
func pick(to []byte, sheet *image.RGBA, x, y float64, table color.RGBA) {
	left, top := int(math.Floor(x)), int(math.Floor(y))
	if left < 0 || top < 0 || left+1 >= sheet.Rect.Dx() || top+1 >= sheet.Rect.Dy() {
		to[0], to[1], to[2], to[3] = table.R, table.G, table.B, 255
		return
	}
	fx, fy := x-float64(left), y-float64(top)
	a, b := sheet.Pix[top*sheet.Stride+4*left:], sheet.Pix[(top+1)*sheet.Stride+4*left:]
	for i := range 3 {
		to[i] = byte((float64(a[i])*(1-fx)+float64(a[i+4])*fx)*(1-fy) + (float64(b[i])*(1-fx)+float64(b[i+4])*fx)*fy + 0.5)
	}
	to[3] = 255
}

// soften blurs by two boxes each way, which together spread a point by about the radius, and mixes that with the picture.
func soften(img *image.RGBA, radius int, share float64) {
	if radius == 0 || share == 0 {
		return
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	line := make([]byte, max(w, h))
	run := func(start, step, n int) {
		sum := 0
		at := func(i int) int { return int(img.Pix[start+step*min(max(i, 0), n-1)]) }
		for i := -radius; i < radius; i++ {
			sum += at(i)
		}
		for i := range n {
			sum += at(i + radius)
			line[i] = byte(share*float64(sum)/float64(2*radius+1) + (1-share)*float64(at(i)))
			sum -= at(i - radius)
		}
		for i := range n {
			img.Pix[start+step*i] = line[i]
		}
	}
	for range 2 {
		for y := range h {
			for i := range 3 {
				run(y*img.Stride+i, 4, w)
			}
		}
		for x := range w {
			for i := range 3 {
				run(4*x+i, img.Stride, h)
			}
		}
	}
}

// expose lights the scene and adds the sensor's noise.
func (p photo) expose(img *image.RGBA, r *rand.Rand) {
	light := p.light
	if light == 0 {
		light = 1
	}
	if light == 1 && p.uneven == 0 && p.shadow == 0 && p.noise == 0 {
		return
	}
	w, h := float64(p.width), float64(p.height)
	for y := range p.height {
		for x := range p.width {
			u, v := float64(x)/w, float64(y)/h
			here := light * (1 - p.uneven*(0.6*u+0.4*v))
			if p.shadow > 0 {
				here *= 1 - p.shadow/(1+math.Exp((u+0.5*v-0.7)*40))
			}
			noise := 0.0
			if p.noise > 0 {
				noise = r.NormFloat64() * p.noise
			}
			at := img.Pix[y*img.Stride+4*x:]
			for i := range 3 {
				at[i] = byte(min(max(float64(at[i])*here+noise, 0), 255))
			}
		}
	}
}
