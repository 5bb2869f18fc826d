package fragments

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	"librarian/bots/files"
)

const grade = 90 // quality of a JPEG that is made of another type

// drawPicture makes a drawing of a picture's bytes: of a JPEG as it is, of others a JPEG of all their pixels, or black and white where they have no more.
func drawPicture(media string, data []byte) (drawing, error) {
	if media == jpegMedia {
		b, err := strip(data)
		if err != nil {
			return drawing{}, fmt.Errorf("strip: %w", err)
		}
		return b.drawn(files.Orientation(data)), nil
	}
	whole, err := files.DecodeWhole(media, data)
	if err != nil {
		return drawing{}, err
	}
	if grey, ok := whole.Image.(*image.Gray); ok && plain(grey) {
		return drawPlain(grey, whole.Turn)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, onWhite(whole.Image), &jpeg.Options{Quality: grade}); err != nil {
		return drawing{}, fmt.Errorf("encode: %w", err)
	}
	b, err := strip(out.Bytes())
	if err != nil {
		return drawing{}, fmt.Errorf("strip: %w", err)
	}
	return b.drawn(whole.Turn), nil
}

// onWhite is the picture without holes; what JPEG takes as it is stays so.
func onWhite(img image.Image) image.Image {
	if whole, ok := img.(interface{ Opaque() bool }); ok && whole.Opaque() {
		return img
	}
	to := image.NewRGBA(img.Bounds())
	draw.Draw(to, to.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(to, to.Rect, img, img.Bounds().Min, draw.Over)
	return to
}

// plain reports that the picture is only black and white, as scanners give text.
func plain(img *image.Gray) bool {
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for _, v := range img.Pix[img.PixOffset(img.Rect.Min.X, y):][:img.Rect.Dx()] {
			if v != 0 && v != 255 {
				return false
			}
		}
	}
	return true
}

// drawPlain keeps each pixel in one bit: JPEG would blur the letters and take ten times as much.
func drawPlain(img *image.Gray, turn int) (drawing, error) {
	var out bytes.Buffer
	packed := zlib.NewWriter(&out)
	row := make([]byte, (img.Rect.Dx()+7)/8)
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		clear(row)
		for x := range img.Rect.Dx() {
			if img.GrayAt(img.Rect.Min.X+x, y) == (color.Gray{Y: 255}) {
				row[x/8] |= 0x80 >> (x % 8)
			}
		}
		if _, err := packed.Write(row); err != nil {
			return drawing{}, fmt.Errorf("pack: %w", err)
		}
	}
	if err := packed.Close(); err != nil {
		return drawing{}, fmt.Errorf("pack: %w", err)
	}
	const entries = "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode"
	return drawing{img.Rect.Dx(), img.Rect.Dy(), turn, entries, out.Bytes()}, nil
}
