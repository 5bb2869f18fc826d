package papers

import (
	"fmt"

	"github.com/boombuler/barcode/qr"

	"librarian/bots/files"
	"librarian/templates"
)

// The foot of a page, in mm. Around the code four of its modules stay empty, as the symbology asks.
const (
	footLine = 254.0 // between the body and the foot
	headLine = 19.0  // between the head and the body
	dateLine = 287.5
	signLeft = files.CodeLeft + files.SignLeft*files.CodeSide
	signTop  = files.CodeTop + files.SignTop*files.CodeSide
	signWide = (files.SignRight - files.SignLeft) * files.CodeSide
	signHigh = (files.SignBottom - files.SignTop) * files.CodeSide
	noteLeft = signLeft + signWide + 6
	noteWide = right - noteLeft
	// bleed is how far a module goes over into the one under it: without it, viewers show white seams between them.
	bleed = 0.03
)

// draw adds a page.
func (s *sheets) draw(rows []row, number, total int) error {
	s.pdf.AddPage()
	s.head()
	y := bodyTop
	for _, r := range rows {
		for _, sp := range r.spans {
			s.write(sp.x, y+sp.baseline, sp.text, sp.style)
		}
		y += r.height
		if r.rule {
			s.rule(r.from, y)
		}
	}
	s.rule(left, footLine)
	if err := s.code(Page{s.paper.kind, number}); err != nil {
		return err
	}
	s.signField()
	if err := s.notes(number, total); err != nil {
		return err
	}
	return s.pdf.Error()
}

// head is the library's name on each page.
func (s *sheets) head() {
	lib := s.order.Library
	title := s.few(lib.Title(lib.RecordLang()), width, houseStyle(), 2)
	for i, line := range title {
		s.write(left, headLine-2.5-4*float64(len(title)-1-i), line, houseStyle())
	}
	s.rule(left, headLine)
}

func (s *sheets) rule(from, y float64) {
	s.pdf.SetDrawColor(170, 170, 170)
	s.pdf.SetLineWidth(0.2)
	s.pdf.Line(from, y, right, y)
}

// code draws the page's code as shapes, which are sharp at any size.
func (s *sheets) code(page Page) error {
	symbol, err := qr.Encode(Code(s.order.Token, page), qr.M, qr.AlphaNumeric)
	if err != nil {
		return fmt.Errorf("encode page: %w", err)
	}
	n := symbol.Bounds().Dx()
	module := files.CodeSide / float64(n)
	s.pdf.SetFillColor(0, 0, 0)
	for y := range n {
		for x := 0; x < n; x++ {
			run := 0
			for x+run < n {
				if r, _, _, _ := symbol.At(x+run, y).RGBA(); r != 0 {
					break
				}
				run++
			}
			if run > 0 {
				s.pdf.Rect(files.CodeLeft+float64(x)*module, files.CodeTop+float64(y)*module, float64(run)*module, module+bleedOf(y, n), "F")
				x += run
			}
		}
	}
	return nil
}

// bleedOf is nothing in the last row: the code keeps its side.
func bleedOf(y, n int) float64 {
	if y == n-1 {
		return 0
	}
	return bleed
}

// signField draws the box, in which nothing is ever printed, with its labels around it.
func (s *sheets) signField() {
	s.pdf.SetDrawColor(0, 0, 0)
	s.pdf.SetLineWidth(0.3)
	s.pdf.Rect(signLeft, signTop, signWide, signHigh, "D")
	hint := s.paper.hint
	for _, line := range s.few(hint.record, right-signLeft, labelStyle(), 1) {
		s.write(signLeft, footLine+4.6, line, labelStyle())
	}
	for _, line := range s.few(hint.reader, right-signLeft, smallStyle(), 1) {
		s.write(signLeft, footLine+8.4, line, smallStyle())
	}
	y := signTop + signHigh + 3.4
	for _, text := range []string{s.paper.signer.record, s.paper.signer.reader} {
		for _, line := range s.few(text, signWide, smallStyle(), 1) {
			s.write(signLeft, y, line, smallStyle())
			y += 3.2
		}
	}
}

// notes tell beside the box what the page is, whose, and when it was signed: a page that lost the others can be put back.
func (s *sheets) notes(number, total int) error {
	y := signTop + 2.2
	put := func(text string, st style, most int, height float64) {
		for _, line := range s.few(text, noteWide, st, most) {
			s.write(noteLeft, y, line, st)
			y += height
		}
	}
	put(s.paper.title.record, houseStyle(), 2, 3.6)
	page, err := s.texts.Render(s.order.Library.RecordLang(), textPage, templates.Fields{"number": number, "total": total})
	if err != nil {
		return err
	}
	put(page, labelStyle(), 1, 3.6)
	put(s.order.Name, smallStyle(), 1, 3.6)
	date := s.paper.date.record
	if s.paper.date.reader != "" {
		date += " / " + s.paper.date.reader
	}
	s.write(noteLeft, dateLine-0.6, date, labelStyle())
	s.rule(noteLeft+s.pdf.GetStringWidth(date)+2, dateLine)
	return nil
}
