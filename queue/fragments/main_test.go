package fragments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/templates"
)

// TestMain lets this binary be the child processes that the tests need.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "join":
		exit(JoinMain(os.Stdin, os.Stdout))
	case "measured":
		exit(errors.Join(JoinMain(os.Stdin, os.Stdout), tellPeak(os.Args[2])))
	case "joinall":
		exit(joinAll(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
	case "scribble":
		exit(scribble(os.Args[2]))
	case "mute":
		exit(nil)
	case "hang", "die", "hoard":
		exit(misbehave(os.Args[1]))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// misbehave takes the first page as it should, and not the next.
func misbehave(how string) error {
	if err := files.Confine(joinMemory, joinTime); err != nil {
		return err
	}
	in := &chunks{r: os.Stdin}
	if err := writeChunk(os.Stdout, chunkHello, nil); err != nil {
		return err
	}
	for files := 0; files < 2; {
		kind, _, err := in.read()
		if err != nil {
			return err
		}
		if kind != chunkEnd {
			continue
		}
		if files++; files == 1 {
			if err := writeValue(os.Stdout, chunkPage, done{Size: 1}); err != nil {
				return err
			}
		}
	}
	var kept [][]byte
	switch how {
	case "hang":
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	case "hoard":
		for range 4 * joinMemory >> 26 {
			kept = append(kept, make([]byte, 1<<26))
		}
	}
	return fmt.Errorf("%d", len(kept))
}

// tellPeak writes into a pipe: a confined process writes no file.
func tellPeak(path string) error {
	pipe, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = pipe.WriteString(peak())
	return errors.Join(err, pipe.Close())
}

// scribble tries to leave a file behind.
func scribble(path string) error {
	if err := files.Confine(joinMemory, joinTime); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(secret), 0o600)
}

// peak is the most memory that this process had, in kilobytes.
func peak() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err.Error()
	}
	_, most, _ := strings.Cut(string(status), "VmHWM:")
	most, _, _ = strings.Cut(most, "kB")
	return strings.TrimSpace(most)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// joiner has this test binary for its child.
func joiner(t testing.TB, args ...string) *Joiner {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	texts, err := templates.Load()
	must(t, err)
	j, err := NewJoiner(append([]string{path}, args...), texts)
	must(t, err)
	j.timeout = 5 * time.Minute // the race detector on a busy machine is slow
	return j
}

func front() Front {
	return Front{
		Lang: library.Russian, Library: "Национальная библиотека", Source: "Ойунский П. А. Ньургун Боотур Стремительный. — Якутск, 1975. — 432 с.",
		Pages: "12–15", Code: "Ф-2026-17", Reader: "билет 123456", Date: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Terms: []string{"Копия сделана для личного использования."},
	}
}

// page is a page of bytes.
func page(media string, data []byte, turn int) Page {
	return Page{Media: media, Turn: turn, Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// sheetOf is a page of a PDF, all of whose pages bear the same file name.
func sheetOf(data []byte, number, turn int) Page {
	p := page(pdfMedia, data, turn)
	p.Number, p.File = number, fmt.Sprintf("%p", &data[0])
	return p
}

func join(t testing.TB, pages ...Page) ([]byte, Sizes) {
	t.Helper()
	var out bytes.Buffer
	sizes, err := joiner(t, "join").Join(t.Context(), front(), pages, &out)
	must(t, err)
	return out.Bytes(), sizes
}

// poppler runs one of its programs on a PDF.
func poppler(t testing.TB, pdf []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing", name)
		}
		t.Skipf("%s is missing", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(pdf)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil || wrong.Len() > 0 {
		t.Fatalf("%s: %v: %s", name, err, wrong.String())
	}
	return out
}

// words are the text of a PDF with single spaces.
func words(t testing.TB, pdf []byte, args ...string) string {
	t.Helper()
	return strings.Join(strings.Fields(string(poppler(t, pdf, "pdftotext", append(args, "-", "-")...))), " ")
}

// shown is a page as a viewer draws it, its longer side of so many pixels.
func shown(t testing.TB, pdf []byte, number, side int) image.Image {
	t.Helper()
	n := fmt.Sprint(number)
	img, err := png.Decode(bytes.NewReader(poppler(t, pdf, "pdftoppm", "-f", n, "-l", n, "-scale-to", fmt.Sprint(side), "-png", "-")))
	must(t, err)
	return img
}

// motley is a picture of which no two corners, and no two of different seeds, are alike: squares of noise-like colours.
func motley(w, h int, seed uint32) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	cell := max(w, h)/8 + 1
	for y := range h {
		for x := range w {
			v := (uint32(x/cell)*7+uint32(y/cell)*31+seed*101)*2654435761 ^ seed
			v ^= v >> 13
			img.SetRGBA(x, y, color.RGBA{uint8(v), uint8(v >> 8), uint8(v >> 16), 255})
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}))
	return out.Bytes()
}

// far is the mean difference of the brightness of three colours, 0 to 255, compared where pixels of the smaller grid lie; 255 of other proportions.
func far(a, b image.Image) float64 {
	const grid = 64
	ab, bb := a.Bounds(), b.Bounds()
	if d := float64(ab.Dx())/float64(ab.Dy())*float64(bb.Dy())/float64(bb.Dx()) - 1; d > 0.02 || d < -0.02 {
		return 255
	}
	sum := 0.0
	for y := range grid {
		for x := range grid {
			ar, ag, az, _ := a.At(ab.Min.X+(2*x+1)*ab.Dx()/(2*grid), ab.Min.Y+(2*y+1)*ab.Dy()/(2*grid)).RGBA()
			br, bg, bz, _ := b.At(bb.Min.X+(2*x+1)*bb.Dx()/(2*grid), bb.Min.Y+(2*y+1)*bb.Dy()/(2*grid)).RGBA()
			for _, d := range []int{int(ar>>8) - int(br>>8), int(ag>>8) - int(bg>>8), int(az>>8) - int(bz>>8)} {
				sum += float64(max(d, -d))
			}
		}
	}
	return sum / (3 * grid * grid)
}
