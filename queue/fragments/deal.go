package fragments

import (
	"slices"
)

// Lot is what one delivery holds for one order.
type Lot struct {
	Order   ID // 0: what follows a slip that is nobody's here, or no slip at all
	Brought []Brought
	Pages   int // without the slips
}

// Deal divides what one delivery brought among orders. A photo of a slip begins the pages of its order, in the order in which Bring would put them; what stands
// before the first is for own, 0 where the delivery answers no order. Whose gives the order of a slip's code, or 0 when its pages are not taken from here.
// Files without pages are left out.
func Deal(all []Brought, own ID, whose func(code string) (ID, error)) ([]Lot, error) {
	var lots []Lot
	order := own
	for _, i := range sequence(all) {
		b := all[i]
		for _, s := range b.sheets() {
			if IsSlip(s.Code) {
				var err error
				if order, err = whose(s.Code); err != nil {
					return nil, err
				}
			}
			at := slices.IndexFunc(lots, func(l Lot) bool { return l.Order == order })
			if at < 0 {
				lots, at = append(lots, Lot{Order: order}), len(lots)
			}
			lots[at].add(b, s.Number, !IsSlip(s.Code))
		}
	}
	return lots, nil
}

// add takes one page of a file into the lot.
func (l *Lot) add(b Brought, sheet int, page bool) {
	if page {
		l.Pages++
	}
	if n := len(l.Brought); n > 0 && l.Brought[n-1].File.ID == b.File.ID {
		l.Brought[n-1].Only = append(l.Brought[n-1].Only, sheet)
		return
	}
	b.Only = []int{sheet}
	l.Brought = append(l.Brought, b)
}

// Slips are the codes of slips that are seen in what was brought, each once.
func Slips(all []Brought) []string {
	var out []string
	for _, b := range all {
		for _, s := range b.Finding.Sheets {
			if IsSlip(s.Code) && !slices.Contains(out, s.Code) {
				out = append(out, s.Code)
			}
		}
	}
	return out
}

// sequence are the indices of the files with pages, in the order in which they would stand in one order.
func sequence(all []Brought) []int {
	var parts []Part
	for i, b := range all {
		if b.usable() {
			slip := len(b.Finding.Sheets) > 0 && IsSlip(b.Finding.Sheets[0].Code)
			parts = append(parts, Part{ID: int64(i), File: b.File.ID, Name: b.File.Name, Sheet: b.sheets()[0].Number, Taken: b.Finding.Taken, Slip: slip, Sum: b.File.SHA256})
		}
	}
	out := make([]int, len(parts))
	for i, p := range ordered(parts) {
		out[i] = int(p.ID)
	}
	return out
}
