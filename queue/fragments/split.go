package fragments

import "fmt"

// Sizes are the bytes that the first page and each other take in a PDF of their own. What pages of one PDF share counts for each of them: parts made
// by these sizes never come out larger.
type Sizes struct {
	Front int64
	Pages []int64
}

// Stretch is a run of pages, from the index From up to and without To.
type Stretch struct{ From, To int }

// SizeError says that one page alone, with the first page before it, is larger than the limit.
type SizeError struct {
	Page int // index, from 0
	Size int64
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("page %d alone takes %d bytes", e.Page, e.Size)
}

const (
	bookExtra = 4 << 10 // bytes of a PDF beside its pages, and by which a first page that tells its part is longer
	pageExtra = 128     // bytes of a page and its own objects in the tables
)

// Split cuts pages that have been joined once into parts of less than limit bytes, each in the order of pages and as full as can be. If all fit there is
// one part. *SizeError of the first page that is too large alone.
func Split(s Sizes, limit int64) ([]Stretch, error) {
	start := s.Front + bookExtra
	var parts []Stretch
	part, size := Stretch{}, start
	for i, page := range s.Pages {
		page += pageExtra
		if start+page > limit {
			return nil, fmt.Errorf("split: %w", &SizeError{Page: i, Size: start + page})
		}
		if size+page > limit {
			parts = append(parts, part)
			part, size = Stretch{From: i, To: i}, start
		}
		part.To, size = i+1, size+page
	}
	return append(parts, part), nil
}
