package stock_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/queue/stock"
)

const benchRecords = 50_000

// durable is a world whose database writes to disk.
func durable(b *testing.B) *world {
	w := &world{TB: b, pool: pgtest.Durable(b)}
	w.Stock, w.lib = stock.New(w.pool), addLibrary(b, w.pool)
	return w
}

// BenchmarkImport takes 50 000 records from CSV, the same again, and lets COPY write the same file into one bare table beside it.
func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		w := durable(b)
		for _, name := range []string{"rows/s", "unchanged-rows/s"} {
			records, _, err := stock.CSV(asCSV(benchRecords))
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			w.take(records)
			b.ReportMetric(benchRecords/time.Since(start).Seconds(), name)
		}
		b.ReportMetric(benchRecords/rawCopy(b, w).Seconds(), "copy-rows/s")
	}
}

// rawCopy is how long COPY takes for the same file.
func rawCopy(b *testing.B, w *world) time.Duration {
	text, err := io.ReadAll(asCSV(benchRecords))
	if err != nil {
		b.Fatal(err)
	}
	err = pgx.BeginFunc(b.Context(), w.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(b.Context(), `create table raw (id text, title text, author text, place text, publisher text, year int, pages text, siglum text, fund text, inventory text)`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	conn, err := w.pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	start := time.Now()
	if _, err := conn.Conn().PgConn().CopyFrom(b.Context(), strings.NewReader(string(text)), `copy raw from stdin (format csv, delimiter ';', header true)`); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// BenchmarkSearch asks 50 000 records for two words of a title: as they are, with one letter wrong in each, one word that many have, and words that none has.
func BenchmarkSearch(b *testing.B) {
	w := &world{TB: b, pool: pgtest.New(b)}
	w.Stock, w.lib = stock.New(w.pool), addLibrary(b, w.pool)
	w.take(sound(generated(benchRecords)))
	var all []stock.Record
	for r := range generated(benchRecords) {
		all = append(all, r)
	}
	random := rand.New(rand.NewPCG(1, 2))
	words := func() []string { return strings.Fields(all[random.IntN(len(all))].Title)[:2] }
	cases := []struct {
		name  string
		query func() string
	}{
		{"exact", func() string { return strings.Join(words(), " ") }},
		{"slips", func() string { w := words(); return slip(random, w[0]) + " " + slip(random, w[1]) }},
		{"common", func() string { return syllables(random.IntN(40)) }},
		{"publisher", func() string { return "бичик" }},
		{"none", func() string { return fmt.Sprint("щъщъщ ", random.IntN(100), "щ эюэюэ") }},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				q := c.query()
				start := time.Now()
				if _, err := w.Search(b.Context(), w.lib, q, 5); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
		})
	}
}

// slip writes one letter of the word wrong.
func slip(random *rand.Rand, word string) string {
	letters := []rune(word)
	at := random.IntN(len(letters))
	for was := letters[at]; letters[at] == was; {
		letters[at] = []rune("абвгдежзиклмнопрстуфхцчшыэюя")[random.IntN(28)]
	}
	return string(letters)
}
