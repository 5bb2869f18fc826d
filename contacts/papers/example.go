package papers

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// Example is a picture that shows how a photo of a paper should look, beside how it should not.
type Example string

// The examples, each for one thing that goes wrong.
const (
	ExampleWhole  Example = "whole"  // the whole sheet is in the picture
	ExampleCloser Example = "closer" // the sheet fills it
	ExampleLight  Example = "light"
	ExampleSharp  Example = "sharp"
	ExampleSigned Example = "signed" // something stands in the field for the signature
	ExampleCode   Example = "code"   // nothing lies on the code
	ExampleOurs   Example = "ours"   // the paper that we drew and no other
	ExamplePhoto  Example = "photo"  // a photo, not some other file
)

// Examples are all of them.
func Examples() []Example {
	return []Example{ExampleWhole, ExampleCloser, ExampleLight, ExampleSharp, ExampleSigned, ExampleCode, ExampleOurs, ExamplePhoto}
}

// The picture, in pixels: two photos beside each other, with a mark under each.
const (
	exampleWide = 960
	exampleHigh = 720
	panelWide   = exampleWide / 2
	photoLeft   = 28 // in its panel
	photoTop    = 28
	photoWide   = panelWide - 2*photoLeft
	photoHigh   = 560
	markMiddle  = 654 // of its height
	markRadius  = 46
)

// exampleColours are few and plain: the picture stays small, and is understood without them too.
type exampleColours struct{ ground, table, paper, ink, pale, pen, wrong, right, skin, nail, file color.RGBA }

func coloursOfExample() exampleColours {
	return exampleColours{
		ground: color.RGBA{0xf3, 0xf4, 0xf2, 0xff}, table: color.RGBA{0xb4, 0x8a, 0x62, 0xff}, paper: color.RGBA{0xfd, 0xfd, 0xfb, 0xff},
		ink: color.RGBA{0x22, 0x28, 0x2c, 0xff}, pale: color.RGBA{0xa6, 0xad, 0xb0, 0xff}, pen: color.RGBA{0x1d, 0x3f, 0xa8, 0xff},
		wrong: color.RGBA{0xb3, 0x26, 0x1e, 0xff}, right: color.RGBA{0x1f, 0x7a, 0x3d, 0xff}, skin: color.RGBA{0xe0, 0xa8, 0x85, 0xff}, nail: color.RGBA{0xf3, 0xcf, 0xb8, 0xff},
		file: color.RGBA{0x6d, 0x7f, 0x8a, 0xff},
	}
}

// DrawExample draws the picture as a PNG of 960 by 720 pixels without a word in it: at the left, over a cross, how not to do it, at the right, over a tick,
// how.
func DrawExample(e Example) ([]byte, error) {
	if !slices.Contains(Examples(), e) {
		return nil, fmt.Errorf("draw example: %q is unknown", e)
	}
	c := coloursOfExample()
	img := image.NewRGBA(image.Rect(0, 0, exampleWide, exampleHigh))
	paint(img, img.Bounds(), c.ground)
	for i, draw := range []func(Example) (*image.RGBA, error){badPhoto, goodPhoto} {
		photo, err := draw(e)
		if err != nil {
			return nil, fmt.Errorf("draw example %s: %w", e, err)
		}
		put(img, photo, image.Pt(i*panelWide+photoLeft, photoTop))
	}
	cross(img, panelWide/2, markMiddle, c)
	tick(img, panelWide+panelWide/2, markMiddle, c)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img); err != nil {
		return nil, fmt.Errorf("draw example %s: %w", e, err)
	}
	return out.Bytes(), nil
}

// How a photo is taken: pixels to the millimetre, and where the sheet's corner comes to lie.
type shot struct{ scale, x, y float64 }

func wholeSheet() shot { return shot{1.78, 25, 16} }

func goodPhoto(e Example) (*image.RGBA, error) {
	look := sheetLook{code: true, signed: true}
	if e == ExampleSigned || e == ExampleCode {
		return takeWithFoot(look)
	}
	return takePhoto(wholeSheet(), look)
}

func badPhoto(e Example) (*image.RGBA, error) {
	look := sheetLook{code: true, signed: true}
	switch e {
	case ExampleWhole:
		return takePhoto(shot{2.35, 96, -250}, look)
	case ExampleCloser:
		return takePhoto(shot{0.6, 165, 170}, look)
	case ExampleSigned:
		return takeWithFoot(sheetLook{code: true})
	case ExampleCode:
		return takeWithFoot(sheetLook{code: true, signed: true, finger: true})
	case ExampleOurs:
		return takePhoto(wholeSheet(), sheetLook{signed: true})
	case ExamplePhoto:
		return noPhoto(), nil
	}
	img, err := takePhoto(wholeSheet(), look)
	if err != nil {
		return nil, err
	}
	if e == ExampleLight {
		darken(img)
	} else {
		blur(img)
	}
	return img, nil
}
