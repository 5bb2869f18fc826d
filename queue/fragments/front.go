package fragments

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"librarian/contacts/library"
	"librarian/templates"
)

// Front is what the first page says.
type Front struct {
	Lang    library.Lang // of the page; Join takes Russian for one that is not known
	Library string       // its name
	Source  string       // bibliographic description
	Pages   string       // which pages of it, as people write it
	Code    string       // of the order
	Reader  string       // for whom; it stands on the page and nowhere else in the document
	Date    time.Time    // in the library's zone
	Terms   []string     // of use, a paragraph each
	Part    int          // from 1, of so many Parts; a document that is whole has none
	Parts   int
}

// Keys of the texts on the first page.
const (
	textTitle  = "fragment_print.title"
	textSource = "fragment_print.source"
	textPages  = "fragment_print.pages"
	textCode   = "fragment_print.code"
	textReader = "fragment_print.reader"
	textDate   = "fragment_print.date"
	textPart   = "fragment_print.part"
	textTerms  = "fragment_print.terms"
)

// Where things stand on the first page, in mm.
const (
	frontMargin = 22.0
	frontWidth  = 210 - 2*frontMargin
	frontFamily = "front"
)

// sheet is the first page while it is drawn. The first error stays.
type sheet struct {
	*Joiner
	pdf  *fpdf.Fpdf
	lang library.Lang
	wide float64 // mm of a paragraph
	err  error
}

// draw gives the first page as a PDF, A4; it goes over to the next only if there is too much to say.
func (j *Joiner) draw(f Front) ([]byte, error) {
	s := j.newSheet(f.Lang, f.Date)
	s.write(f)
	var out bytes.Buffer
	if err := s.pdf.Output(&out); err != nil && s.err == nil {
		s.err = err
	}
	if s.err != nil {
		return nil, fmt.Errorf("draw first page: %w", s.err)
	}
	return out.Bytes(), nil
}

// newSheet is an empty page of that date.
func (j *Joiner) newSheet(lang library.Lang, date time.Time) *sheet {
	s := &sheet{Joiner: j, pdf: fpdf.New("P", "mm", "A4", ""), lang: lang, wide: frontWidth}
	s.pdf.SetMargins(frontMargin, frontMargin, frontMargin)
	s.pdf.SetAutoPageBreak(true, frontMargin)
	s.pdf.AddUTF8FontFromBytes(frontFamily, "", templates.FontRegular())
	s.pdf.AddUTF8FontFromBytes(frontFamily, "B", templates.FontBold())
	s.pdf.SetCreationDate(date) // nothing may depend on the hour of joining
	s.pdf.SetModificationDate(date)
	s.pdf.SetCatalogSort(true)
	s.pdf.AddPage()
	return s
}

func (s *sheet) write(f Front) {
	s.put(f.Library, "B", 10, 5, 70)
	s.rule()
	s.pdf.Ln(14)
	s.put(s.say(textTitle, nil), "B", 18, 8.5, 0)
	if f.Parts > 1 {
		s.put(s.say(textPart, templates.Fields{"part": f.Part, "parts": f.Parts}), "", 12, 7, 70)
	}
	s.pdf.Ln(8)
	s.field(textSource, f.Source, 12.5)
	s.field(textPages, f.Pages, 11)
	s.field(textCode, f.Code, 11)
	s.field(textReader, f.Reader, 11)
	s.field(textDate, s.texts.Date(s.lang, library.DateOf(f.Date)), 11)
	if len(f.Terms) == 0 {
		return
	}
	s.pdf.Ln(4)
	s.rule()
	s.put(s.say(textTerms, nil), "B", 10, 6, 0)
	for _, term := range f.Terms {
		s.put(term, "", 9.5, 4.7, 30)
		s.pdf.Ln(1.5)
	}
}

// field is a label with what it says under it; what is empty is left out.
func (s *sheet) field(key, value string, points float64) {
	if value == "" {
		return
	}
	s.put(s.say(key, nil), "", 8.5, 4.5, 90)
	s.put(value, "", points, points/2, 0)
	s.pdf.Ln(3.5)
}

// put sets a paragraph over the whole width, in lines of that height in mm.
func (s *sheet) put(text, weight string, points, height float64, grey int) {
	s.pdf.SetFont(frontFamily, weight, points)
	s.pdf.SetTextColor(grey, grey, grey)
	s.pdf.MultiCell(s.wide, height, s.letters.Clean(text), "", "L", false)
}

func (s *sheet) rule() {
	s.pdf.SetDrawColor(170, 170, 170)
	s.pdf.SetLineWidth(0.2)
	y := s.pdf.GetY() + 1.5
	s.pdf.Line(frontMargin, y, frontMargin+frontWidth, y)
	s.pdf.Ln(4)
}

func (s *sheet) say(key string, fields templates.Fields) string {
	text, err := s.texts.Render(s.lang, key, fields)
	if err != nil && s.err == nil {
		s.err = err
	}
	return text
}
