package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"librarian/templates"
)

// samplePaper is what a photo of a signed consent could look like: the sample library's text, a date and a signature on slightly uneven paper.
func samplePaper(name string) ([]byte, error) {
	const width, height, margin, line = 1240, 1754, 140, 52
	img := sampleSheet(width, height)
	pen, err := samplePen(img, 34)
	if err != nil {
		return nil, err
	}
	y := 220
	write := func(text string) {
		pen.Dot = fixed.P(margin, y)
		pen.DrawString(text)
		y += line
	}
	rest := ""
	for _, word := range strings.Fields("Согласие. " + demoSettings().Registration.Consent.Text[demoLang]) {
		if next := rest + word + " "; pen.MeasureString(next) < fixed.I(width-2*margin) {
			rest = next
			continue
		}
		write(rest)
		rest = word + " "
	}
	write(rest)
	y += 2 * line
	write(name)
	write("Подпись:")
	sign(img, margin+230, y-line)
	var out bytes.Buffer
	err = jpeg.Encode(&out, img, &jpeg.Options{Quality: 85})
	return out.Bytes(), err
}

// sampleSheet is an empty sheet of slightly uneven paper.
func sampleSheet(width, height int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	grain := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(232 + grain.IntN(14))
	}
	return img
}

// samplePen writes on the sheet in letters of so many pixels.
func samplePen(img draw.Image, size float64) (*font.Drawer, error) {
	parsed, err := opentype.Parse(templates.FontRegular())
	if err != nil {
		return nil, fmt.Errorf("font of the sample paper: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("font of the sample paper: %w", err)
	}
	return &font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: 40}), Face: face}, nil
}

// samplePage is what a photo of a page of a book could look like: lines of print, and its number large enough to be told in a small picture.
func samplePage(number int) (*image.Gray, error) {
	const width, height, margin, line = 900, 1240, 110, 34
	img := sampleSheet(width, height)
	words := rand.New(rand.NewPCG(uint64(number), 3))
	for y := 480; y < height-2*margin; y += line {
		for x := margin; x < width-margin-20; {
			end := min(x+20+words.IntN(90), width-margin)
			draw.Draw(img, image.Rect(x, y, end, y+14), image.NewUniform(color.Gray{Y: 90}), image.Point{}, draw.Src)
			x = end + 14
		}
	}
	pen, err := samplePen(img, 300)
	if err != nil {
		return nil, err
	}
	text := strconv.Itoa(number)
	pen.Dot = fixed.Point26_6{X: (fixed.I(width) - pen.MeasureString(text)) / 2, Y: fixed.I(380)}
	pen.DrawString(text)
	return img, nil
}

// sign draws something like a signature that begins at the point.
func sign(img draw.Image, x, y int) {
	for i := range 2400 {
		t := float64(i) / 2400 * 6 * math.Pi
		px := x + int(t*19+22*math.Sin(2.1*t))
		py := y - int(38*math.Sin(t)*math.Exp(-t/16)+12*math.Cos(3*t))
		for dx := range 4 {
			for dy := range 4 {
				img.Set(px+dx, py+dy, color.Gray{Y: 30})
			}
		}
	}
}
