package stock_test

import (
	"iter"
	"slices"
	"testing"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
	"librarian/queue/stock"
)

// world is a library with a catalogue.
type world struct {
	testing.TB
	pool *pgxpool.Pool
	*stock.Stock
	lib library.ID
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, pool: pgtest.New(t)}
	w.Stock, w.lib = stock.New(w.pool), addLibrary(t, w.pool)
	return w
}

func addLibrary(t testing.TB, pool *pgxpool.Pool) (id library.ID) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `insert into libraries (slug, zone, settings) values ('l' || (select count(*) from libraries), 'UTC', '{}') returning id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// each gives the records as a file would.
func each(records ...stock.Record) iter.Seq2[stock.Record, error] {
	for i := range records {
		records[i].Number = i + 1
	}
	return sound(slices.Values(records))
}

// sound gives records of which none is broken.
func sound(records iter.Seq[stock.Record]) iter.Seq2[stock.Record, error] {
	return func(yield func(stock.Record, error) bool) {
		for r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// take imports and gives what became of the records, and the numbers of those that were refused.
func (w *world) take(records iter.Seq2[stock.Record, error]) (stock.Summary, []*stock.Refusal) {
	w.Helper()
	var refused []*stock.Refusal
	sum, err := w.Import(w.Context(), w.lib, records, func(r *stock.Refusal) { refused = append(refused, r) })
	if err != nil {
		w.Fatal(err)
	}
	return sum, refused
}

// find gives the titles found, in their order.
func (w *world) find(query string) []string {
	w.Helper()
	found, err := w.Search(w.Context(), w.lib, query, 10)
	if err != nil {
		w.Fatalf("search: %v", err)
	}
	var titles []string
	for _, e := range found {
		titles = append(titles, e.Title)
	}
	return titles
}
