package papers

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"librarian/templates"
)

// Press draws papers. It may be used by many goroutines at once.
type Press struct {
	texts         *templates.Texts
	regular, bold []byte
	letters       templates.Letters
}

// NewPress takes the texts to be printed. It fails only if the font that is built in cannot be read.
func NewPress(texts *templates.Texts) (*Press, error) {
	letters, err := templates.NewLetters()
	if err != nil {
		return nil, fmt.Errorf("make press: %w", err)
	}
	return &Press{texts: texts, regular: templates.FontRegular(), bold: templates.FontBold(), letters: letters}, nil
}

// Draw draws the papers of the order in its sequence, A4, each page with its code and a field for the signature. The same order gives the same bytes.
// ErrNoConsent, ErrTooLong.
func (p *Press) Draw(o Order) ([]Drawn, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("draw papers: %w", err)
	}
	out := make([]Drawn, 0, len(o.Kinds))
	for _, kind := range o.Kinds {
		d, err := p.drawOne(o, kind)
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", kind, err)
		}
		out = append(out, d)
	}
	return out, nil
}

func (p *Press) drawOne(o Order, kind Kind) (Drawn, error) {
	paper, err := p.compose(o, kind)
	if err != nil {
		return Drawn{}, err
	}
	d := Drawn{Kind: kind, Lang: o.Library.RecordLang(), Version: o.versionOf(kind)}
	if d.TextHash, err = p.textHash(o, kind); err != nil {
		return d, err
	}
	s := p.newSheets(o, paper)
	pages := paginate(s.layOut(paper))
	if len(pages) > mostPages {
		return d, ErrTooLong
	}
	for i, rows := range pages {
		if err := s.draw(rows, i+1, len(pages)); err != nil {
			return d, err
		}
	}
	var out bytes.Buffer
	if err := s.pdf.Output(&out); err != nil {
		return d, fmt.Errorf("write pdf: %w", err)
	}
	d.PDF, d.Pages = out.Bytes(), len(pages)
	return d, nil
}

// sheets are the pages of one paper while they are drawn.
type sheets struct {
	*Press
	pdf   *fpdf.Fpdf
	order Order
	paper paper
}

func (p *Press) newSheets(o Order, about paper) *sheets {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	pdf.AddUTF8FontFromBytes(fontFamily, "", p.regular)
	pdf.AddUTF8FontFromBytes(fontFamily, "B", p.bold)
	// Nothing may depend on the hour: a paper drawn again after a crash is the same paper.
	day := o.Day.Time(time.UTC)
	pdf.SetCreationDate(day)
	pdf.SetModificationDate(day)
	pdf.SetCatalogSort(true)
	pdf.SetTitle(about.title.record, true)
	pdf.SetLang(string(o.Library.RecordLang()))
	return &sheets{Press: p, pdf: pdf, order: o, paper: about}
}
