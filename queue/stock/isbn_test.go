package stock_test

import (
	"slices"
	"testing"

	"librarian/queue/stock"
)

// TestBooksWithSeveralISBN are found by each of them, however it is written, and among other words; without an id they are known by the first.
func TestBooksWithSeveralISBN(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	books := []stock.Record{
		{Title: "Сочинения", Year: 1983, ISBN: "5-02-011289-4 (т. 1); ISBN 978-5-02-011290-2"},
		{Title: "Обрыв", Author: "Гончаров", ISBN: "978‑5‑7696‑0033‑3 5769600345"},
		{Title: "Илин", Kind: stock.Periodical, ISBN: "0869-1428, 0032-874x"},
	}
	if sum, refused := w.take(each(books...)); sum.Added != len(books) {
		t.Fatalf("%+v, %v", sum, refused)
	}
	for query, want := range map[string]string{
		"5020112894": "Сочинения", "978-5-02-011289-6": "Сочинения", "9785020112902": "Сочинения", "978-5-02-011290-2": "Сочинения", "ISBN 5-02-011290-8": "Сочинения",
		"Собрание сочинений. — М.: Наука, 1983. — 735 с. — ISBN 978-5-02-011290-2.": "Сочинения", "у вас есть 5-7696-0034-5?": "Обрыв", "5-7696-0033-7": "Обрыв",
		"0869-1428": "Илин", "ISSN 0032-874Х": "Илин", "0032-8740": "",
	} {
		got := w.find(query)
		if want == "" && len(got) == 0 {
			continue
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	books[0].ISBN, books[0].Publisher = "5020112894", "Наука"
	if sum, _ := w.take(each(books[0])); sum != (stock.Summary{Changed: 1}) {
		t.Errorf("with its first number alone: %+v", sum)
	}
}

// TestLettersThatAreNotSeen part no words.
func TestLettersThatAreNotSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(stock.Record{Title: "\ufeffОб\u200bрыв", Author: "Гон\u2060чаров"}))
	for _, query := range []string{"обрыв гончаров", "об\u200bрыв", "\u200eобрыв\u200e"} {
		if found := w.find(query); len(found) != 1 {
			t.Errorf("%q finds %q", query, found)
		}
	}
}
