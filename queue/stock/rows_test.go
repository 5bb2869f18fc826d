package stock_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"librarian/queue/stock"
)

// TestRowsOfOneEdition stay together, also where a batch of the import ends between them: 1001 editions of two rows each, then one with more copies than a
// batch.
func TestRowsOfOneEdition(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const editions = 1001
	var table strings.Builder
	table.WriteString("id,title,siglum\n")
	for i := range editions {
		fmt.Fprintf(&table, "%d,Книга %d,КХ\n%d,Книга %d,КМ\n", i, i, i, i)
	}
	for _, want := range []stock.Summary{{Added: editions}, {Unchanged: editions}} {
		records, _, err := stock.CSV(strings.NewReader(table.String()))
		if err != nil {
			t.Fatal(err)
		}
		if sum, refused := w.take(records); sum != want {
			t.Errorf("%+v, want %+v; %v", sum, want, refused)
		}
	}
	var copies, whole int
	err := w.pool.QueryRow(t.Context(), `select sum(n), count(*) filter (where sigla = '{КМ,КХ}')
		from (select count(*) as n, array_agg(siglum order by siglum) as sigla from copies group by edition_id) e`).Scan(&copies, &whole)
	if err != nil || copies != 2*editions || whole != editions {
		t.Errorf("%d copies, %d editions with both: %v", copies, whole, err)
	}
}

// TestMoreCopiesThanABatch: five editions of two thousand copies each fill a batch; a further row of the last of them is counted with it, and is refused alone.
func TestMoreCopiesThanABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var records []stock.Record
	for i := range 5 {
		records = append(records, stock.Record{Source: fmt.Sprint(i), Title: "Учебник", Copies: numbered(i, 2000)})
	}
	records = append(records, stock.Record{Source: "4", Title: "Учебник", Copies: []stock.Copy{{Inventory: "ещё один"}}})
	sum, refused := w.take(each(records...))
	if sum != (stock.Summary{Added: 5, Refused: 1}) || refused[0].Number != 6 {
		t.Errorf("%+v, %v", sum, refused)
	}
	var copies int
	if err := w.pool.QueryRow(t.Context(), `select count(*) from copies`).Scan(&copies); err != nil || copies != 10_000 {
		t.Errorf("%d copies: %v", copies, err)
	}
}

// numbered are n copies of the i-th edition.
func numbered(i, n int) []stock.Copy {
	copies := make([]stock.Copy, n)
	for j := range copies {
		copies[j].Inventory = fmt.Sprint(i, "/", j)
	}
	return copies
}

// TestAFurtherRowThatFails leaves the copies of the rows before it as they were: it repeats some of their numbers and has too many others.
func TestAFurtherRowThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := numbered(1, 3), slices.Concat(numbered(1, 2), numbered(2, 1998))
	sum, refused := w.take(each(
		stock.Record{Source: "1", Title: "Учебник", Copies: first},
		stock.Record{Source: "1", Title: "Учебник", Copies: second},
		stock.Record{Source: "1", Title: "Учебник", Copies: numbered(3, 1)},
	))
	if sum != (stock.Summary{Added: 1, Refused: 1}) || refused[0].Number != 2 {
		t.Errorf("%+v, %v", sum, refused)
	}
	found, err := w.Search(t.Context(), w.lib, "учебник", 1)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d found: %v", len(found), err)
	}
	var numbers []string
	for _, c := range found[0].Copies {
		numbers = append(numbers, c.Inventory)
	}
	if want := []string{"1/0", "1/1", "1/2", "3/0"}; !slices.Equal(numbers, want) {
		t.Errorf("copies %q, want %q", numbers, want)
	}
}

// TestOneISBNOnTwoTitles: without ids the second is told, and is no copy of the first; with ids both are taken, and a title written otherwise is the same.
func TestOneISBNOnTwoTitles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b, title string
		want        stock.Summary
		copies      int
	}{
		{"", "", "Мы", stock.Summary{Added: 1, Refused: 1}, 1},
		{"", "", "ОБРЫВ!", stock.Summary{Added: 1}, 2},
		{"1", "2", "Мы", stock.Summary{Added: 2}, 1},
		{"1", "1", "Обрыв: роман", stock.Summary{Added: 1}, 2},
	} {
		w := newWorld(t)
		sum, refused := w.take(each(
			stock.Record{Source: c.a, Title: "Обрыв", ISBN: "5-02-011289-4", Copies: []stock.Copy{{Inventory: "1"}}},
			stock.Record{Source: c.b, Title: c.title, ISBN: "978-5-02-011289-6", Copies: []stock.Copy{{Inventory: "2"}}},
		))
		found, err := w.Search(t.Context(), w.lib, "1", 5)
		if err != nil || sum != c.want || len(found) != 1 || len(found[0].Copies) != c.copies {
			t.Errorf("%+v: %+v, %v; %+v, %v", c, sum, refused, found, err)
		}
	}
}

// TestACopyGetsItsNumberLater and is still one copy, with what staff know of it.
func TestACopyGetsItsNumberLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(stock.Record{Source: "1", Title: "Обрыв", Copies: []stock.Copy{{Siglum: "КХ"}, {Siglum: "КМ"}}}))
	if _, err := w.pool.Exec(t.Context(), `update copies set state = 'lost' where siglum = 'КМ'`); err != nil {
		t.Fatal(err)
	}
	before, err := w.Search(t.Context(), w.lib, "обрыв", 1)
	if err != nil || len(before) != 1 {
		t.Fatalf("%d found: %v", len(before), err)
	}
	w.take(each(stock.Record{Source: "1", Title: "Обрыв", Copies: []stock.Copy{{Siglum: "КХ", Inventory: "100"}, {Siglum: "КМ", Inventory: "101"}, {Siglum: "СБ", Inventory: "102"}}}))
	after, err := w.Get(t.Context(), w.lib, before[0].ID)
	if err != nil || len(after.Copies) != 3 {
		t.Fatalf("%+v: %v", after, err)
	}
	for i, was := range before[0].Copies {
		was.Inventory = fmt.Sprint(100 + i)
		if after.Copies[i] != was {
			t.Errorf("%+v, want %+v", after.Copies[i], was)
		}
	}
}
