package fragments

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Page is one page to be joined.
type Page struct {
	Open   func(ctx context.Context) (io.ReadCloser, error) // the stored original
	File   string                                           // of one PDF the same: its pages that stand side by side are read at once; may be empty
	Media  string                                           // media type by content
	Number int                                              // page of a PDF, from 1; 0 of a picture
	Turn   int                                              // degrees clockwise beyond its own orientation: 0, 90, 180, 270
}

const (
	pdfMedia  = "application/pdf"
	jpegMedia = "image/jpeg"
)

// Fault is why a page cannot be joined.
type Fault string

// The faults of pages.
const (
	FaultKind     Fault = "kind"      // neither a picture nor a PDF
	FaultBroken   Fault = "broken"    // cannot be read, or does harm
	FaultLocked   Fault = "locked"    // a PDF that opens with a password
	FaultNoPage   Fault = "no_page"   // a PDF that has no page of that number
	FaultTooLarge Fault = "too_large" // takes more pixels, bytes, memory or time than is allowed
	FaultTurn     Fault = "turn"      // to be turned by something else than a right angle
)

// PageError says which page cannot be joined, and why. Without it the others can.
type PageError struct {
	Page  int // index in what was to be joined, from 0
	Fault Fault
}

func (e *PageError) Error() string {
	return fmt.Sprintf("page %d cannot be joined: %s", e.Page, e.Fault)
}

// check finds what can be told without reading the page.
func (p Page) check() Fault {
	switch {
	case p.Media != pdfMedia && !strings.HasPrefix(p.Media, "image/"):
		return FaultKind
	case p.Media == pdfMedia && p.Number < 1:
		return FaultNoPage
	case p.Turn%90 != 0 || p.Turn < 0 || p.Turn > 270:
		return FaultTurn
	}
	return ""
}

// with reports whether the next page is read with this one.
func (p Page) with(next Page) bool { return p.Media == pdfMedia && p.File != "" && p.File == next.File }
