package fragments

import (
	"bytes"
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// arrange puts the pages in order, as long as no person has: what comes after that stands behind what they have arranged.
func arrange(ctx context.Context, tx pgx.Tx, lib library.ID, o Order) error {
	if o.Arranged {
		return nil
	}
	parts, err := Parts(ctx, tx, lib, o.ID)
	if err != nil {
		return err
	}
	ids := make([]int64, len(parts))
	for i, p := range ordered(parts) {
		ids[i] = p.ID
	}
	return edit(ctx, tx, lib, o.ID, ByProgram(), sortPart, lib, o.ID, ids)
}

// ordered are the pages in order: by the numbers in the names of their files, in which scanners and cameras count; else by when they were taken; else as they
// came. What one of these can compare changes places among itself alone, so that a file of another kind stays where it came.
func ordered(parts []Part) []Part {
	out := slices.SortedStableFunc(slices.Values(parts), func(a, b Part) int { return cmp.Compare(a.ID, b.ID) })
	timed := byTime(out)
	came := deliveries(out)
	for _, at := range families(out) {
		switch {
		case distinct(out, at):
			exchange(out, at, byNumber)
		case slices.ContainsFunc(at, func(i int) bool { return !timed[out[i].ID] }): // each letter counts anew
			exchange(out, at, func(a, b Part) int { return cmp.Or(cmp.Compare(came[a.Delivery], came[b.Delivery]), byNumber(a, b)) })
		}
	}
	return out
}

// exchange sorts the parts that stand at these places, from the first to the last, among these places.
func exchange(parts []Part, at []int, compare func(a, b Part) int) {
	some := make([]Part, len(at))
	for i, place := range at {
		some[i] = parts[place]
	}
	slices.SortStableFunc(some, compare)
	for i, place := range at {
		parts[place] = some[i]
	}
}

// byTime sorts the pictures of those deliveries in which each has its time, and says which they are. Where one does not tell its zone the hands of the clocks
// are compared: they hung in one library.
func byTime(parts []Part) (timed map[int64]bool) {
	timeless := map[string]bool{}
	for _, p := range parts {
		if p.picture() && p.TakenAt == nil {
			timeless[p.Delivery] = true
		}
	}
	var at []int
	timed, zoned := map[int64]bool{}, true
	for i, p := range parts {
		if p.Sheet == 0 && p.TakenAt != nil && !timeless[p.Delivery] {
			at = append(at, i)
			timed[p.ID], zoned = true, zoned && p.TakenEast != nil
		}
	}
	moment := func(p Part) time.Time {
		if zoned {
			return p.TakenAt.Add(-time.Duration(*p.TakenEast) * time.Minute)
		}
		return *p.TakenAt
	}
	exchange(parts, at, func(a, b Part) int {
		return cmp.Or(moment(a).Compare(moment(b)), cmp.Compare(a.Name, b.Name), bytes.Compare(a.Sum, b.Sum))
	})
	return timed
}

// picture reports whether the part is a picture of a page.
func (p Part) picture() bool { return p.Sheet == 0 && !p.Slip }

// deliveries are the places at which each delivery begins.
func deliveries(parts []Part) map[string]int {
	first := map[string]int{}
	for i, p := range slices.SortedFunc(slices.Values(parts), func(a, b Part) int { return cmp.Compare(a.ID, b.ID) }) {
		if _, known := first[p.Delivery]; !known {
			first[p.Delivery] = i
		}
	}
	return first
}

// families are the places of parts whose files' names are alike but for their numbers.
func families(parts []Part) map[string][]int {
	out := map[string][]int{}
	for i, p := range parts {
		if found, like := digits(p.Name); len(found) > 0 && !nameless.MatchString(p.Name) {
			out[like] = append(out[like], i)
		}
	}
	return out
}

// nameless are the names that channels give to files that have none: they count what came, not pages.
var nameless = regexp.MustCompile(`^file[_-]\d+\.\w+$`)

// distinct reports whether no two files at these places have the same numbers.
func distinct(parts []Part, at []int) bool {
	seen := map[string]Part{}
	for _, i := range at {
		found, _ := digits(parts[i].Name)
		key := strings.Join(found, " ")
		if other, known := seen[key]; known && other.File != parts[i].File {
			return false
		}
		seen[key] = parts[i]
	}
	return true
}

func byNumber(a, b Part) int {
	x, _ := digits(a.Name)
	y, _ := digits(b.Name)
	order := slices.CompareFunc(x, y, func(p, q string) int { return cmp.Or(cmp.Compare(len(p), len(q)), strings.Compare(p, q)) })
	return cmp.Or(order, cmp.Compare(a.Sheet, b.Sheet))
}

// digits are the numbers of a name, without the zeros before them, and what is left of it.
func digits(name string) (found []string, left string) {
	var rest strings.Builder
	run := ""
	flush := func() {
		if run != "" {
			found = append(found, strings.TrimLeft(run, "0"))
			run = ""
			rest.WriteByte('#')
		}
	}
	for _, c := range strings.ToLower(name) {
		if c <= unicode.MaxASCII && unicode.IsDigit(c) {
			run += string(c)
			continue
		}
		flush()
		rest.WriteRune(c)
	}
	flush()
	return found, rest.String()
}
