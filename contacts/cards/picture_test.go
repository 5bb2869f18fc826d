package cards

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/boombuler/barcode/code128"
	"pgregory.net/rapid"

	"librarian/contacts/library"
)

func titled(title string) library.Library {
	return library.Library{Slug: "nb", Settings: library.Settings{Record: library.Russian, Name: map[library.Lang]string{library.Russian: title}}}
}

const longTitle = "Государственное бюджетное учреждение «Централизованная библиотечная система имени Платона Алексеевича Ойунского» Чурапчинского улуса"

var shapes = []struct{ name, title, reader, number string }{
	{"short", "Библиотека", "Ян Ли", "7"},
	{"usual", "Национальная библиотека Республики Саха (Якутия)", "Константинопольская Александра Владимировна", "004217"},
	{"sakha", "Дьокуускай куорат библиотеката", "Өксөкүлээх Ньургуһун Ҕабышев-Ҥохо", "NB-000123"},
	{"ukrainian", "Наукова бібліотека ім. М. Максимовича", "Їжакевич-Ґалаґанська Євгенія Святославівна", "20261234567890"},
	{"longest", longTitle, strings.Repeat("Абдурахмангаджиев ", 30), "1a2b3c4d5e6f-7g8h9i0j1k2l3m4n5o6"},
	{"one word", strings.Repeat("Ш", 200), strings.Repeat("Щ", 400), strings.Repeat("9", 32)},
	{"nameless", "", "", "W"},
}

func decode(t testing.TB, data []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	must(t, err)
	rgba, ok := img.(*image.RGBA)
	if !ok || rgba.Bounds() != image.Rect(0, 0, 1012, 638) {
		t.Fatalf("%T of %v", img, img.Bounds())
	}
	return rgba
}

// modules reads the bars between the quiet zones from a row of pixels, as a scanner sees it: 1 is a bar.
func modules(t testing.TB, img *image.RGBA, y, count int) string {
	t.Helper()
	dark := func(x int) bool { return img.RGBAAt(x, y).G < 0x80 }
	first, last := 0, width-1
	for first < width && !dark(first) {
		first++
	}
	for last > first && !dark(last) {
		last--
	}
	module := (last + 1 - first) / count
	if module < minModule || (last+1-first)%count != 0 {
		t.Fatalf("bars from %d to %d for %d modules", first, last, count)
	}
	if quiet := min(first, width-1-last); quiet < 10*module {
		t.Errorf("a quiet zone of %d pixels, %d modules", quiet, quiet/module)
	}
	var out strings.Builder
	for x := first; x <= last; x += module {
		for i := 1; i < module; i++ {
			if img.RGBAAt(x+i, y) != img.RGBAAt(x, y) {
				t.Fatalf("a blurred bar at %d", x+i)
			}
		}
		out.WriteByte("01"[map[bool]int{true: 1}[dark(x)]])
	}
	return out.String()
}

func expected(t testing.TB, number string) string {
	t.Helper()
	code, err := code128.Encode(number)
	must(t, err)
	var out strings.Builder
	for x := range code.Bounds().Dx() {
		out.WriteByte("01"[map[bool]int{true: 1}[code.At(x, 0) == color.Gray16{0}]])
	}
	return out.String()
}

func TestBarsOfPicture(t *testing.T) {
	t.Parallel()
	for _, s := range shapes {
		data, err := Picture(titled(s.title), s.reader, s.number)
		must(t, err)
		img, want := decode(t, data), expected(t, s.number)
		for _, y := range []int{footBottom - 4, footBottom - 1} { // below the figures, where nothing else is
			if got := modules(t, img, y, len(want)); got != want {
				t.Errorf("%s: read\n%s, want\n%s", s.name, got, want)
			}
		}
	}
}

// TestTextStaysInPlace holds that no letter reaches into the margins, the books or the bars.
func TestTextStaysInPlace(t *testing.T) {
	t.Parallel()
	empty, err := Picture(titled(" "), "", "7")
	must(t, err)
	plain := decode(t, empty)
	for _, s := range shapes {
		data, err := Picture(titled(s.title), s.reader, s.number)
		must(t, err)
		img := decode(t, data)
		for y := range height {
			for x := range width {
				inTitle := y < bandHeight && x >= margin-2 && x < margin+titleWidth+4
				inBody := y > bandHeight+accentDepth+4 && y < height-40 && x >= margin-4 && x < width-margin+4
				if !inTitle && !inBody && img.RGBAAt(x, y) != plain.RGBAAt(x, y) {
					t.Fatalf("%s: a mark at %d, %d", s.name, x, y)
				}
			}
		}
		bars, err := newBars(s.number)
		must(t, err)
		if bars.beside.Overlaps(bars.area) || bars.beside.Min.Y < nameBottom {
			t.Errorf("%s: figures in %v, bars in %v", s.name, bars.beside, bars.area)
		}
	}
}

func TestPictureRefuses(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"", "№5", strings.Repeat("1", 33)} {
		if _, err := Picture(titled("Б"), "Имя", number); !errors.Is(err, ErrNumberForm) {
			t.Errorf("%q: %v", number, err)
		}
	}
}

func TestEveryNumberHasBars(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.StringMatching(`([0-9]{1,5}|[A-Za-z-]{1,3}){1,10}`).Draw(r, "number")
		number = number[:min(len(number), maxNumber)]
		b, err := newBars(number)
		if err != nil || b.area.Max.X > margin+inner || b.beside.Dx() < 300 && b.area.Min.Y == footTop {
			r.Fatalf("%s: %v in %v, %v", number, b.beside, b.area, err)
		}
	})
}

func BenchmarkPicture(b *testing.B) {
	lib := titled(shapes[1].title)
	for b.Loop() {
		if _, err := Picture(lib, shapes[1].reader, shapes[1].number); err != nil {
			b.Fatal(err)
		}
	}
}
