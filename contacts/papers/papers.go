// Package papers draws the papers of a full registration, each page with a code, and knows of each page whether it came back signed and what staff said to it.
package papers

import (
	"errors"
	"slices"
	"time"

	"librarian/bots/files"
)

// Kind is what a paper is.
type Kind string

// The papers. A surety is asked for a child only.
const (
	Form        Kind = "form"
	Application Kind = "application"
	Consent     Kind = "consent"
	Surety      Kind = "surety"
)

// Page is one page of one paper; pages are counted from 1.
type Page struct {
	Kind   Kind
	Number int
}

// State is how far a page has come.
type State string

// A page is Wanted until a photo of it is Received. Staff accept it or return it, and what is Returned may be received again.
const (
	Wanted   State = "wanted"
	Received State = "received"
	Accepted State = "accepted"
	Returned State = "returned"
)

// How tells by what a photo was known to be of this page.
type How string

// A photo is bound by its code, by what the reader said it was, because one page alone was missing, or by staff. A page accepted ByPost has no photo.
const (
	ByCode   How = "code"
	ByReader How = "reader"
	Alone    How = "alone"
	ByStaff  How = "staff"
	ByPost   How = "post"
)

// What may stand in the way.
var (
	ErrState     = errors.New("the papers are not in a state for that")
	ErrNoConsent = errors.New("the library has no text of the consent")
	ErrTooLong   = errors.New("the paper has more pages than its code can count")
)

// PageStand is a page as it stands.
type PageStand struct {
	Page
	State      State
	File       files.ID // the newest photo or scan; empty before the first, when it came by post, and after its term
	Sheet      int      // which page of the file
	Preview    files.ID // the picture that people are shown
	How        How
	Unsigned   bool   // nothing was seen in the signature's field
	Reason     string // why it was returned, as staff wrote it to the reader
	ReceivedAt *time.Time
	DecidedAt  *time.Time
	DecidedBy  int64     // of staff; 0: nobody yet
	OrderedAt  time.Time // with the answers as they were then
}

// Complete reports that no page is missing: staff may look at them.
func Complete(stand []PageStand) bool {
	for _, p := range stand {
		if p.State != Received && p.State != Accepted {
			return false
		}
	}
	return len(stand) > 0
}

// SignedPaper reports that staff accepted each page of the paper: somebody has signed it.
func SignedPaper(stand []PageStand, kind Kind) bool {
	pages := slices.DeleteFunc(slices.Clone(stand), func(p PageStand) bool { return p.Kind != kind })
	return AllAccepted(pages)
}

// AllAccepted reports that staff accepted each page.
func AllAccepted(stand []PageStand) bool {
	for _, p := range stand {
		if p.State != Accepted {
			return false
		}
	}
	return len(stand) > 0
}
