package stock_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"librarian/cmd/schema/pgtest"
	"librarian/queue/stock"
)

// TestTheSameAgainChangesNothing: rows, ids and what staff changed stay as they are.
func TestTheSameAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := len(shelf())
	if sum, _ := w.take(each(shelf()...)); sum != (stock.Summary{Added: n}) {
		t.Fatalf("%+v", sum)
	}
	before := w.rows()
	if sum, _ := w.take(each(shelf()...)); sum != (stock.Summary{Unchanged: n}) {
		t.Errorf("again: %+v", sum)
	}
	if after := w.rows(); !slices.Equal(before, after) {
		t.Errorf("the same again changed\n%s\ninto\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	backwards := shelf()
	slices.Reverse(backwards)
	if sum, _ := w.take(each(backwards...)); sum != (stock.Summary{Unchanged: n}) {
		t.Errorf("backwards: %+v", sum)
	}
}

// TestImportsAtOnce of one file: they take turns, and each record is added by one of them.
func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n, records = 4, 1200
	sums, errs := make([]stock.Summary, n), make([]error, n)
	barrier := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-barrier
			sums[i], errs[i] = w.Import(t.Context(), w.lib, sound(generated(records)), func(*stock.Refusal) {})
		})
	}
	close(barrier)
	all.Wait()
	var added, unchanged int
	for _, sum := range sums {
		added, unchanged = added+sum.Added, unchanged+sum.Unchanged
	}
	if err := errors.Join(errs...); err != nil || added != records || unchanged != (n-1)*records {
		t.Errorf("%+v: %v", sums, err)
	}
}

// rows is the whole catalogue.
func (w *world) rows() []string {
	w.Helper()
	var all []string
	for _, table := range []string{"titles", "editions", "copies", "vocabulary"} {
		var rows []string
		if err := w.pool.QueryRow(w.Context(), `select coalesce(array_agg(r::text order by r::text), '{}') from `+table+` r`).Scan(&rows); err != nil {
			w.Fatal(err)
		}
		all = append(all, rows...)
	}
	return all
}

// TestAChangedRecordIsChanged: it keeps its id, is found by its new words alone, and a title that nothing is left of goes.
func TestAChangedRecordIsChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(shelf()...))
	before, err := w.Search(t.Context(), w.lib, "кобзар", 1)
	if err != nil || len(before) != 1 {
		t.Fatalf("%d found: %v", len(before), err)
	}
	changed := shelf()
	changed[5].Title, changed[5].Copies = "Гайдамаки", []stock.Copy{{Siglum: "КХ", Inventory: "Г-1"}}
	if sum, _ := w.take(each(changed...)); sum != (stock.Summary{Changed: 1, Unchanged: len(changed) - 1}) {
		t.Errorf("%+v", sum)
	}
	after, err := w.Get(t.Context(), w.lib, before[0].ID)
	if err != nil || after.Title != "Гайдамаки" || len(after.Copies) != 1 || after.Copies[0].State != stock.In {
		t.Errorf("%+v: %v", after, err)
	}
	if found := w.find("кобзар"); len(found) > 0 {
		t.Errorf("by its old name: %q", found)
	}
	var titles int
	if err := w.pool.QueryRow(t.Context(), `select count(*) from titles where not exists (select from editions e where e.title_id = titles.id)`).Scan(&titles); err != nil || titles > 0 {
		t.Errorf("%d titles without an edition: %v", titles, err)
	}
	// What staff know of a copy stays where the record does not say it, and gives way where it does.
	if _, err := w.pool.Exec(t.Context(), `update copies set state = 'lost' where key = 'г 1'`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ said, want string }{{"", stock.Lost}, {stock.In, stock.In}} {
		changed[5].Publisher += "!"
		changed[5].Copies[0].State = c.said
		w.take(each(changed...))
		if e, err := w.Get(t.Context(), w.lib, before[0].ID); err != nil || e.Copies[0].State != c.want {
			t.Errorf("said %q: %+v, %v", c.said, e.Copies, err)
		}
	}
}

// TestTwoEditionsShareATitle, and what is said of the title comes from the record that led it in, in whatever order they come.
func TestTwoEditionsShareATitle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := stock.Record{Source: "a", Title: "Якуты", Author: "Серошевский", Year: 1896, Tags: []string{"этнография"}}
	b := stock.Record{Source: "b", Title: "ЯКУТЫ", Author: "Серошевский", Year: 1993, Tags: []string{"история"}, AgeMark: 12}
	w.take(each(a, b))
	if sum, _ := w.take(each(b, a)); sum.Unchanged != 2 {
		t.Errorf("%+v", sum)
	}
	a.AgeMark = 6
	w.take(each(a))
	found, err := w.Search(t.Context(), w.lib, "якуты", 5)
	if err != nil || len(found) != 2 || found[0].Year != 1993 || found[0].AgeMark != 6 || !slices.Equal(found[0].Tags, []string{"этнография"}) {
		t.Errorf("%+v: %v", found, err)
	}
	var titles int
	if err := w.pool.QueryRow(t.Context(), `select count(*) from titles`).Scan(&titles); err != nil || titles != 1 {
		t.Errorf("%d titles: %v", titles, err)
	}
}

func TestRecordsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(stock.Record{Source: "old", Title: "Первая", Copies: []stock.Copy{{Inventory: "А 1"}}}))
	records := []stock.Record{
		{Source: "1", Title: "Хорошая"},
		{Source: "2", Title: "…!"},
		{Source: "3", Title: "Вид", Kind: "cassette"},
		{Source: "4", Title: "Возраст", AgeMark: 13},
		{Source: "5", Title: "Состояние", Copies: []stock.Copy{{State: "eaten"}}},
		{Source: "6", Title: "Чужой номер", Copies: []stock.Copy{{Inventory: "а-1"}}},
		{Source: strings.Repeat("7", 300), Title: "Длинный номер"},
		{Source: "8", Title: "Первый с номером", Copies: []stock.Copy{{Inventory: "Б 2"}}},
		{Source: "9", Title: "Второй с номером", Copies: []stock.Copy{{Inventory: "Б-2"}}},
		{Source: "10", Title: strings.Repeat("очень длинное слово", 1000) + "\x00\xff", Author: strings.Repeat("я", 9000), Tags: slices.Repeat([]string{"а б"}, 99)},
		{Source: "11", Title: "Копии", Copies: make([]stock.Copy, 3000)},
	}
	sum, refused := w.take(each(records...))
	var numbers []int
	for _, r := range refused {
		numbers = append(numbers, r.Number)
	}
	slices.Sort(numbers)
	if want := []int{2, 3, 4, 5, 6, 7, 9, 11}; !slices.Equal(numbers, want) || sum.Added != 3 || sum.Refused != len(want) {
		t.Errorf("refused %v, want %v; %+v", refused, want, sum)
	}
	if found := w.find("А-1"); !slices.Equal(found, []string{"Первая"}) {
		t.Errorf("the number finds %q", found)
	}
}

// TestRecordsWithoutAnID are known again by ISBN, by inventory number, or by what they say; rows of one record give it their copies.
func TestRecordsWithoutAnID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	table := "title,year,isbn,siglum,inventory\nПо номеру книги,1990,5-02-011289-4,КХ,1\nПо номеру книги,1990,5020112894,КМ,2\nПо инвентарю,1991,,СБ,3\nПо словам,1992,,,\n"
	for round, want := range []stock.Summary{{Added: 3}, {Unchanged: 3}} {
		records, _, err := stock.CSV(strings.NewReader(table))
		if err != nil {
			t.Fatal(err)
		}
		if sum, refused := w.take(records); sum != want {
			t.Errorf("round %d: %+v, %v", round, sum, refused)
		}
	}
	found, err := w.Search(t.Context(), w.lib, "2", 5)
	if err != nil || len(found) != 1 || len(found[0].Copies) != 2 {
		t.Errorf("%+v: %v", found, err)
	}
}

// TestAFileThatBreaksOff keeps what was stored and says so.
func TestAFileThatBreaksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failure := errors.New("disk")
	_, err := w.Import(t.Context(), w.lib, func(yield func(stock.Record, error) bool) {
		for r := range generated(1500) {
			if !yield(r, nil) {
				return
			}
		}
		yield(stock.Record{}, failure)
	}, func(*stock.Refusal) {})
	var n int
	if scan := w.pool.QueryRow(t.Context(), `select count(*) from editions`).Scan(&n); scan != nil || n != 1000 || !errors.Is(err, failure) {
		t.Errorf("%d editions, %v, %v", n, scan, err)
	}
}

// generated are n records of a catalogue with many words: each is the same in every run.
func generated(n int) iter.Seq[stock.Record] {
	return func(yield func(stock.Record) bool) {
		for i := range n {
			random := rand.New(rand.NewPCG(uint64(i), 7))
			word := func(most int) string { return syllables(1 + int(float64(most)*random.Float64()*random.Float64())) }
			r := stock.Record{
				Number: i + 1, Source: fmt.Sprint("g-", i), Title: word(20_000) + " " + word(20_000) + " и " + word(20_000), Author: word(5000) + ", " + word(300), Place: "Якутск",
				Publisher: "Бичик", Year: 1900 + random.IntN(125), Pages: 10 + random.IntN(900), Copies: []stock.Copy{{Siglum: "КХ", Fund: "основной", Inventory: fmt.Sprint("И-", i)}},
			}
			if !yield(r) {
				return
			}
		}
	}
}

// syllables writes a number as a word of Cyrillic syllables.
func syllables(n int) string {
	consonants, vowels := []rune("бвгджзклмнпрстхцчш"), []rune("аеиоуыэюя")
	var word []rune
	for n += 400; n > 0; n /= len(consonants) * len(vowels) {
		word = append(word, consonants[n%len(consonants)], vowels[n/len(consonants)%len(vowels)])
	}
	return string(append(word, 'к'))
}

// asCSV writes the records as a file, a few at a time.
func asCSV(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := fmt.Fprintln(w, "id;title;author;place;publisher;year;pages;siglum;fund;inventory")
		for b := range generated(n) {
			if err != nil {
				break
			}
			_, err = fmt.Fprintf(w, "%s;%s;%s;%s;%s;%d;%d с.;%s;%s;%s\n", b.Source, b.Title, b.Author, b.Place, b.Publisher, b.Year, b.Pages, b.Copies[0].Siglum, b.Copies[0].Fund, b.Copies[0].Inventory)
		}
		w.CloseWithError(err)
	}()
	return r
}

// TestManyRecords go in while the memory in use stays bounded, and are found: a thousand a round.
func TestManyRecords(t *testing.T) {
	const most = 4 << 20 // bytes; eight thousand records are more
	n := 1000 * pgtest.Rounds(t, 8)
	w := newWorld(t)
	records, _, err := stock.CSV(asCSV(n))
	if err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	read, peak := 0, uint64(0)
	sum, refused := w.take(func(yield func(stock.Record, error) bool) {
		for r, err := range records {
			if read++; read%997 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
			if !yield(r, err) {
				return
			}
		}
	})
	if sum.Added != n || len(refused) > 0 {
		t.Fatalf("%+v, %v", sum, refused)
	}
	if peak > before.HeapAlloc+most {
		t.Errorf("%d kB in use, %d before", peak>>10, before.HeapAlloc>>10)
	}
	t.Logf("%d kB in use at most, %d before", peak>>10, before.HeapAlloc>>10)
	for _, i := range []int{0, 999, 1000, n - 1} {
		found, err := w.Search(t.Context(), w.lib, fmt.Sprint("и ", i), 1)
		if err != nil || len(found) != 1 || found[0].Copies[0].Inventory != fmt.Sprint("И-", i) {
			t.Errorf("number %d: %+v, %v", i, found, err)
		}
	}
}
