package fragments

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"testing"

	"github.com/gen2brain/heic"
	"golang.org/x/image/tiff"
)

func encoded(t testing.TB, encode func(out *bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, encode(&out))
	return out.Bytes()
}

func TestEveryTypeOfPictureBecomesAPage(t *testing.T) {
	t.Parallel()
	img := motley(640, 480, 5)
	webp := moduleFile(t, "golang.org/x/image", "blue-purple-pink.lossy.webp")
	lossless, err := png.Decode(bytes.NewReader(moduleFile(t, "golang.org/x/image", "blue-purple-pink.png")))
	must(t, err)
	bare := image.NewNRGBA(image.Rect(0, 0, 40, 40)) // see-through: seen as white
	white := image.NewRGBA(bare.Rect)
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	for title, c := range map[string]struct {
		media string
		data  []byte
		want  image.Image
	}{
		"png":         {"image/png", encoded(t, func(out *bytes.Buffer) error { return png.Encode(out, img) }), img},
		"see-through": {"image/png", encoded(t, func(out *bytes.Buffer) error { return png.Encode(out, bare) }), white},
		"gif":         {"image/gif", encoded(t, func(out *bytes.Buffer) error { return gif.Encode(out, img, nil) }), img},
		"tiff":        {"image/tiff", encoded(t, func(out *bytes.Buffer) error { return tiff.Encode(out, img, nil) }), img},
		"webp":        {"image/webp", webp, lossless},
	} {
		pdf, _ := join(t, page(c.media, c.data, 0))
		if d := far(shown(t, pdf, 2, 640), c.want); d > 16 {
			t.Errorf("%s differs by %.1f", title, d)
		}
	}
}

func TestTextInBlackAndWhiteStaysSharp(t *testing.T) {
	t.Parallel()
	img := image.NewGray(image.Rect(0, 0, 1003, 1400))
	for y := range 1400 {
		for x := range 1003 {
			if (x/67*5+y/93*3)%4 > 0 {
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	data := encoded(t, func(out *bytes.Buffer) error { return png.Encode(out, img) })
	pdf, sizes := join(t, page("image/png", data, 0))
	if d := far(shown(t, pdf, 2, 1400), img); d > 4 {
		t.Errorf("differs by %.1f", d)
	}
	if jpeg := asJPEG(t, img); sizes.Pages[0] > int64(len(jpeg))/5 {
		t.Errorf("takes %d bytes, as JPEG %d", sizes.Pages[0], len(jpeg))
	}
}

func needsHEIC(t testing.TB) {
	t.Helper()
	if heic.Dynamic() == nil {
		if os.Getenv("CI") != "" {
			t.Fatal("built without the tag nodynamic beside libheif.so")
		}
		t.Skip("built without the tag nodynamic beside libheif.so: HEIC is refused")
	}
}

func TestHEICBecomesAPage(t *testing.T) {
	t.Parallel()
	needsHEIC(t)
	data := photoHEIC(t, 700, 550, 1)
	want, err := heic.Decode(bytes.NewReader(data))
	must(t, err)
	pdf, _ := join(t, page("image/heic", data, 0), page("image/heic", photoHEIC(t, 700, 550, 2), 90))
	if d := far(shown(t, pdf, 2, 700), want); d > 6 {
		t.Errorf("differs by %.1f", d)
	}
	if d := far(shown(t, pdf, 3, 700), asRGBA(want, 6)); d < 20 {
		t.Error("the second photo is the first")
	}
}
