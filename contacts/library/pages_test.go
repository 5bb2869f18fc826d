package library

import (
	"fmt"
	"strings"
	"testing"
)

func TestParsePages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		count, max int
	}{
		{"12-20, 33", "12–20, 33", 10, 33},
		{"с. 12–20", "12–20", 9, 20},
		{"С 12 по 20", "12–20", 9, 20},
		{"c 12 по 20", "12–20", 9, 20}, // the Latin letter that looks alike
		{"от 12 до 20 стр.", "12–20", 9, 20},
		{"стр 5,7-9", "5, 7–9", 4, 9},
		{"страницы 5 и 7", "5, 7", 2, 7},
		{"сторінки 5 та 7", "5, 7", 2, 7},
		{"12–20 сирэйдэр", "12–20", 9, 20},
		{"pages 3 to 7", "3–7", 5, 7},
		{"pp. 3–7 and 9", "3–7, 9", 6, 9},
		{"сс. 12–20", "12–20", 9, 20},
		{"страниц 12-20", "12–20", 9, 20},
		{"12-20 страниц", "12–20", 9, 20},
		{"5-я страница", "5", 1, 5},
		{"5я страница", "5", 1, 5},
		{"5‑я стр.", "5", 1, 5},
		{"5-ая", "5", 1, 5},
		{"с 5-й по 10-ю страницу", "5–10", 6, 10},
		{"5-я и 7-я страницы", "5, 7", 2, 7},
		{"стор. 5", "5", 1, 5},
		{"сторінок 12-20", "12–20", 9, 20},
		{"5-та сторінка", "5", 1, 5},
		{"з 5-ї до 10-ї сторінки", "5–10", 6, 10},
		{"5-та й 7-ма сторінки", "5, 7", 2, 7},
		{"сирэйдэр 12–20", "12–20", 9, 20},
		{"12-с сирэй", "12", 1, 12},
		{"12 сирэйтэн 20 сирэйгэ диэри", "12–20", 9, 20},
		{"12-тэн 20-гэ диэри", "12–20", 9, 20},
		{"5-с уонна 7-с сирэйдэр", "5, 7", 2, 7},
		{"5-с, 7-с сирэйдэр", "5, 7", 2, 7},
		{"с.12-с.20", "12–20", 9, 20},
		{"с. 12-с 20", "12–20", 9, 20},
		{"5-я–7-я", "5–7", 3, 7},
		{"5th page", "5", 1, 5},
		{"5th to 10th page", "5–10", 6, 10},
		{"pgs. 3 thru 7", "3–7", 5, 7},
		{"12…20", "12–20", 9, 20},
		{"12...20", "12–20", 9, 20},
		{"12 - 20", "12–20", 9, 20},
		{"12 ‒ 20", "12–20", 9, 20},
		{"12−20", "12–20", 9, 20},
		{"с.12, с.14", "12, 14", 2, 14},
		{"7", "7", 1, 7},
		{"стр. 7.", "7", 1, 7},
		{"(12–20)", "12–20", 9, 20},
		{"20-12", "12–20", 9, 20},
		{"33, 12-20", "12–20, 33", 10, 33},
		{"5,6,7", "5–7", 3, 7},
		{"5-9, 7-12", "5–12", 8, 12},
		{"5-9, 6", "5–9", 5, 9},
		{"5, 5", "5", 1, 5},
		{"5\n7", "5, 7", 2, 7},
		{"5 7 9", "5, 7, 9", 3, 9},
		{"1-2000", "1–2000", 2000, 2000},
		{"9999", "9999", 1, 9999},
	} {
		got, ok := ParsePages(c.text)
		if !ok || got.String() != c.want || got.Count() != c.count || got.Max() != c.max {
			t.Errorf("%q: %s, %d pages up to %d, %v; want %s, %d up to %d", c.text, got, got.Count(), got.Max(), ok, c.want, c.count, c.max)
		}
	}
}

func TestParsePagesRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "страницы", "0", "0-5", "12-", "-12", "12--20", "12-20-30", "12-,20", "1-2001", "1-1500, 1600-2500", "10001", "99999999999999999999",
		"глава 3", "главы 3-5", "третья глава", "VII", "с. VII–IX", "12.20", "12/20", "20 страниц", "20 стр.", "20 pages", "20 сторінок",
		"12a", "12а", "12-б", "страниц 20", "сторінок 5", "20-ти страниц", "5-тан", "5 сирэйтэн", "сирэйтэн 5", "5-", "12-с", "3-х страниц", "5-тан-7", "сс.", "th", "-я", "я 5", "1998, № 3", "по 20", "12 по", "12, по 20", "٥", "12 👍", "5\x00", strings.Repeat("5,", 300), apart(100),
	} {
		if got, ok := ParsePages(text); ok {
			t.Errorf("%.40q: %s", text, got)
		}
	}
}

// apart are so many pages of which none stands beside another, closely written.
func apart(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "%d ", 100+2*i)
	}
	return out.String()
}

func TestFirstPages(t *testing.T) {
	t.Parallel()
	pages, ok := ParsePages("12-14, 20, 30-40")
	if !ok {
		t.Fatal("no pages")
	}
	for n, want := range map[int]string{-1: "", 0: "", 1: "12", 3: "12–14", 4: "12–14, 20", 6: "12–14, 20, 30–31", 15: "12–14, 20, 30–40", 99: "12–14, 20, 30–40"} {
		if got := pages.First(n); got.String() != want {
			t.Errorf("the first %d: %s, want %s", n, got, want)
		}
	}
	if pages.String() != "12–14, 20, 30–40" {
		t.Errorf("the pages themselves were changed: %s", pages)
	}
	if got := Pages(nil); got.Max() != 0 || got.Count() != 0 {
		t.Errorf("no pages: up to %d, %d", got.Max(), got.Count())
	}
}

func FuzzParsePages(f *testing.F) {
	for _, seed := range []string{"12-20, 33", "с 12 по 20", "12...20", "pages 3 to 7", "20-12,5;5", "0", "1-2001", "\xff", "12–", "5-я, 7-й", "12-тэн 20-гэ", "страниц 5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pages, ok := ParsePages(text)
		if !ok {
			return
		}
		n := pages.Count()
		if n < 1 || n > pagesMost || pages.Max() > pagesHighest {
			t.Fatalf("%q: %d pages up to %d", text, n, pages.Max())
		}
		for i, r := range pages {
			if r.From < 1 || r.To < r.From || i > 0 && r.From <= pages[i-1].To+1 {
				t.Fatalf("%q: %v", text, pages)
			}
		}
		if again, ok := ParsePages(pages.String()); !ok || again.String() != pages.String() {
			t.Fatalf("%q: %s is read as %s, %v", text, pages, again, ok)
		}
		if first := pages.First(n - 1); first.Count() != n-1 || n > 1 && first.Max() > pages.Max() {
			t.Fatalf("%q: the first %d of %s are %s", text, n-1, pages, first)
		}
	})
}
