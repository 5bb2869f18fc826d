package files

import (
	"bytes"
	"strings"
	"time"

	"github.com/bep/imagemeta"
)

// Taken is when a picture was taken, as its camera tells.
type Taken struct {
	TakenAt   *time.Time `json:"taken,omitempty" db:"taken"`           // date and time that its clock showed, as if it were of UTC; nil: not known
	TakenEast *int       `json:"taken_east,omitempty" db:"taken_east"` // minutes by which that clock is before UTC; nil: it does not say
}

const (
	exifTime     = "2006:01:02 15:04:05"
	mostEast     = 18 * 60
	firstCameras = 1990 // a clock that shows an earlier year, or one of the next century, was never set
	lastCameras  = 2100
)

// takenOf reads the EXIF of a picture: DateTimeOriginal, its fraction and its zone. A broken block tells nothing.
func takenOf(media string, data []byte) (t Taken) {
	format := imagemeta.HEIF
	if c, ok := codecOf(media); ok && c.format != imagemeta.ImageFormatAuto {
		format = c.format
	} else if !strings.HasPrefix(media, "image/hei") {
		return t
	}
	var said struct {
		at, east string
		fraction int
	}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return strings.HasPrefix(tag.Namespace, "IFD0/Exif") && strings.HasSuffix(tag.Tag, "TimeOriginal")
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			switch value := tag.Value.(type) {
			case string:
				if tag.Tag == "OffsetTimeOriginal" {
					said.east = value
				} else {
					said.at = value
				}
			case int:
				said.fraction = value
			}
			return nil
		},
	})
	if err != nil {
		return t
	}
	at, err := time.Parse(exifTime, said.at)
	if err != nil {
		return t
	}
	at = at.Add(fraction(said.fraction))
	t.TakenAt = &at
	if east, err := time.Parse("-07:00", said.east); err == nil {
		_, seconds := east.Zone()
		minutes := seconds / 60
		t.TakenEast = &minutes
	}
	return t.possible()
}

// fraction puts the digits after the second into it. The reader of EXIF has lost the zeros before them, and with them what they are parts of; one camera always
// writes as many, so that its pictures stand in order nevertheless.
func fraction(digits int) time.Duration {
	digits = max(digits, 0)
	for digits >= 1e6 {
		digits /= 1000
	}
	return time.Duration(digits) * time.Microsecond
}

// possible is nothing where no camera says so.
func (t Taken) possible() Taken {
	if t.TakenAt == nil || t.TakenAt.Year() < firstCameras || t.TakenAt.Year() > lastCameras {
		return Taken{}
	}
	if t.TakenEast != nil && (*t.TakenEast > mostEast || *t.TakenEast < -mostEast) {
		t.TakenEast = nil
	}
	at := t.TakenAt.UTC().Truncate(time.Microsecond) // as the database keeps it
	t.TakenAt = &at
	return t
}
