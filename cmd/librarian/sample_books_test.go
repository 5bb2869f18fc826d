package main

import (
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue/stock"
)

// bookshelf is a database with the sample catalogue, and the catalogue's records.
func bookshelf(t *testing.T) (s *stock.Stock, lib library.ID, all []stock.Record) {
	t.Helper()
	pool := pgtest.New(t)
	s = stock.New(pool)
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) (err error) {
		lib, err = contacts.AddLibrary(t.Context(), tx, "demo", demoZone, library.Settings{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	load := func() iter.Seq2[stock.Record, error] {
		records, unknown, err := stock.CSV(strings.NewReader(sampleBooks))
		if err != nil || len(unknown) > 0 {
			t.Fatalf("columns %q: %v", unknown, err)
		}
		return records
	}
	for r, err := range load() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	start := time.Now()
	sum, err := s.Import(t.Context(), lib, load(), func(r *stock.Refusal) { t.Error(r) })
	if err != nil || sum != (stock.Summary{Added: len(all)}) {
		t.Fatalf("%+v: %v", sum, err)
	}
	t.Logf("%d records in %v", len(all), time.Since(start))
	start = time.Now()
	sum, err = s.Import(t.Context(), lib, load(), func(r *stock.Refusal) { t.Error(r) })
	if err != nil || sum != (stock.Summary{Unchanged: len(all)}) {
		t.Fatalf("again: %+v: %v", sum, err)
	}
	t.Logf("again in %v", time.Since(start))
	return s, lib, all
}

// TestSampleBooksAreVaried holds what the demo promises to show: every kind, language, siglum and fund, free and protected.
func TestSampleBooksAreVaried(t *testing.T) {
	t.Parallel()
	_, _, all := bookshelf(t)
	seen := map[string]int{}
	for _, r := range all {
		seen[r.Kind]++
		seen[r.Lang]++
		for _, c := range r.Copies {
			seen[c.Siglum+"@"+c.Fund]++
		}
		if r.PublicDomain {
			seen["free"]++
		} else {
			seen["protected"]++
		}
	}
	for _, want := range []string{
		stock.Book, stock.Article, stock.Periodical, stock.Map, stock.Music, "rus", "sah", "ukr", "eng", "free", "protected",
		"КХ@основной фонд", "КХ2@основной фонд", "КМ@Сандалы-Бичик", "КМП@Сандалы-Бичик", "СБ@Сандалы-Бичик", "КХ@краеведческий фонд", "КХ@подсобный фонд ОНКФ", "@периодика",
	} {
		if seen[want] == 0 {
			t.Errorf("nothing with %s", want)
		}
	}
}

// TestEverySampleBookIsFound by author and title, in any order, in upper case, without punctuation, with one letter of one longer word wrong, missing, twice or
// in its neighbour's place: among the first five, nineteen times of twenty at least.
func TestEverySampleBookIsFound(t *testing.T) {
	t.Parallel()
	s, lib, all := bookshelf(t)
	random := rand.New(rand.NewPCG(7, 11))
	ways := map[string]func([]string) []string{
		"as it is": func(w []string) []string { return w },
		"any order, upper case": func(w []string) []string {
			random.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
			return strings.Fields(strings.ToUpper(strings.Join(w, " ")))
		},
		"a letter wrong":   func(w []string) []string { return slipIn(random, w, letterWrong) },
		"a letter missing": func(w []string) []string { return slipIn(random, w, letterMissing) },
		"a letter twice":   func(w []string) []string { return slipIn(random, w, letterTwice) },
		"letters swapped":  func(w []string) []string { return slipIn(random, w, lettersSwapped) },
	}
	for name, way := range ways {
		found := 0
		for _, r := range all {
			query := strings.Join(way(wordsOf(r)), " ")
			editions, err := s.Search(t.Context(), lib, query, 5)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(editions, func(e stock.Edition) bool { return e.Title == r.Title && e.Author == r.Author }) {
				found++
			} else {
				t.Logf("%s: %q does not find %q", name, query, r.Title)
			}
		}
		recall := float64(found) / float64(len(all))
		t.Logf("%s: recall %.3f", name, recall)
		if recall < 0.95 {
			t.Errorf("%s: recall %.3f", name, recall)
		}
	}
}

// wordsOf are the words of the title and the author's surname.
func wordsOf(r stock.Record) []string {
	surname, _, _ := strings.Cut(r.Author, ",")
	return strings.FieldsFunc(r.Title+" "+surname, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '\'' })
}

// slipIn spoils one of the words that have more than three letters; where there is none, none.
func slipIn(random *rand.Rand, words []string, spoil func(*rand.Rand, []rune) []rune) []string {
	var long []int
	for i, w := range words {
		if len([]rune(w)) > 3 {
			long = append(long, i)
		}
	}
	if len(long) > 0 {
		at := long[random.IntN(len(long))]
		words[at] = string(spoil(random, []rune(words[at])))
	}
	return words
}

func letterWrong(random *rand.Rand, w []rune) []rune {
	w[random.IntN(len(w))] = []rune("абвгдежзиклмнопрстуфхцчшыэюя")[random.IntN(28)]
	return w
}

func letterMissing(random *rand.Rand, w []rune) []rune {
	at := random.IntN(len(w))
	return slices.Delete(w, at, at+1)
}

func letterTwice(random *rand.Rand, w []rune) []rune {
	at := random.IntN(len(w))
	return slices.Insert(w, at, w[at])
}

func lettersSwapped(random *rand.Rand, w []rune) []rune {
	at := random.IntN(len(w) - 1)
	w[at], w[at+1] = w[at+1], w[at]
	return w
}
