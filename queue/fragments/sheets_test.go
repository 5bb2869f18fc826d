package fragments

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"librarian/templates"
)

// scan is a PDF as a department's scanner or printer gives it: of each page a text and a picture, with a script, a link and an attachment.
func scan(t testing.TB, pages int, lock func(*fpdf.Fpdf)) []byte {
	t.Helper()
	doc := fpdf.New("P", "mm", "A4", "")
	lock(doc)
	doc.SetJavascript("app.alert('" + secret + "')")
	doc.SetAuthor(secret, false)
	doc.AddUTF8FontFromBytes("font", "", templates.FontRegular())
	doc.SetFont("font", "", 24)
	doc.SetAttachments([]fpdf.Attachment{{Content: []byte(secret), Filename: "a.txt"}})
	for i := range pages {
		if i%2 == 1 {
			doc.AddPageFormat("L", fpdf.SizeType{Wd: 210, Ht: 297})
		} else {
			doc.AddPage()
		}
		name, as := fmt.Sprint(i), fpdf.ImageOptions{ImageType: "JPEG"}
		doc.RegisterImageOptionsReader(name, as, bytes.NewReader(asJPEG(t, motley(300, 300, uint32(i+1)))))
		doc.ImageOptions(name, 20, 60, 80, 80, false, as, 0, "https://example.org/"+strings.ReplaceAll(secret, " ", "-"))
		doc.Text(20, 40, fmt.Sprintf("Сирэй өҥө %d", i+1))
	}
	var out bytes.Buffer
	must(t, doc.Output(&out))
	return out.Bytes()
}

func open(*fpdf.Fpdf) {}

func TestPagesOfAPDFAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	source := scan(t, 4, open)
	pdf, sizes := join(t, sheetOf(source, 3, 0), sheetOf(source, 2, 0), sheetOf(source, 2, 90), page("image/jpeg", asJPEG(t, motley(90, 90, 7)), 0), sheetOf(source, 1, 180))
	for i, want := range []string{"Сирэй өҥө 3", "Сирэй өҥө 2", "Сирэй өҥө 2", "", "Сирэй өҥө 1"} {
		n := fmt.Sprint(i + 2)
		if got := words(t, pdf, "-f", n, "-l", n); got != want {
			t.Errorf("page %d says %q, want %q", i, got, want)
		}
	}
	for at, from := range map[int]int{2: 3, 3: 2} {
		if d := far(shown(t, pdf, at, 800), shown(t, source, from, 800)); d > 1 {
			t.Errorf("page %d differs by %.1f", at-1, d)
		}
	}
	upright := asRGBA(shown(t, source, 2, 800), 1)
	if d := far(shown(t, pdf, 4, 800), asRGBA(upright, 6)); d > 4 {
		t.Errorf("the page that is turned to the right differs by %.1f", d)
	}
	if d := far(shown(t, pdf, 6, 800), asRGBA(shown(t, source, 1, 800), 3)); d > 4 {
		t.Errorf("the page that is turned over differs by %.1f", d)
	}
	for _, bad := range []string{secret, "JavaScript", "example.org", "/Annots", "/EmbeddedFile"} {
		if bytes.Contains(pdf, []byte(bad)) {
			t.Errorf("%s came over", bad)
		}
	}
	if n := bytes.Count(pdf, []byte("/FontFile2")); n > 4 {
		t.Errorf("%d fonts: those that pages share are repeated", n)
	}
	alone, _ := join(t, sheetOf(source, 3, 0))
	if longest := sizes.Front + sizes.Pages[0] + pageExtra + bookExtra; int64(len(alone)) > longest || int64(len(alone)) < longest*8/10 {
		t.Errorf("a page alone takes %d bytes, told were %d", len(alone), longest)
	}
}

func TestNotesUponAPageAreTakenWithoutTheirAuthor(t *testing.T) {
	t.Parallel()
	source := annotated()
	pdf, _ := join(t, sheetOf(source, 1, 0))
	img := shown(t, pdf, 2, 842)
	if got := color.GrayModel.Convert(img.At(150, 842-150)).(color.Gray).Y; got > 40 {
		t.Errorf("the mark is not drawn: %d", got)
	}
	for _, bad := range []string{secret, "/URI", "/Launch", "/Popup"} {
		if bytes.Contains(pdf, []byte(bad)) {
			t.Errorf("%s came over", bad)
		}
	}
}

// annotated is a PDF whose page has a black square as a mark, with its author, and a link.
func annotated() []byte {
	return written(
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 595 842] >>",
		"<< /Type /Page /Parent 2 0 R /Annots [4 0 R 6 0 R] /AA << /O << /S /Launch /F (x) >> >> >>",
		"<< /Type /Annot /Subtype /Square /Rect [100 100 200 200] /T ("+secret+") /Contents ("+secret+") /P 3 0 R /Popup 6 0 R /AP << /N 5 0 R >> >>",
		"<< /Type /XObject /Subtype /Form /BBox [0 0 100 100] /Length 28 >>\nstream\n0 0 0 rg 0 0 100 100 re f    \nendstream",
		"<< /Type /Annot /Subtype /Link /Rect [0 0 50 50] /A << /S /URI /URI (https://example.org) >> >>",
	)
}

// written is a PDF of the objects, numbered from 1.
func written(objects ...string) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var at []int
	for i, body := range objects {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return out.Bytes()
}

// TestAPageTakesOnlyWhatItDraws holds that a page of a document whose pages share all their pictures does not bring the others' with it.
func TestAPageTakesOnlyWhatItDraws(t *testing.T) {
	t.Parallel()
	picture := func(pixel string) string {
		return "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /ASCIIHexDecode /Length 7 >>\nstream\n" + pixel + ">\nendstream"
	}
	source := written(
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] /MediaBox [0 0 595 842] /Resources << /XObject << /A 7 0 R /B 8 0 R >> >> >>",
		"<< /Type /Page /Parent 2 0 R /Contents 5 0 R >>",
		"<< /Type /Page /Parent 2 0 R /Contents 6 0 R >>",
		"<< /Length 28 >>\nstream\nq 595 0 0 842 0 0 cm /A Do Q\nendstream",
		"<< /Length 28 >>\nstream\nq 595 0 0 842 0 0 cm /B Do Q\nendstream",
		picture("aa0000"), picture("0000bb"),
	)
	pdf, _ := join(t, sheetOf(source, 2, 0))
	if bytes.Contains(pdf, []byte("aa0000")) || !bytes.Contains(pdf, []byte("0000bb")) {
		t.Error("the other page's picture came over")
	}
	if r, _, b, _ := shown(t, pdf, 2, 100).At(50, 50).RGBA(); r>>8 > 40 || b>>8 < 150 {
		t.Errorf("the page is of colour %d, %d", r>>8, b>>8)
	}
}

func TestPDFsThatAreLockedOrBroken(t *testing.T) {
	t.Parallel()
	whole := scan(t, 3, open)
	looped := written("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 3 /Kids [2 0 R 2 0 R] >>")
	for title, c := range map[string]struct {
		data  []byte
		fault Fault
	}{
		"a password":          {scan(t, 1, func(d *fpdf.Fpdf) { d.SetProtection(0, "user", "owner") }), FaultLocked},
		"cut short":           {bytes.Clone(whole[:len(whole)/2]), FaultBroken},
		"pages in a ring":     {looped, FaultBroken},
		"nothing but a table": {written(), FaultBroken},
		"a page without size": {written("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>", "<< /Type /Page /Parent 2 0 R >>"), FaultBroken},
	} {
		_, err := joiner(t, "join").Join(t.Context(), front(), []Page{sheetOf(whole, 1, 0), sheetOf(c.data, 1, 0)}, io.Discard)
		var got *PageError
		if !errors.As(err, &got) || got.Page != 1 || got.Fault != c.fault {
			t.Errorf("%s: %v", title, err)
		}
	}
	allowed := scan(t, 1, func(d *fpdf.Fpdf) { d.SetProtection(0, "", "owner") })
	pdf, _ := join(t, sheetOf(allowed, 1, 0))
	if got := words(t, pdf, "-f", "2"); got != "Сирэй өҥө 1" {
		t.Errorf("a pdf that opens without a password says %q", got)
	}
}
