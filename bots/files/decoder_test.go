package files

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gen2brain/heic"
)

// moduleFile is a sample that a module carries for its own tests; HEIC and WebP cannot be written by anything we have.
func moduleFile(t *testing.T, module, name string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, "go"), "list", "-m", "-f", "{{.Dir}}", module)
	dir, err := cmd.Output()
	must(t, err)
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", name))
	must(t, err)
	return data
}

func TestDecodeTypes(t *testing.T) {
	t.Parallel()
	sheet := page(2500, 1000, 20, 240)
	d := self(t, "decode")
	for name, c := range map[string]struct {
		data []byte
		w, h int
	}{
		"jpeg": {asJPEG(t, sheet), 2500, 1000},
		"png":  {asPNG(t, sheet), 2500, 1000},
		"gif":  {asGIF(t, page(900, 700, 20, 240)), 900, 700},
		"tiff": {asTIFF(t, sheet), 2500, 1000},
		"webp": {moduleFile(t, "golang.org/x/image", "blue-purple-pink.lossy.webp"), 150, 100},
	} {
		pic, err := d.Decode(t.Context(), bytes.NewReader(c.data))
		if err != nil || pic.Problem != NoProblem || pic.Width != c.w || pic.Height != c.h {
			t.Errorf("%s: %v %dx%d, %v", name, pic.Problem, pic.Width, pic.Height, err)
			continue
		}
		preview, err := jpeg.Decode(bytes.NewReader(pic.Views[0].JPEG))
		must(t, err)
		if longer := max(preview.Bounds().Dx(), preview.Bounds().Dy()); longer != min(previewSide, max(c.w, c.h)) {
			t.Errorf("%s: the preview's longer side is %d", name, longer)
		}
	}
}

func TestDecodeHEIC(t *testing.T) {
	t.Parallel()
	if heic.Dynamic() == nil {
		if os.Getenv("CI") != "" {
			t.Fatal("built without the tag nodynamic beside libheif.so")
		}
		t.Skip("built without the tag nodynamic beside libheif.so: HEIC is refused")
	}
	d := self(t, "decode")
	for name, size := range map[string]image.Point{"test.heic": {1346, 1346}, "gray.heic": {}} {
		data := moduleFile(t, "github.com/gen2brain/heic", name)
		pic, err := d.Decode(t.Context(), bytes.NewReader(data))
		if err != nil || pic.Problem != NoProblem || len(pic.Views) == 0 || size.X != 0 && (pic.Width != size.X || pic.Height != size.Y) {
			t.Errorf("%s: %q %dx%d, %v", name, pic.Problem, pic.Width, pic.Height, err)
		}
		if pic, err = d.Decode(t.Context(), bytes.NewReader(data[:len(data)/2])); err != nil || pic.Problem != ProblemUnreadable {
			t.Errorf("%s cut short: %q, %v", name, pic.Problem, err)
		}
	}
}

func TestPreviewIsUprightAndBare(t *testing.T) {
	t.Parallel()
	d := self(t, "decode")
	for turn := 1; turn <= 8; turn++ {
		pic, err := d.Decode(t.Context(), bytes.NewReader(turned(asJPEG(t, corner(turn)), uint16(turn))))
		must(t, err)
		if pic.Width != 800 || pic.Height != 600 {
			t.Errorf("orientation %d: %dx%d", turn, pic.Width, pic.Height)
		}
		preview, err := jpeg.Decode(bytes.NewReader(pic.Views[0].JPEG))
		must(t, err)
		for _, at := range []image.Point{{200, 150}, {600, 150}, {200, 450}, {600, 450}} {
			if black := at == image.Pt(200, 150); black != (greyAt(preview, at.X, at.Y) < 128) {
				t.Errorf("orientation %d: grey %d at %v", turn, greyAt(preview, at.X, at.Y), at)
			}
		}
		if bytes.Contains(pic.Views[0].JPEG, []byte("Exif")) || bytes.Contains(pic.Views[0].JPEG, []byte(maker)) {
			t.Errorf("orientation %d: metadata is left", turn)
		}
	}
}

func TestTransparentBecomesWhite(t *testing.T) {
	t.Parallel()
	glass := image.NewNRGBA(image.Rect(0, 0, 700, 700))
	glass.Set(0, 0, color.Black)
	pic, err := self(t, "decode").Decode(t.Context(), bytes.NewReader(asPNG(t, glass)))
	must(t, err)
	preview, err := jpeg.Decode(bytes.NewReader(pic.Views[0].JPEG))
	must(t, err)
	if grey := greyAt(preview, 350, 350); grey < 250 {
		t.Errorf("glass is %d", grey)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	whole := asJPEG(t, page(1000, 1000, 20, 240))
	d := self(t, "decode")
	for name, c := range map[string]struct {
		data []byte
		want Problem
	}{
		"bomb":              {bombPNG(20000, 20000), ProblemTooLarge},
		"overflow":          {bombPNG(1<<31-1, 1<<31-1), ProblemUnreadable},
		"wide":              {bombPNG(64_000_001, 1), ProblemTooLarge},
		"cut short":         {whole[:len(whole)/2], ProblemUnreadable},
		"only a head":       {whole[:20], ProblemUnreadable},
		"svg":               {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), ProblemUnreadable},
		"nothing":           {nil, ProblemUnreadable},
		"heic in name":      {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), ProblemUnreadable},
		"more than is read": {append(bytes.Clone(whole), make([]byte, decodeInput)...), ProblemTooLarge},
	} {
		pic, err := d.Decode(t.Context(), bytes.NewReader(c.data))
		if err != nil || pic.Problem != c.want || len(pic.Views) != 0 {
			t.Errorf("%s: %q with %d previews, %v", name, pic.Problem, len(pic.Views), err)
		}
	}
}

func TestDecodePDF(t *testing.T) {
	t.Parallel()
	program(t, "pdfinfo")
	program(t, "pdftoppm")
	d := self(t, "decode")
	pic, err := d.Decode(t.Context(), bytes.NewReader(blankPDF(3)))
	if err != nil || pic.Problem != NoProblem || pic.Pages != 3 {
		t.Fatalf("%q, %d pages, %v", pic.Problem, pic.Pages, err)
	}
	preview, err := jpeg.Decode(bytes.NewReader(pic.Views[0].JPEG))
	must(t, err)
	if size := preview.Bounds().Size(); size.Y != 1600 || greyAt(preview, size.X/3, size.Y*3/4) > 50 || greyAt(preview, 10, 10) < 200 {
		t.Errorf("the preview is %v, or shows another page", size)
	}
	pic, err = d.Decode(t.Context(), strings.NewReader("%PDF-1.7\nnothing that can be read"))
	if err != nil || pic.Problem != ProblemUnreadable {
		t.Errorf("broken: %q, %v", pic.Problem, err)
	}
}

func TestChildIsKilledWithItsOwn(t *testing.T) {
	t.Parallel()
	program(t, "sleep")
	note := filepath.Join(t.TempDir(), "pid")
	d := self(t, "hang", note)
	d.timeout = time.Second
	var pid []byte
	for len(pid) == 0 { // on a busy machine a second may end before the child has begun
		pic, err := d.Decode(t.Context(), strings.NewReader("x"))
		if err == nil && pic.Problem != ProblemTooLarge {
			t.Fatalf("%q", pic.Problem)
		}
		pid, _ = os.ReadFile(note)
		if d.timeout *= 2; d.timeout > time.Minute {
			t.Fatal("the child never began")
		}
	}
	for deadline := time.Now().Add(10 * time.Second); alive(string(pid)); {
		if time.Now().After(deadline) {
			t.Fatalf("process %s outlived its parent", pid)
		}
	}
}

// alive reports whether a process runs; one that is dead and not waited for does not.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

func TestChildsWordsAreLimitedAndDoubted(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*Decoder{
		"endless":          self(t, "chatter"),
		"no json":          self(t, "lie", "hello\n"),
		"no line":          self(t, "lie", "{}"),
		"strange problem":  self(t, "lie", `{"problem":"<b>"}`+"\n"),
		"infected":         self(t, "lie", `{"problem":"infected"}`+"\n"),
		"negative":         self(t, "lie", `{"width":-1}`+"\n"),
		"a page for staff": self(t, "lie", `{"views":[{"size":39}]}`+"\n<html><script>alert(1)</script></html>"),
		"more than views":  self(t, "lie", "{}\nx"),
		"view of nothing":  self(t, "lie", `{"views":[{"size":1}]}`+"\n"),
		"negative size":    self(t, "lie", `{"views":[{"size":-1}]}`+"\n"),
		"many views":       self(t, "lie", `{"views":[{}`+strings.Repeat(",{}", maxSheets)+"]}\n"),
		"code of a link":   self(t, "lie", `{"views":[{"code":"https://example.org"}]}`+"\n"),
		"code of script":   self(t, "lie", `{"views":[{"code":"LR1.<script>"}]}`+"\n"),
		"endless code":     self(t, "lie", `{"views":[{"code":"LR1.`+strings.Repeat("A", 100)+`"}]}`+"\n"),
		"too much ink":     self(t, "lie", `{"views":[{"ink":2}]}`+"\n"),
		"outside of all":   self(t, "lie", `{"views":[{"outside":-0.1}]}`+"\n"),
		"too bright":       self(t, "lie", `{"views":[{"brightness":256}]}`+"\n"),
		"views of trouble": self(t, "lie", `{"problem":"unreadable","views":[{}]}`+"\n"),
	} {
		pic, err := d.Decode(t.Context(), strings.NewReader("x"))
		if err != nil || pic.Problem != ProblemUnreadable || len(pic.Views) != 0 {
			t.Errorf("%s: %+v, %v", name, pic, err)
		}
	}
}

func TestChildsMemoryIsLimited(t *testing.T) {
	t.Parallel()
	pic, err := self(t, "hoard").Decode(t.Context(), strings.NewReader("x"))
	if err != nil || pic.Problem != ProblemTooLarge {
		t.Errorf("%q, %v", pic.Problem, err)
	}
}

func TestDecoderErrorsAreNotTheFiles(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	busy := self(t, "decode")
	busy.turn <- struct{}{}
	for name, c := range map[string]struct {
		d    *Decoder
		ctx  context.Context
		src  io.Reader
		want error
	}{
		"source":     {self(t, "decode"), t.Context(), iotest.ErrReader(broken), broken},
		"context":    {self(t, "decode"), ended, strings.NewReader("x"), context.Canceled},
		"busy":       {busy, ended, strings.NewReader("x"), context.Canceled},
		"no program": {NewDecoder([]string{"/nowhere/librarian", "decode"}), t.Context(), strings.NewReader("x"), os.ErrNotExist},
		"other one":  {NewDecoder([]string{"/bin/true"}), t.Context(), strings.NewReader("x"), nil},
	} {
		pic, err := c.d.Decode(c.ctx, c.src)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v", name, pic.Problem, err)
		}
	}
}
