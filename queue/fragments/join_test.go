package fragments

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// lain is an upright picture as it lies in a file of the EXIF orientation, by the standard's words on where its first row and column are seen.
func lain(upright *image.RGBA, orientation int) *image.RGBA {
	w, h := upright.Rect.Dx(), upright.Rect.Dy()
	right, bottom := slices.Contains([]int{2, 3, 6, 7}, orientation), slices.Contains([]int{3, 4, 7, 8}, orientation)
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			vx, vy := x, y
			if orientation >= 5 {
				vx, vy = y, x
			}
			if right {
				vx = w - 1 - vx
			}
			if bottom {
				vy = h - 1 - vy
			}
			out.SetRGBA(x, y, upright.RGBAAt(vx, vy))
		}
	}
	return out
}

// secret is what a file tells of its maker and must tell nobody else.
const secret = "GPS 62.0355 N"

// tagged puts an EXIF block, an XMP packet and a comment into a JPEG, and bytes behind its end.
func tagged(jpeg []byte, orientation int) []byte {
	order := binary.LittleEndian
	exif := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00")
	exif = order.AppendUint16(exif, 0x0112)
	exif = order.AppendUint16(exif, 3)
	exif = order.AppendUint32(exif, 1)
	exif = order.AppendUint32(exif, uint32(orientation))
	exif = append(order.AppendUint32(exif, 0), secret...)
	out := slices.Clone(jpeg[:2])
	for _, s := range []struct {
		mark byte
		body []byte
	}{{0xe1, exif}, {0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00" + secret)}, {0xed, []byte(secret)}, {0xfe, []byte(secret)}} {
		out = append(binary.BigEndian.AppendUint16(append(out, 0xff, s.mark), uint16(len(s.body)+2)), s.body...)
	}
	return append(append(out, jpeg[2:]...), secret...)
}

func TestPagesStandUprightAndInOrder(t *testing.T) {
	t.Parallel()
	var pages []Page
	var want []image.Image
	for orientation := 1; orientation <= 8; orientation++ {
		upright := motley(300, 420, uint32(orientation))
		for i, side := range []int{1, 8, 3, 6} { // what is turned by 0, 90, 180, 270 degrees looks like a file of this orientation does before it is turned
			data := tagged(asJPEG(t, lain(upright, orientation)), orientation)
			pages = append(pages, page("image/jpeg", data, 90*i))
			want = append(want, lain(upright, side))
		}
	}
	pdf, sizes := join(t, pages...)
	if len(sizes.Pages) != len(pages) || sizes.Front == 0 {
		t.Fatalf("%+v", sizes)
	}
	if info := string(poppler(t, pdf, "pdfinfo", "-")); !strings.Contains(info, fmt.Sprintf("Pages:           %d\n", len(pages)+1)) {
		t.Errorf("%s", info)
	}
	for i, img := range want {
		if d := far(shown(t, pdf, i+2, 420), img); d > 8 {
			t.Errorf("page %d, orientation %d, turned by %d: differs by %.1f", i, i/4+1, i%4*90, d)
		}
	}
	if bytes.Contains(pdf, []byte(secret)) {
		t.Error("the file tells where it was made")
	}
}

func TestPicturesAreNotCompressedAgain(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, motley(500, 700, 9))
	golden := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(goroot(t), "src", "image", "testdata", name))
		must(t, err)
		return data
	}
	sources := [][]byte{plain, golden("video-001.progressive.jpeg"), golden("video-001.cmyk.jpeg"), golden("video-005.gray.jpeg"), golden("video-001.restart2.jpeg"), golden("video-001.rgb.jpeg"), golden("video-001.q50.410.jpeg")}
	var pages []Page
	for i, data := range sources {
		pages = append(pages, page("image/jpeg", tagged(data, 1+i), 0))
	}
	pdf, _ := join(t, pages...)
	for i, data := range sources {
		img := shown(t, pdf, i+2, 300)
		n := fmt.Sprint(i + 2)
		dir := t.TempDir()
		poppler(t, pdf, "pdfimages", "-all", "-f", n, "-l", n, "-", filepath.Join(dir, "p"))
		found, err := os.ReadFile(filepath.Join(dir, "p-000.jpg"))
		must(t, err)
		at := func(b []byte) []byte { return b[bytes.Index(b, []byte{0xff, 0xda}):] }
		if !bytes.Equal(at(found), at(data)) {
			t.Errorf("picture %d: %d compressed bytes became %d", i, len(at(data)), len(at(found)))
		}
		if bytes.Contains(found, []byte(secret)) {
			t.Errorf("picture %d tells of its maker", i)
		}
		want, _, err := image.Decode(bytes.NewReader(data))
		must(t, err)
		most := 14.0 // of small pictures that are shown larger
		if _, ink := want.(*image.CMYK); ink {
			most = 25 // programs mix inks differently
		}
		if d := far(img, asRGBA(want, i+1)); d > most {
			t.Errorf("picture %d differs by %.1f", i, d)
		}
	}
}

// asRGBA is a picture shown by the orientation.
func asRGBA(img image.Image, orientation int) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(x, y, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return lain(out, []int{0, 1, 2, 3, 4, 5, 8, 7, 6}[orientation])
}

func TestPagesAreAsWideAsPaper(t *testing.T) {
	t.Parallel()
	pdf, _ := join(t, page("image/jpeg", asJPEG(t, motley(600, 900, 1)), 0), page("image/jpeg", asJPEG(t, motley(900, 600, 1)), 0),
		page("image/jpeg", asJPEG(t, motley(900, 600, 1)), 90), page("image/jpeg", asJPEG(t, motley(10, 3000, 1)), 0))
	info := string(poppler(t, pdf, "pdfinfo", "-f", "1", "-l", "9", "-"))
	for _, want := range []string{
		"Page    1 size:  595.28 x 841.89 pts (A4)", "Page    2 size:  595.28 x 892.91", "Page    3 size:  841.89 x 561.26", "Page    4 size:  595.28 x 892.91",
		"Page    5 size:  48 x 14400",
	} {
		if !strings.Contains(strings.ReplaceAll(info, "   ", "  "), strings.ReplaceAll(want, "   ", "  ")) {
			t.Errorf("no %q in %s", want, info)
		}
	}
}

func TestFaultsNameTheirPage(t *testing.T) {
	t.Parallel()
	good := page("image/jpeg", asJPEG(t, motley(60, 80, 1)), 0)
	whole := asJPEG(t, motley(600, 800, 1))
	var book bytes.Buffer
	_, err := joiner(t, "join").Join(t.Context(), front(), []Page{good}, &book)
	must(t, err)
	for title, c := range map[string]struct {
		page  Page
		fault Fault
	}{
		"a letter":          {page("text/plain", []byte("hello"), 0), FaultKind},
		"an odd turn":       {page("image/jpeg", whole, 45), FaultTurn},
		"turned too far":    {page("image/jpeg", whole, 360), FaultTurn},
		"cut short":         {page("image/jpeg", whole[:len(whole)/2], 0), FaultBroken},
		"nothing":           {page("image/jpeg", nil, 0), FaultBroken},
		"no jpeg":           {page("image/jpeg", []byte("hello"), 0), FaultBroken},
		"no png":            {page("image/png", whole, 0), FaultBroken},
		"an unknown type":   {page("image/x-portable-pixmap", whole, 0), FaultBroken},
		"a huge jpeg":       {page("image/jpeg", resized(whole, 65000), 0), FaultTooLarge},
		"no page of a pdf":  {sheetOf(book.Bytes(), 0, 0), FaultNoPage},
		"a page too many":   {sheetOf(book.Bytes(), 3, 0), FaultNoPage},
		"no pdf":            {sheetOf(whole, 1, 0), FaultBroken},
		"an empty pdf":      {sheetOf([]byte("%PDF-1.7\n"), 1, 0), FaultBroken},
		"more than we take": {endless(), FaultTooLarge},
	} {
		_, err := joiner(t, "join").Join(t.Context(), front(), []Page{good, good, c.page, good}, io.Discard)
		var got *PageError
		if !errors.As(err, &got) || got.Page != 2 || got.Fault != c.fault {
			t.Errorf("%s: %v", title, err)
		}
	}
}

// resized is a JPEG that says to be a square of that side.
func resized(jpeg []byte, side int) []byte {
	out := slices.Clone(jpeg)
	at := bytes.Index(out, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(out[at+5:], uint16(side))
	binary.BigEndian.PutUint16(out[at+7:], uint16(side))
	return out
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func endless() Page {
	return Page{Media: "image/png", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(zeros{}), nil }}
}

func TestAChildThatFails(t *testing.T) {
	t.Parallel()
	for how, fault := range map[string]Fault{"hang": FaultTooLarge, "die": FaultBroken, "hoard": FaultTooLarge} {
		j := joiner(t, how)
		if how == "hang" {
			j.timeout = 15 * time.Second // its greeting takes some under the race detector
		}
		_, err := j.Join(t.Context(), front(), []Page{page("image/jpeg", []byte("x"), 0)}, io.Discard)
		var got *PageError
		if !errors.As(err, &got) || got.Page != 0 || got.Fault != fault {
			t.Errorf("%s: %v", how, err)
		}
	}
	var fault *PageError
	if _, err := joiner(t, "mute").Join(t.Context(), front(), nil, io.Discard); err == nil || errors.As(err, &fault) {
		t.Errorf("a child without a greeting: %v", err)
	}
	j := joiner(t)
	j.command = []string{"/nowhere/librarian"}
	if _, err := j.Join(t.Context(), front(), nil, io.Discard); err == nil || errors.As(err, &fault) {
		t.Errorf("no child: %v", err)
	}
}

var errTest = errors.New("the store is away")

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errTest }
func (failing) Write([]byte) (int, error) { return 0, errTest }
func (failing) Close() error              { return nil }

func TestWhatIsNoFaultOfAPage(t *testing.T) {
	t.Parallel()
	good := page("image/jpeg", asJPEG(t, motley(60, 80, 1)), 0)
	j := joiner(t, "join")
	var fault *PageError
	check := func(title string, ctx context.Context, p Page, out io.Writer, want error) {
		if _, err := j.Join(ctx, front(), []Page{good, p}, out); !errors.Is(err, want) || errors.As(err, &fault) {
			t.Errorf("%s: %v", title, err)
		}
	}
	unopened, unread, stopped := good, good, good
	unopened.Open = func(context.Context) (io.ReadCloser, error) { return nil, errTest }
	unread.Open = func(context.Context) (io.ReadCloser, error) { return failing{}, nil }
	ctx, stop := context.WithCancel(t.Context())
	stopped.Open = func(context.Context) (io.ReadCloser, error) {
		stop()
		return io.NopCloser(zeros{}), nil
	}
	check("a page that is not opened", t.Context(), unopened, io.Discard, errTest)
	check("a page that is not read", t.Context(), unread, io.Discard, errTest)
	check("a pdf that is not written", t.Context(), good, failing{}, errTest)
	check("a stop", ctx, stopped, io.Discard, context.Canceled)
	check("after a stop", ctx, good, io.Discard, context.Canceled)
	if _, err := j.Join(t.Context(), front(), []Page{good}, io.Discard); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestTheSamePagesGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	p := page("image/jpeg", asJPEG(t, motley(60, 80, 1)), 0)
	once, sizes := join(t, p, p)
	again, _ := join(t, p, p)
	if !bytes.Equal(once, again) {
		t.Error("they differ")
	}
	if parts, err := Split(sizes, int64(len(once))+bookExtra); err != nil || len(parts) != 1 {
		t.Errorf("%d bytes, sizes %v: %v, %v", len(once), sizes, parts, err)
	}
}
