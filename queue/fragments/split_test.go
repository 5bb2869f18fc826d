package fragments

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"librarian/contacts/library"
)

func TestSplitKeepsOrderAndLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := Sizes{Front: rapid.Int64Range(1000, 50_000).Draw(r, "front"), Pages: rapid.SliceOfN(rapid.Int64Range(1, 5_000_000), 1, 120).Draw(r, "pages")}
		limit := rapid.Int64Range(10_000, 20_000_000).Draw(r, "limit")
		parts, err := Split(s, limit)
		var large *SizeError
		if errors.As(err, &large) {
			if first := slices.IndexFunc(s.Pages, func(p int64) bool { return s.Front+bookExtra+p+pageExtra > limit }); first != large.Page {
				r.Fatalf("page %d is too large, told was %d", first, large.Page)
			}
			return
		}
		next := 0
		for i, p := range parts {
			size := s.Front + bookExtra
			for _, page := range s.Pages[p.From:p.To] {
				size += page + pageExtra
			}
			if p.From != next || p.To <= p.From || size > limit {
				r.Fatalf("part %d of %v has %d bytes of %d", i, parts, size, limit)
			}
			if p.To < len(s.Pages) && size+s.Pages[p.To]+pageExtra <= limit {
				r.Fatalf("part %d of %v is not full", i, parts)
			}
			next = p.To
		}
		if next != len(s.Pages) {
			r.Fatalf("%v of %d pages", parts, len(s.Pages))
		}
	})
}

func TestPartsAreSmallerThanTheLimit(t *testing.T) {
	t.Parallel()
	source := scan(t, 3, open)
	var pages []Page
	for i := range 4 {
		pages = append(pages, page("image/jpeg", asJPEG(t, motley(700, 900, uint32(i))), 0))
	}
	pages = append(pages, sheetOf(source, 1, 0), sheetOf(source, 2, 0), sheetOf(source, 3, 0))
	whole, sizes := join(t, pages...)
	limit := int64(len(whole)) / 2
	parts, err := Split(sizes, limit)
	must(t, err)
	if len(parts) < 3 {
		t.Fatalf("%v", parts)
	}
	for i, p := range parts {
		var out bytes.Buffer
		f := front()
		f.Lang, f.Part, f.Parts = library.English, i+1, len(parts)
		_, err := joiner(t, "join").Join(t.Context(), f, pages[p.From:p.To], &out)
		must(t, err)
		if int64(out.Len()) > limit {
			t.Errorf("part %d has %d bytes of %d", i, out.Len(), limit)
		}
		if got := words(t, out.Bytes(), "-l", "1"); !bytes.Contains([]byte(got), fmt.Appendf(nil, "Part %d of %d", i+1, len(parts))) {
			t.Errorf("part %d says %q", i, got)
		}
	}
	var large *SizeError
	if _, err := Split(sizes, sizes.Front); !errors.As(err, &large) || large.Page != 0 {
		t.Errorf("%v", err)
	}
}
