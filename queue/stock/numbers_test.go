package stock_test

import (
	"fmt"
	"slices"
	"testing"

	"librarian/queue/stock"
)

// held is a record with these inventory numbers.
func held(source string, numbers ...string) stock.Record {
	r := stock.Record{Source: source, Title: "Книга " + source}
	for _, n := range numbers {
		r.Copies = append(r.Copies, stock.Copy{Inventory: n})
	}
	return r
}

// TestInventoryNumbersMove where the record that had one no longer claims it, and nowhere else; what is refused is told by its place in the file.
func TestInventoryNumbersMove(t *testing.T) {
	t.Parallel()
	many := func(last ...stock.Record) (out []stock.Record) {
		for i := range 1000 {
			out = append(out, held(fmt.Sprint("m", i)))
		}
		return append(out, last...)
	}
	for name, c := range map[string]struct {
		before, file []stock.Record
		refused      []int
		want         []string // number and source, in order
	}{
		"one gives, one takes":           {[]stock.Record{held("a", "1", "2")}, []stock.Record{held("b", "2"), held("a", "1")}, nil, []string{"1 a", "2 b"}},
		"two change places":              {[]stock.Record{held("a", "1"), held("b", "2")}, []stock.Record{held("a", "2"), held("b", "1")}, nil, []string{"1 b", "2 a"}},
		"in the order of the file":       {nil, []stock.Record{held("9", "1"), held("10", "1")}, []int{2}, []string{"1 9"}},
		"the holder keeps it":            {[]stock.Record{held("z", "1")}, []stock.Record{held("a", "1"), held("z", "1", "2")}, []int{1}, []string{"1 z", "2 z"}},
		"the holder is not in the file":  {[]stock.Record{held("z", "1")}, []stock.Record{held("a", "1")}, []int{1}, []string{"1 z"}},
		"the holder is as it was":        {[]stock.Record{held("z", "1")}, []stock.Record{held("z", "1"), held("a", "1")}, []int{2}, []string{"1 z"}},
		"refused, so it blocks nobody":   {[]stock.Record{held("z", "1")}, []stock.Record{held("a", "1", "2"), held("b", "2")}, []int{1}, []string{"1 z", "2 b"}},
		"refused, so it gives nothing":   {[]stock.Record{held("z", "1"), held("a", "2")}, []stock.Record{held("a", "1"), held("b", "2")}, []int{1, 2}, []string{"1 z", "2 a"}},
		"refused late, gives nothing":    {[]stock.Record{held("z", "1"), held("a", "2")}, []stock.Record{held("b", "2"), held("a", "1")}, []int{1, 2}, []string{"1 z", "2 a"}},
		"refused late, others get it":    {[]stock.Record{held("z", "1"), held("a", "2")}, []stock.Record{held("b", "2", "3"), held("c", "3"), held("a", "1")}, []int{1, 3}, []string{"1 z", "2 a", "3 c"}},
		"given up far behind":            {[]stock.Record{held("z", "1")}, slices.Concat([]stock.Record{held("a", "1")}, many(held("z", "2"))), nil, []string{"1 a", "2 z"}},
		"places changed far behind":      {[]stock.Record{held("y", "1"), held("z", "2")}, slices.Concat([]stock.Record{held("y", "2")}, many(held("z", "1"))), nil, []string{"1 z", "2 y"}},
		"given up far before":            {[]stock.Record{held("z", "1")}, slices.Concat([]stock.Record{held("z", "2")}, many(held("a", "1"))), nil, []string{"1 a", "2 z"}},
		"refused, also at a second look": {[]stock.Record{held("z", "1")}, slices.Concat([]stock.Record{held("a", "1")}, many(held("z", "1", "2"))), []int{1}, []string{"1 z", "2 z"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.take(each(c.before...))
			sum, refused := w.take(each(c.file...))
			var numbers []int
			for _, r := range refused {
				numbers = append(numbers, r.Number)
			}
			slices.Sort(numbers)
			var got []string
			err := w.pool.QueryRow(t.Context(), `select array_agg(c.inventory || ' ' || e.source order by c.inventory)
				from copies c join editions e on e.library_id = c.library_id and e.id = c.edition_id`).Scan(&got)
			if err != nil || !slices.Equal(numbers, c.refused) || !slices.Equal(got, c.want) || sum.Refused != len(numbers) {
				t.Errorf("refused %v, want %v; %q, want %q; %+v, %v", refused, c.refused, got, c.want, sum, err)
			}
		})
	}
}
