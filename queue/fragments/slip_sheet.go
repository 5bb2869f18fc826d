package fragments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue/stock"
)

// Held is what the catalogue says of an order's book.
type Held struct {
	Source string   // bibliographic description; of a book that is not in it, as the reader named it
	Copies []string // siglum, fund and inventory number of each that is in
}

// HeldIn gives what the catalogue says of the order's book.
func HeldIn(ctx context.Context, tx pgx.Tx, o Order) (Held, error) {
	out := Held{Source: o.Title}
	if o.Edition == 0 {
		return out, nil
	}
	book, err := stock.GetIn(ctx, tx, o.Library, o.Edition)
	if errors.Is(err, stock.ErrNotFound) { // taken out of the catalogue meanwhile
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if book.Description != "" {
		out.Source = book.Description
	}
	for _, c := range book.Copies {
		if c.State == stock.In {
			out.Copies = append(out.Copies, strings.Join(strings.Fields(c.Siglum+" "+c.Fund+" "+c.Inventory), " "))
		}
	}
	return out, nil
}

// SlipSheet is what stands on the slip that lies in the book while it is photographed; nothing of the reader.
type SlipSheet struct {
	Lang    library.Lang
	Library string // its name
	Order   Order
	Held    Held
	Want    string // photo or scan, in words
	Due     string // in words
	Date    time.Time
}

// Keys of the texts on a slip.
const (
	slipTitle  = "slip_print.title"
	slipCopies = "slip_print.copies"
	slipPages  = "slip_print.pages"
	slipWant   = "slip_print.want"
	slipDue    = "slip_print.due"
	slipAgain  = "slip_print.again"
	slipLetter = "slip_print.code"
	slipHow    = "slip_print.how"
)

// Where things stand on a slip, in mm: the code at the right of the words.
const (
	slipSide = 46.0 // of the code
	slipLeft = frontMargin + frontWidth - slipSide
	slipTop  = 44.0
	slipWide = frontWidth - slipSide - 10 // of the words
	// slipBleed is how far a module goes over into the one under it, or viewers show white seams.
	slipBleed = 0.03
)

// DrawSlip gives the slip as a PDF, A4, with what it says in the upper half: it may be cut.
func (j *Joiner) DrawSlip(p SlipSheet) ([]byte, error) {
	s := j.newSheet(p.Lang, p.Date)
	s.put(p.Library, "B", 10, 5, 70)
	s.rule()
	words := s.pdf.GetY() + 8
	if err := s.slipMark(p.Order); err != nil {
		return nil, err
	}
	s.wide = slipWide
	s.pdf.SetXY(frontMargin, words)
	s.put(s.say(slipTitle, nil)+" № "+p.Order.Code(), "B", 20, 9.5, 0)
	s.pdf.Ln(4)
	s.field(textSource, p.Held.Source, 12.5)
	s.field(slipCopies, strings.Join(p.Held.Copies, "; "), 12.5)
	s.field(slipPages, p.Order.Pages, 14)
	s.field(slipWant, p.Want, 12.5)
	s.field(slipAgain, p.Order.Again, 12.5)
	s.field(slipDue, p.Due, 12.5)
	s.wide = frontWidth
	foot := s.pdf.GetY()
	if s.pdf.PageNo() == 1 {
		foot = max(foot, slipTop+slipSide+18)
	}
	s.pdf.SetXY(frontMargin, foot+2)
	s.rule()
	s.put(s.say(slipHow, nil), "", 10, 5, 30)
	var out bytes.Buffer
	if err := s.pdf.Output(&out); err != nil && s.err == nil {
		s.err = err
	}
	if s.err != nil {
		return nil, fmt.Errorf("draw slip of order %d: %w", p.Order.ID, s.err)
	}
	return out.Bytes(), nil
}

// slipMark draws the code as shapes, and under it the same in letters.
func (s *sheet) slipMark(o Order) error {
	symbol, err := qr.Encode(o.SlipMark(), qr.Q, qr.AlphaNumeric)
	if err != nil {
		return fmt.Errorf("code of order %d: %w", o.ID, err)
	}
	n := symbol.Bounds().Dx()
	module := slipSide / float64(n)
	s.pdf.SetFillColor(0, 0, 0)
	for y := range n {
		for x := range n {
			if r, _, _, _ := symbol.At(x, y).RGBA(); r == 0 {
				s.pdf.Rect(slipLeft+float64(x)*module, slipTop+float64(y)*module, module+slipBleed, module+slipBleed, "F")
			}
		}
	}
	for i, line := range []struct {
		text, weight string
		points       float64
		grey         int
	}{{s.say(slipLetter, nil), "", 8.5, 90}, {o.SlipCode(), "B", 12.5, 0}} {
		s.pdf.SetFont(frontFamily, line.weight, line.points)
		s.pdf.SetTextColor(line.grey, line.grey, line.grey)
		s.pdf.SetXY(slipLeft, slipTop+slipSide+3+5.5*float64(i))
		s.pdf.CellFormat(slipSide, 5, line.text, "", 0, "C", false, 0, "")
	}
	return nil
}
