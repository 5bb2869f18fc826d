package web

import (
	"time"

	"librarian/queue"
)

// PaperPage is one page of the papers that belong to a registration.
type PaperPage struct {
	Kind     string // form, application, consent, surety
	Number   int    // from 1
	State    string // wanted, received, accepted, returned
	Preview  string // the file of its picture; empty: none
	File     string // the file that was sent; empty: none
	Sheet    int    // which page of the file
	How      string // it came to be this page: code, reader, alone, staff, post
	Unsigned bool   // no signature was seen
	Reason   string // it was returned for: one of package queue's, or words
	Received time.Time
	By       queue.StaffID // who decided; 0: nobody yet
	Decided  time.Time
	Ordered  time.Time // with the data as they were then
}

// PageSeen is a page with the photo that was looked at: if a newer one has come meanwhile, nobody has decided about that.
type PageSeen struct {
	Kind   string
	Number int
	File   string
	Sheet  int
}

// WaitingPapers is a registration that waits for its papers.
type WaitingPapers struct {
	Registration int64
	Name         string
	Since        time.Time
	Missing, All int  // pages
	Post         bool // the reader has said that they come by post
}

// The states of a page.
const (
	pageWanted   = "wanted"
	pageReceived = "received"
	pageAccepted = "accepted"
	pageReturned = "returned"
)

// registrationWaits is the state of a registration whose papers are not all there.
const registrationWaits = "papers"

// tally counts the pages by state.
type tally struct{ All, Wanted, Received, Accepted, Returned int }

func count(pages []PaperPage) tally {
	n := tally{All: len(pages)}
	for _, p := range pages {
		switch p.State {
		case pageWanted:
			n.Wanted++
		case pageReceived:
			n.Received++
		case pageAccepted:
			n.Accepted++
		case pageReturned:
			n.Returned++
		}
	}
	return n
}

func (n tally) complete() bool { return n.All > 0 && n.Accepted == n.All }
