package flows

import "time"

// The kinds of order.
const (
	KindFragment = "fragment" // pages of a book
	KindArticle  = "article"  // of a periodical
)

// FindBook looks in the catalogue; for an article in periodicals first.
type FindBook struct{ Words, Kind string }

// BooksFound answers FindBook: the best first, at most six.
type BooksFound struct{ Books []Book }

// Book is an edition in the catalogue; of a periodical one issue.
type Book struct {
	ID    int64  `json:"id"`              // of the edition
	Line  string `json:"line"`            // bibliographic description in one line
	Short string `json:"short"`           // author, title, year: fits a button
	Pages int    `json:"pages,omitempty"` // 0: unknown
	Free  bool   `json:"free,omitempty"`  // in the public domain
	Issue bool   `json:"issue,omitempty"` // of a periodical, or an article in one: numbers of pages may go on through the year
}

// PlaceOrder orders pages of a book, or an article.
type PlaceOrder struct {
	Kind   string // KindFragment or KindArticle
	Reader int64
	Book   int64    // 0: described in words
	Title  string   // the book's Line, or the reader's words
	Pages  string   // as library.Pages.String, or the reader's words for a chapter
	Count  int      // pages; 0: unknown (a chapter)
	Want   string   // photo, scan
	Permit bool     // ask the department for more than the limit
	Files  []string // what the reader sent to show which book it is
}

// Verdict is why an order was not placed; the empty one is that it was.
type Verdict string

// The verdicts.
const (
	VerdictUpTo       Verdict = "up_to"       // fewer pages may be ordered
	VerdictPermission Verdict = "permission"  // it is more than allowed, but the department may permit it
	VerdictUsedUp     Verdict = "used_up"     // nothing is left, and nobody may permit it
	VerdictNotAllowed Verdict = "not_allowed" // this account may not
	VerdictAgain      Verdict = "again"       // the same is on its way already
	VerdictTooMany    Verdict = "too_many"    // open orders
)

// OrderPlaced answers PlaceOrder.
type OrderPlaced struct {
	Order   int64
	Code    string    // as people say it
	Due     time.Time // by which it is promised
	Verdict Verdict   // with any but the empty one nothing was made
	UpTo    int       // with VerdictUpTo: so many pages are still allowed of this book
	Limit   int       // pages of this book that the rules allow in all
	Used    int       // pages of it ordered before
}

// ShowOrders asks for the orders of all readers for whom the contact acts.
type ShowOrders struct{}

// OrdersShown answers ShowOrders: the newest first, at most ten.
type OrdersShown struct{ Orders []Order }

// Order is where one order stands.
type Order struct {
	ID                 int64
	Code, Kind, Title  string
	Pages              string
	State              string // new, asked, came, waiting (for the reader's answer), sent, refused, cancelled
	Reason             string // of a refusal: not_found, lost, fragile, forbidden, other
	Words              string // of staff: about the refusal, or what they wait to be told
	Reader             int64
	Created, Due, Sent time.Time
	Files              []string  // of what was sent
	Hoped              time.Time // by when it is hoped for since the promise was not kept; zero: it was, or nothing is known
	Open               bool      // can still be cancelled
}

// FetchOrder wants once more what was sent.
type FetchOrder struct{ Order int64 }

// OrderFetched answers FetchOrder: the files, or where they are too large for the channel a link. Neither: they are not kept any more.
type OrderFetched struct {
	Order       Order
	Files       []string
	Secret      string // the address of the link
	Days, Views int    // for which it works
}

// CancelOrder takes the order back.
type CancelOrder struct{ Order int64 }

// AddToOrder adds to the order, or answers what staff have asked about it.
type AddToOrder struct {
	Order int64
	Text  string
	Files []string
}

// ComplainOrder says what is wrong with what was sent.
type ComplainOrder struct {
	Order int64
	Text  string
	Files []string
}

// OrderChanged answers CancelOrder, AddToOrder and ComplainOrder.
type OrderChanged struct {
	OK    bool // otherwise it is too late
	Order Order
	Due   time.Time
}

func (FindBook) ask()      {}
func (PlaceOrder) ask()    {}
func (ShowOrders) ask()    {}
func (FetchOrder) ask()    {}
func (CancelOrder) ask()   {}
func (AddToOrder) ask()    {}
func (ComplainOrder) ask() {}

func (BooksFound) answer()   {}
func (OrderPlaced) answer()  {}
func (OrdersShown) answer()  {}
func (OrderFetched) answer() {}
func (OrderChanged) answer() {}
