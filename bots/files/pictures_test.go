package files

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
)

// page is a white sheet with lines of dark strokes, as print looks from afar; ink and paper are greys.
func page(w, h int, ink, paper uint8) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = paper
	}
	for y := h / 10; y < h*9/10; y++ {
		for x := w / 10; x < w*9/10; x++ {
			if y/12%2 == 0 && (x*7/9+y/24*5)%11 < 5 {
				img.Pix[y*img.Stride+x] = ink
			}
		}
	}
	return img
}

// blurred loses all that is finer than so many pixels.
func blurred(img *image.Gray, by int) *image.Gray {
	small := image.NewGray(image.Rect(0, 0, img.Rect.Dx()/by, img.Rect.Dy()/by))
	draw.CatmullRom.Scale(small, small.Rect, img, img.Rect, draw.Src, nil)
	big := image.NewGray(img.Rect)
	draw.CatmullRom.Scale(big, big.Rect, small, small.Rect, draw.Src, nil)
	return big
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}))
	return out.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, png.Encode(&out, img))
	return out.Bytes()
}

func asGIF(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, gif.Encode(&out, img, nil))
	return out.Bytes()
}

func asTIFF(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, tiff.Encode(&out, img, nil))
	return out.Bytes()
}

// maker is what an EXIF block says of the camera.
const maker = "~Q~\x00"

// turned puts an EXIF block with an orientation, and the camera's maker, into a JPEG.
func turned(img []byte, orientation uint16) []byte {
	order := binary.LittleEndian
	exif := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00")
	for _, tag := range []struct {
		id, kind uint16
		count    uint32
		value    [4]byte
	}{
		{0x010f, 2, 4, [4]byte([]byte(maker))},
		{0x0112, 3, 1, [4]byte{byte(orientation)}},
	} {
		exif = order.AppendUint16(exif, tag.id)
		exif = order.AppendUint16(exif, tag.kind)
		exif = order.AppendUint32(exif, tag.count)
		exif = append(exif, tag.value[:]...)
	}
	exif = order.AppendUint32(exif, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return bytes.Join([][]byte{img[:2], segment, exif, img[2:]}, nil)
}

// corner is a picture whose upper left quarter is black, sent in the given orientation.
func corner(orientation int) image.Image {
	w, h := 800, 600
	if orientation >= 5 {
		w, h = h, w
	}
	x := map[int]bool{2: true, 3: true, 7: true, 6: false, 8: true}[orientation]
	y := map[int]bool{3: true, 4: true, 7: true, 6: true, 8: false}[orientation]
	img := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	black := image.Rect(0, 0, w/2, h/2)
	if x {
		black = black.Add(image.Pt(w/2, 0))
	}
	if y {
		black = black.Add(image.Pt(0, h/2))
	}
	draw.Draw(img, black, image.Black, image.Point{}, draw.Src)
	return img
}

// bombPNG says in its head that it is huge; its one data chunk is short.
func bombPNG(w, h uint32) []byte {
	chunk := func(name string, body []byte) []byte {
		out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		named := append([]byte(name), body...)
		return binary.BigEndian.AppendUint32(append(out, named...), crc32.ChecksumIEEE(named))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return bytes.Join([][]byte{
		[]byte("\x89PNG\r\n\x1a\n"),
		chunk("IHDR", append(head, 8, 6, 0, 0, 0)),
		chunk("IDAT", []byte{0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1}),
		chunk("IEND", nil),
	}, nil)
}

// blankPDF has pages that are empty but for a black square on each.
func blankPDF(pages int) []byte {
	var out bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	out.WriteString("%PDF-1.4\n")
	kids := ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 4+i)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object(fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", pages, kids))
	square := "0 0 0 rg 100 100 200 200 re f"
	object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(square), square))
	for range pages {
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R >>")
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return out.Bytes()
}

func greyAt(img image.Image, x, y int) uint8 {
	return color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y
}
