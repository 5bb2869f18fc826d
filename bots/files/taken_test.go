package files

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// snapped puts an EXIF block into a JPEG that tells when it was taken: the time, the digits after the second and the zone, each left out where it is empty.
func snapped(img []byte, at, fraction, zone string) []byte {
	order := binary.BigEndian
	type tag struct {
		id    uint16
		value string
	}
	var tags []tag
	for _, t := range []tag{{0x9003, at}, {0x9011, zone}, {0x9291, fraction}} {
		if t.value != "" {
			tags = append(tags, tag{t.id, t.value + "\x00"})
		}
	}
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01")
	tiff = order.AppendUint32(order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x8769), 4), 1), 26)
	tiff = order.AppendUint16(order.AppendUint32(tiff, 0), uint16(len(tags)))
	beside := len(tiff) + 12*len(tags) + 4
	var values []byte
	for _, t := range tags {
		tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, t.id), 2), uint32(len(t.value)))
		if len(t.value) <= 4 {
			tiff = append(tiff, append([]byte(t.value), 0, 0, 0)[:4]...)
			continue
		}
		tiff = order.AppendUint32(tiff, uint32(beside+len(values)))
		values = append(values, t.value...)
	}
	exif := bytes.Join([][]byte{[]byte("Exif\x00\x00"), order.AppendUint32(tiff, 0), values}, nil)
	segment := order.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return bytes.Join([][]byte{img[:2], segment, exif, img[2:]}, nil)
}

// TestWhenAPictureWasTaken: what the camera says comes with the look at it, and is kept.
func TestWhenAPictureWasTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	i := NewInspector(b.Store, nil, self(t, "decode"))
	plain := asJPEG(t, page(700, 900, 30, 235))
	for name, c := range map[string]struct {
		at, fraction, zone string
		want               string // empty: nothing
		east               int
	}{
		"all":               {"2026:03:02 12:00:59", "123", "+09:00", "2026-03-02T12:00:59.000123Z", 540},
		"west":              {"2026:03:02 12:00:59", "", "-03:30", "2026-03-02T12:00:59Z", -210},
		"no zone":           {"2026:03:02 12:00:59", "05", "", "2026-03-02T12:00:59.000005Z", 0},
		"long fraction":     {"2026:03:02 12:00:59", "123456789", "", "2026-03-02T12:00:59.123456Z", 0},
		"odd zone":          {"2026:03:02 12:00:59", "", "noon", "2026-03-02T12:00:59Z", 0},
		"clock never set":   {"0000:00:00 00:00:00", "12", "+09:00", "", 0},
		"before cameras":    {"1904:01:01 00:00:00", "", "", "", 0},
		"no time at all":    {"", "12", "+09:00", "", 0},
		"words for a time":  {"in the afternoon!!!", "", "", "", 0},
		"impossible month":  {"2026:13:02 12:00:59", "", "", "", 0},
		"zone beyond earth": {"2026:03:02 12:00:59", "", "+23:00", "2026-03-02T12:00:59Z", 0},
	} {
		found, err := i.Inspect(t.Context(), b.lib, b.put(t, name, snapped(plain, c.at, c.fraction, c.zone)).ID)
		must(t, err)
		got, east := "", 0
		if found.TakenAt != nil {
			got = found.TakenAt.Format(time.RFC3339Nano)
		}
		if found.TakenEast != nil {
			east = *found.TakenEast
		}
		if got != c.want || east != c.east || found.Problem != NoProblem {
			t.Errorf("%s: %q, %d minutes east, problem %q", name, got, east, found.Problem)
		}
		again, err := i.Inspect(t.Context(), b.lib, found.FileID)
		if err != nil || found.TakenAt != nil && (again.TakenAt == nil || !again.TakenAt.Equal(*found.TakenAt)) {
			t.Errorf("%s: kept as %v, %v", name, again.TakenAt, err)
		}
	}
}

// TestAChildCannotMakeUpATime that the database would not take.
func TestAChildCannotMakeUpATime(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]bool{
		`{"taken":"9999-12-31T00:00:00Z"}`: false, `{"taken":"0001-01-01T00:00:00Z"}`: false, `{"taken_east":90}`: false, `{"taken":"2026-03-02T12:00:00Z"}`: true,
	} {
		pic := parsePicture([]byte(reply + "\n"))
		if pic.Problem != NoProblem || (pic.TakenAt != nil) != want || pic.TakenEast != nil {
			t.Errorf("%s: %+v", reply, pic)
		}
	}
}
