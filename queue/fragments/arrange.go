package fragments

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// arrange puts the pages in the order of the numbers in their files' names, in which scanners and cameras count, as long as no person has put them in order.
// Names that cannot be compared so stay as they came.
func arrange(ctx context.Context, tx pgx.Tx, lib library.ID, o Order) error {
	if o.Arranged {
		return nil
	}
	parts, err := Parts(ctx, tx, lib, o.ID)
	if err != nil {
		return err
	}
	ids := make([]int64, len(parts))
	for i, p := range counted(parts) {
		ids[i] = p.ID
	}
	return edit(ctx, tx, lib, o.ID, ByProgram(), sortPart, lib, o.ID, ids)
}

// counted are the pages in order: those whose files' names are alike but for their numbers stand by these, in the places that they have together.
func counted(parts []Part) []Part {
	places := map[string][]int{}
	for i, p := range parts {
		_, like := digits(p.Name)
		places[like] = append(places[like], i)
	}
	out := slices.Clone(parts)
	for _, at := range places {
		alike := make([]Part, len(at))
		for i, place := range at {
			alike[i] = parts[place]
		}
		slices.SortStableFunc(alike, func(a, b Part) int {
			x, _ := digits(a.Name)
			y, _ := digits(b.Name)
			return slices.CompareFunc(x, y, func(p, q string) int { return cmp.Or(cmp.Compare(len(p), len(q)), strings.Compare(p, q)) })
		})
		for i, place := range at {
			out[place] = alike[i]
		}
	}
	return out
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
