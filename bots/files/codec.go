package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	"github.com/gen2brain/heic"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// maxPixels is refused before decoding when exceeded; a phone's largest photo has 50 million.
const maxPixels = 64_000_000

// codec is how one type is read. config must be what the decoder itself allocates by, or a picture with two sizes passes for a small one.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	format imagemeta.ImageFormat // of its EXIF block; ImageFormatAuto where none is heeded
}

func codecOf(media string) (codec, bool) {
	switch media {
	case "image/jpeg":
		return codec{jpeg.DecodeConfig, jpeg.Decode, imagemeta.JPEG}, true
	case "image/png":
		return codec{png.DecodeConfig, png.Decode, imagemeta.PNG}, true
	case "image/gif":
		return codec{gif.DecodeConfig, gif.Decode, imagemeta.ImageFormatAuto}, true
	case "image/webp":
		return codec{webp.DecodeConfig, webp.Decode, imagemeta.WebP}, true
	case "image/tiff":
		return codec{tiff.DecodeConfig, tiff.Decode, imagemeta.TIFF}, true
	case "image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence":
		return codec{heicConfig, heicDecode, imagemeta.ImageFormatAuto}, true // libheif turns it by itself; EXIF only repeats that
	}
	return codec{}, false
}

// heicConfig reads the size from the container: the package's own DecodeConfig fails where the header is long.
func heicConfig(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	found, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: imagemeta.HEIF, Sources: imagemeta.CONFIG,
	})
	if err != nil {
		return image.Config{}, err
	}
	return image.Config{Width: found.ImageConfig.Width, Height: found.ImageConfig.Height}, nil
}

// heicDecode uses the decoder that is compiled to WebAssembly. Built without the tag "nodynamic" the package loads libheif.so where it finds one,
// and then hostile bytes would go to native code: refused.
func heicDecode(r io.Reader) (image.Image, error) {
	if heic.Dynamic() == nil {
		return nil, errors.New("built without the tag nodynamic beside libheif.so")
	}
	return heic.Decode(r)
}

// Whole is a picture decoded in its full size.
type Whole struct {
	Image         image.Image
	Turn          int // EXIF orientation, 1 to 8, by which it is yet to be brought upright
	Width, Height int // pixels, upright
}

// DecodeWhole decodes a picture of a type that the store knows as an image; of several in one file the first. Only a process that is confined may call
// it: the bytes are other people's. ErrTooManyPixels, with the size, says that it has more pixels than are decoded.
func DecodeWhole(media string, data []byte) (Whole, error) {
	c, ok := codecOf(media)
	if !ok {
		return Whole{}, fmt.Errorf("decode %s: no codec", media)
	}
	size, err := c.config(bytes.NewReader(data))
	if err != nil {
		return Whole{}, fmt.Errorf("measure %s: %w", media, err)
	}
	if size.Width <= 0 || size.Height <= 0 {
		return Whole{}, fmt.Errorf("measure %s: no size", media)
	}
	w := Whole{Width: size.Width, Height: size.Height, Turn: orientation(c.format, data)}
	if w.Turn >= 5 {
		w.Width, w.Height = size.Height, size.Width
	}
	if size.Width > maxPixels/size.Height {
		return w, ErrTooManyPixels
	}
	if w.Image, err = c.decode(bytes.NewReader(data)); err != nil {
		return w, fmt.Errorf("decode %s: %w", media, err)
	}
	if w.Turn == 1 { // a decoder that turns by itself is believed
		w.Width, w.Height = w.Image.Bounds().Dx(), w.Image.Bounds().Dy()
	}
	return w, nil
}

func decodeImage(media string, data []byte, p patience) (Picture, error) {
	whole, err := DecodeWhole(media, data)
	pic := Picture{Width: whole.Width, Height: whole.Height, Taken: takenOf(media, data)}
	if err != nil {
		return pic, err
	}
	searching, stop := context.WithTimeout(context.Background(), p.page)
	defer stop()
	seen, err := look(searching, whole.Image, whole.Turn)
	if err != nil {
		return pic, err
	}
	if seen.turn >= 5 {
		pic.Width, pic.Height = pic.Height, pic.Width
	}
	pic.Views = []View{seen}
	return pic, nil
}

// Orientation is the EXIF one of a JPEG, 1 to 8; 1 where there is none or it makes no sense. Only a process that is confined may call it.
func Orientation(jpeg []byte) int { return orientation(imagemeta.JPEG, jpeg) }

// orientation is the EXIF one, 1 to 8; 1 where there is none or it makes no sense.
func orientation(format imagemeta.ImageFormat, data []byte) int {
	turn := 1
	if format == imagemeta.ImageFormatAuto {
		return turn
	}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if n, ok := tag.Value.(uint16); ok && n >= 1 && n <= 8 {
				turn = int(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 1 // a picture with a broken EXIF block is still a picture
	}
	return turn
}
