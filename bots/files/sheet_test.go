package files

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"slices"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/jackc/pgx/v5"
)

// scanPDF has a page of A4 for each picture; nil is an empty one. It holds a script too, and opens with a password if there is one.
func scanPDF(t *testing.T, password string, pages ...image.Image) []byte {
	t.Helper()
	doc := fpdf.New("P", "mm", "A4", "")
	if password != "" {
		doc.SetProtection(0, password, password)
	}
	doc.SetJavascript("app.alert('Hello')")
	for i, page := range pages {
		doc.AddPage()
		if page != nil {
			name, as := string(rune('a'+i)), fpdf.ImageOptions{ImageType: "JPEG"}
			doc.RegisterImageOptionsReader(name, as, bytes.NewReader(asJPEG(t, page)))
			doc.ImageOptions(name, 0, 0, 210, 297, false, as, 0, "")
		}
	}
	var out bytes.Buffer
	must(t, doc.Output(&out))
	return out.Bytes()
}

func needsPoppler(t *testing.T) {
	t.Helper()
	program(t, "pdfinfo")
	program(t, "pdftoppm")
}

func TestSheetsOfAPDF(t *testing.T) {
	t.Parallel()
	needsPoppler(t)
	b := newBench(t)
	i := NewInspector(b.Store, nil, self(t, "decode"))
	first, second := sampleCode, "LR1.ABCDEFGHIJKLMNOPQRSTUVWXYZ.C2"
	f := b.put(t, "scan.pdf", scanPDF(t, "", upright(form(t, first, bluePen, 1), 3), form(t, second, unsigned, 2), nil))
	found, err := i.Inspect(t.Context(), b.lib, f.ID)
	must(t, err)
	got := slices.Clone(found.Sheets)
	var previews []ID
	for n := range got {
		previews = append(previews, got[n].Preview)
		got[n].Preview = ""
	}
	if want := []Sheet{{Number: 1, Code: first}, {Number: 2, Code: second, Unsigned: true}, {Number: 3}}; !slices.Equal(got, want) || found.Problem != NoProblem {
		t.Fatalf("%+v", found)
	}
	f, err = b.Find(t.Context(), b.lib, f.ID)
	must(t, err)
	if previews[0] != f.Preview || b.count(t, "files") != 4 {
		t.Errorf("the file's preview is %s, its pages' are %v; %d files", f.Preview, previews, b.count(t, "files"))
	}
	data, err := b.read(t.Context(), b.lib, previews[0])
	must(t, err)
	preview, err := jpeg.Decode(bytes.NewReader(data))
	must(t, err)
	if m, ok := findMark(t.Context(), grey(shrink(preview, previewSide))); !ok || m.turn() != 1 {
		t.Errorf("the page that lay upside down is shown so: %+v", m)
	}
	again, err := i.Inspect(t.Context(), b.lib, f.ID)
	if err != nil || !slices.Equal(again.Sheets, found.Sheets) {
		t.Errorf("again: %+v, %v", again.Sheets, err)
	}
	if others, err := b.Sheets(t.Context(), b.other, f.ID); err != nil || len(others) != 0 {
		t.Errorf("another library sees %+v, %v", others, err)
	}
	must(t, b.Delete(t.Context(), b.lib, f.ID))
	for _, id := range previews {
		if _, err := b.read(t.Context(), b.lib, id); !errors.Is(err, ErrPurged) {
			t.Errorf("a page outlived its file: %v", err)
		}
	}
	if left := remains(t, b.dir); len(left) != 0 || b.count(t, "file_sheets") != 0 {
		t.Errorf("left: %v, %d sheets", left, b.count(t, "file_sheets"))
	}
}

func TestSheetOfAPicture(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", asJPEG(t, upright(form(t, sampleCode, unsigned, 3), 8)))
	found, err := NewInspector(b.Store, nil, self(t, "decode")).Inspect(t.Context(), b.lib, f.ID)
	must(t, err)
	f, err = b.Find(t.Context(), b.lib, f.ID)
	must(t, err)
	want := []Sheet{{Number: 1, Preview: f.Preview, Code: sampleCode, Unsigned: true}}
	if !slices.Equal(found.Sheets, want) || found.Width != 1680 || found.Height != 2376 || f.Preview == "" {
		t.Errorf("%+v", found)
	}
}

func TestPagesAreSweptWithTheirFile(t *testing.T) {
	t.Parallel()
	needsPoppler(t)
	b := newBench(t)
	i := NewInspector(b.Store, nil, self(t, "decode"))
	shown, lost := b.put(t, "", blankPDF(3)), b.put(t, "", blankPDF(2))
	for _, f := range []File{shown, lost} {
		if found, err := i.Inspect(t.Context(), b.lib, f.ID); err != nil || len(found.Sheets) != found.Pages {
			t.Fatalf("%+v, %v", found, err)
		}
	}
	must(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return Link(t.Context(), tx, b.lib, shown.ID) }))
	b.clock = b.clock.Add(linkTime + time.Hour)
	if n, err := b.Sweep(t.Context()); n != 3 || err != nil || len(remains(t, b.dir)) != 4 {
		t.Errorf("swept %d, left %v, %v", n, remains(t, b.dir), err)
	}
	sheets, err := b.Sheets(t.Context(), b.lib, shown.ID)
	must(t, err)
	must(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return Forget(t.Context(), tx, []ID{sheets[2].Preview}, b.clock) }))
	sheets[2].Preview = ""
	if after, err := b.Sheets(t.Context(), b.lib, shown.ID); err != nil || !slices.Equal(after, sheets) {
		t.Errorf("after a page was forgotten: %+v, %v", after, err)
	}
	must(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return Forget(t.Context(), tx, []ID{shown.ID}, b.clock) }))
	if b.count(t, "file_sheets") != 0 {
		t.Errorf("%d sheets of forgotten files", b.count(t, "file_sheets"))
	}
}

func TestPDFsThatAreNotLookedAt(t *testing.T) {
	t.Parallel()
	needsPoppler(t)
	b := newBench(t)
	patient := self(t, "decode")
	patient.timeout = 5 * time.Minute // the race detector makes twenty pages slow
	i := NewInspector(b.Store, nil, patient)
	whole := scanPDF(t, "", form(t, sampleCode, bluePen, 4))
	for title, c := range map[string]struct {
		data    []byte
		problem Problem
		state   State
		sheets  int
	}{
		"as many as can be": {blankPDF(20), NoProblem, Clean, 20},
		"one too many":      {blankPDF(21), ProblemTooManyPages, Clean, 0},
		"far too many":      {blankPDF(50), ProblemTooManyPages, Clean, 0},
		"locked":            {scanPDF(t, "secret", nil), ProblemUnreadable, Unreadable, 0},
		"cut short":         {whole[:len(whole)/2], ProblemUnreadable, Unreadable, 0},
	} {
		f := b.put(t, "", c.data)
		found, err := i.Inspect(t.Context(), b.lib, f.ID)
		must(t, err)
		after, err := b.Find(t.Context(), b.lib, f.ID)
		must(t, err)
		if found.Problem != c.problem || after.State != c.state || len(found.Sheets) != c.sheets || (after.Preview == "") != (c.state == Unreadable) {
			t.Errorf("%s: %+v, %s, preview %q", title, found, after.State, after.Preview)
		}
	}
}

func TestOnlyOurCodesAreHeeded(t *testing.T) {
	t.Parallel()
	for text, ours := range map[string]bool{sampleCode: true, "LR2.ABC.F1": false, "HTTPS://EXAMPLE.ORG/": false} {
		code, err := qr.Encode(text, qr.M, qr.AlphaNumeric)
		must(t, err)
		code, err = barcode.Scale(code, 400, 400)
		must(t, err)
		sheet := page(1200, 1600, 20, 240)
		for y := range 400 {
			for x := range 400 {
				sheet.Set(100+x, 1100+y, code.At(x, y))
			}
		}
		if m, ok := findMark(t.Context(), sheet); ok != ours || ok && m.text != text {
			t.Errorf("%s: %v %+v", text, ok, m)
		}
	}
	for text, valid := range map[string]bool{
		sampleCode: true, "": false, "LR1": false, "lr1.abc": false, "LR1.A\x00": false, "LR1.é": false, "LR1.A<B": false,
		"LR1." + string(bytes.Repeat([]byte("A"), 60)): true, "LR1." + string(bytes.Repeat([]byte("A"), 61)): false,
	} {
		if validCode(text) != valid {
			t.Errorf("%q: valid %v", text, !valid)
		}
	}
}
