package library

import "fmt"

// Linking is how long a link works to a file that no channel takes. The zero value is the usual one.
type Linking struct {
	Days  int `json:"days,omitempty"`  // 0: 14
	Views int `json:"views,omitempty"` // downloads; 0: 5
}

// What a library can set at most, and what is usual: a fortnight is time enough to come by a computer, five downloads do for a family's machines and
// are too few to pass a copy round.
const (
	usualLinkDays  = 14
	usualLinkViews = 5
	MostLinkDays   = 365
	MostLinkViews  = 100
)

// Term is for how many days a link works.
func (l Linking) Term() int {
	if l.Days == 0 {
		return usualLinkDays
	}
	return l.Days
}

// Most is how often what it leads to can be downloaded.
func (l Linking) Most() int {
	if l.Views == 0 {
		return usualLinkViews
	}
	return l.Views
}

func (l Linking) check() error {
	if l.Days < 0 || l.Days > MostLinkDays || l.Views < 0 || l.Views > MostLinkViews {
		return fmt.Errorf("link: %d days and %d views", l.Days, l.Views)
	}
	return nil
}

// usualOrdersDays is how long the pages of an order are kept where a library has set no term of its own.
const usualOrdersDays = 90

// OfOrders is for how many days the pages of an order are kept after they went out.
func (r Retention) OfOrders() int {
	if r.OrdersDays == 0 {
		return usualOrdersDays
	}
	return r.OrdersDays
}
