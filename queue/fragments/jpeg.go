package fragments

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"librarian/bots/files"
)

// Markers of JPEG, the second byte of each.
const (
	markStart     = 0xd8
	markEnd       = 0xd9
	markScan      = 0xda
	markJFIF      = 0xe0
	markAdobe     = 0xee
	markComment   = 0xfe
	jfifLength    = 14         // bytes without a thumbnail
	adobeLength   = 12         // bytes that mean something
	mostJPEGPixel = 64_000_000 // as many as are decoded of other types
)

var errJPEG = errors.New("not a whole jpeg of a kind that a pdf may hold")

// bare is a JPEG without all that is not the picture: no EXIF, XMP, comment or thumbnail, nothing behind its end. The compressed picture is unchanged.
type bare struct {
	data                 []byte
	width, height, parts int  // parts is the number of colours
	adobe                bool // says of four colours that they are inverted
}

// strip makes a JPEG bare. Baseline and progressive ones of eight bits are taken, grey, in colour and CMYK.
func strip(data []byte) (bare, error) {
	if len(data) < 4 || data[0] != 0xff || data[1] != markStart {
		return bare{}, errJPEG
	}
	b := bare{data: make([]byte, 0, len(data))}
	b.data = append(b.data, data[:2]...)
	for rest := data[2:]; ; {
		mark, segment, after, err := nextSegment(rest)
		if err != nil {
			return bare{}, err
		}
		if mark == markEnd {
			b.data = append(b.data, 0xff, markEnd)
			return b, b.check()
		}
		if err := b.take(mark, segment); err != nil {
			return bare{}, err
		}
		if mark == markScan {
			n := scanLength(after)
			b.data = append(b.data, after[:n]...)
			after = after[n:]
		}
		rest = after
	}
}

// nextSegment cuts off a marker with its segment, which begins with its length.
func nextSegment(data []byte) (mark byte, segment, after []byte, err error) {
	if len(data) < 2 || data[0] != 0xff {
		return 0, nil, nil, errJPEG
	}
	for len(data) > 2 && data[1] == 0xff { // fill bytes
		data = data[1:]
	}
	mark = data[1]
	if mark == markEnd {
		return mark, nil, nil, nil
	}
	if len(data) < 4 {
		return 0, nil, nil, errJPEG
	}
	end := 2 + int(binary.BigEndian.Uint16(data[2:]))
	if end < 4 || end > len(data) {
		return 0, nil, nil, errJPEG
	}
	return mark, data[2:end], data[end:], nil
}

// scanLength is how far compressed bytes go: to the next marker that is not a restart.
func scanLength(data []byte) int {
	for i := 0; i+1 < len(data); i++ {
		next := bytes.IndexByte(data[i:], 0xff)
		if next < 0 || i+next+1 >= len(data) {
			break
		}
		i += next
		if mark := data[i+1]; mark != 0 && mark != 0xff && (mark < 0xd0 || mark > 0xd7) {
			return i
		}
	}
	return len(data)
}

// take keeps a segment that the picture is drawn by.
func (b *bare) take(mark byte, segment []byte) error {
	switch {
	case mark == markJFIF && bytes.HasPrefix(segment[2:], []byte("JFIF\x00")) && len(segment) >= 2+jfifLength:
		b.put(mark, append(bytes.Clone(segment[2:jfifLength]), 0, 0)) // the thumbnail's sides
	case mark == markAdobe && bytes.HasPrefix(segment[2:], []byte("Adobe")) && len(segment) >= 2+adobeLength:
		b.adobe = true
		b.put(mark, segment[2:2+adobeLength])
	case mark >= markJFIF && mark <= 0xef || mark == markComment:
	case mark == 0xc0 || mark == 0xc1 || mark == 0xc2: // frames of the kinds that are taken
		if b.width != 0 || len(segment) < 8 || segment[2] != 8 {
			return errJPEG
		}
		b.height, b.width, b.parts = int(binary.BigEndian.Uint16(segment[3:])), int(binary.BigEndian.Uint16(segment[5:])), int(segment[7])
		b.put(mark, segment[2:])
	case mark == 0xc4 || mark == 0xdb || mark == 0xdd || mark == markScan: // tables, restarts
		b.put(mark, segment[2:])
	default:
		return errJPEG
	}
	return nil
}

func (b *bare) put(mark byte, body []byte) {
	b.data = append(binary.BigEndian.AppendUint16(append(b.data, 0xff, mark), uint16(len(body)+2)), body...)
}

func (b *bare) check() error {
	switch {
	case b.width == 0 || b.height == 0 || b.parts != 1 && b.parts != 3 && b.parts != 4:
		return errJPEG
	case b.width > mostJPEGPixel/b.height:
		return files.ErrTooManyPixels
	}
	return nil
}

// drawn is the picture as a PDF holds it, shown by its orientation.
func (b *bare) drawn(turn int) drawing {
	colours := map[int]string{1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}[b.parts]
	if b.parts == 4 && b.adobe {
		colours += " /Decode [1 0 1 0 1 0 1 0]"
	}
	return drawing{b.width, b.height, turn, fmt.Sprintf("/ColorSpace %s /BitsPerComponent 8 /Filter /DCTDecode", colours), b.data}
}
