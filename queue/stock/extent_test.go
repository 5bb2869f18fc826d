package stock

import "testing"

func TestPagesIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"245 с.": 245, "xii, 245 p.": 245, "XII, 245, [3] с., 16 л. ил.": 245, "245 стр.": 245, "С. 12–20": 9, "Сс. 12–20": 9, "Стор. 12-20": 9, "245 стор.": 245, "245 страниц": 245, "245 сторінок": 245, "XII, 245 pp.": 245, "с. 5-5": 1, "p. 100-120": 21, "312, 408 с.": 720,
		"[8] с.": 8, "1 v. (xiv, 320 pages)": 320, "20 см": 0, "20 cm": 0, "": 0, "разд. паг.": 0, "1 л.": 0, "с. 20-12": 0, "99999999999999999999 с.": 0,
	} {
		if got := pagesIn(text); got != want {
			t.Errorf("%q has %d pages, want %d", text, got, want)
		}
	}
}

func TestYearIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"1985": 1985, "[1985 г.]": 1985, "1905-1907": 1905, "c1999.": 1999, "19850312": 0, "б. г.": 0, "№ 12345": 0, "2150": 0} {
		if got := yearIn(text); got != want {
			t.Errorf("%q is of %d, want %d", text, got, want)
		}
	}
}

func TestISBNKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"5-02-011289-4": "9785020112896", "ISBN: 978-5-02-011289-6": "9785020112896", "0-8044-2957-X": "9780804429573", "080442957Х": "9780804429573", "0032-874x": "0032874X",
		"война": "", "": "", "12": "", "X": "", "978502011289612": "",
	} {
		if got := isbnKey(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
