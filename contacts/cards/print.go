package cards

import (
	"bytes"
	"fmt"

	"codeberg.org/go-pdf/fpdf"

	"librarian/contacts/library"
)

// The size of an ID-1 card and its place on an A4 sheet, in millimetres.
const (
	cardWide = 85.6
	cardHigh = 53.98
	sheetTop = 20.0
)

// Print puts the picture of the card (K8) on an A4 sheet in its true size, with a line to cut along, and gives the PDF. The title is the library's.
func Print(lib library.Library, picture []byte) ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetTitle(lib.Title(lib.RecordLang()), true)
	pdf.AddPage()
	wide, _ := pdf.GetPageSize()
	left := (wide - cardWide) / 2
	pdf.RegisterImageOptionsReader("card", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(picture))
	pdf.ImageOptions("card", left, sheetTop, cardWide, cardHigh, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	pdf.SetDashPattern([]float64{2, 2}, 0)
	pdf.SetLineWidth(0.1)
	pdf.Rect(left, sheetTop, cardWide, cardHigh, "D")
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("print card: %w", err)
	}
	return out.Bytes(), nil
}
