package stock

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// What a table or a row of it is refused for.
var (
	errNoTitleColumn = errors.New("the first row names no column title")
	errColumnTwice   = errors.New("the first row names a column twice")
	errWidth         = errors.New("it has not as many fields as the first row")
	errLists         = errors.New("its sigla, funds, inventory numbers and states are lists of different length")
	errAge           = errors.New("its age mark is no number")
	errFree          = errors.New("whether it is free is neither yes nor no")
	errTooLong       = fmt.Errorf("it is longer than %d kB", recordMost>>10)
)

const recordMost = 1 << 20 // bytes of a record

// columns are the names of a column, the first as README has it.
func columns() map[string][]string {
	return map[string][]string{
		"id": {"source", "код", "номер записи"}, "title": {"заглавие", "название"}, "author": {"автор"}, "kind": {"вид"}, "lang": {"language", "язык"},
		"place": {"место", "место издания", "город"}, "publisher": {"издательство"}, "year": {"год", "год издания"}, "pages": {"страницы", "страниц", "объем"},
		"isbn": {"issn"}, "volume": {"issue", "том", "номер", "выпуск"}, "description": {"описание"}, "link": {"url", "ссылка"},
		"free": {"public domain", "свободно", "общественное достояние"}, "age": {"возраст", "возрастная маркировка"}, "tags": {"темы", "жанр", "рубрики"},
		"siglum": {"сигла"}, "fund": {"фонд"}, "inventory": {"инв номер", "инвентарный номер"}, "state": {"состояние"},
	}
}

// CSV reads a table whose first row names its columns; fields are parted by commas, semicolons or tabs, texts are UTF-8, UTF-16 with its mark, or Windows-1251.
// A row is an edition with one copy, or with several: siglum, fund, inventory and state may be lists with | between, as tags are. The names of columns that it
// does not know are given back.
func CSV(r io.Reader) (records iter.Seq2[Record, error], unknown []string, err error) {
	limit := &limited{r: transform.NewReader(r, unicode.BOMOverride(transform.Nop))}
	lines := bufio.NewReaderSize(limit, 64<<10)
	start, err := lines.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("read the table: %w", err)
	}
	t := &table{legacy: !validStart(start), limit: limit, rows: csv.NewReader(lines)}
	t.rows.Comma, t.rows.FieldsPerRecord, t.rows.ReuseRecord = comma(start), -1, true
	head, err := t.rows.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("read the first row: %w", err)
	}
	if unknown, err = t.head(head); err != nil {
		return nil, nil, err
	}
	return t.records, unknown, nil
}

// table is a CSV file on its way.
type table struct {
	rows   *csv.Reader
	limit  *limited
	legacy bool           // it is in Windows-1251
	place  map[string]int // of each column that is known
	width  int
}

// limited ends a file that has no end of a record for long: a quote that nobody closes must not fill the memory.
type limited struct {
	r    io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < -recordMost {
		return 0, errTooLong
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}

// validStart reports UTF-8, whose last letter may be cut.
func validStart(b []byte) bool {
	for i := 0; i < utf8.UTFMax && len(b) > 0 && !utf8.Valid(b); i++ {
		b = b[:len(b)-1]
	}
	return utf8.Valid(b)
}

// comma is what parts the names of the columns.
func comma(start []byte) rune {
	line, _, _ := strings.Cut(string(start), "\n")
	best := ','
	for _, c := range ";\t" {
		if strings.Count(line, string(c)) > strings.Count(line, string(best)) {
			best = c
		}
	}
	return best
}

// head reads the names of the columns.
func (t *table) head(names []string) (unknown []string, err error) {
	t.place, t.width = map[string]int{}, len(names)
	known := map[string]string{}
	for column, others := range columns() {
		for _, name := range append(others, column) {
			known[strings.Join(fold(name), " ")] = column
		}
	}
	for i, raw := range names {
		name := t.text(raw)
		column, ok := known[strings.Join(fold(name), " ")]
		if _, twice := t.place[column]; ok && twice {
			return nil, errColumnTwice
		}
		if ok {
			t.place[column] = i
		} else if tidy(name) != "" {
			unknown = append(unknown, tidy(name))
		}
	}
	if _, ok := t.place["title"]; !ok {
		return nil, errNoTitleColumn
	}
	return unknown, nil
}

// text is a field in UTF-8. A table that was not UTF-8 once stays so.
func (t *table) text(field string) string {
	t.legacy = t.legacy || !utf8.ValidString(field)
	if !t.legacy {
		return strings.Clone(field)
	}
	out, err := charmap.Windows1251.NewDecoder().String(field)
	if err != nil {
		return "" // it maps every byte
	}
	return out
}

// records gives the rows one after another.
func (t *table) records(yield func(Record, error) bool) {
	for {
		t.limit.left = 0
		r, err := t.next()
		var refusal *Refusal
		if errors.Is(err, io.EOF) || !yield(r, err) || err != nil && !errors.As(err, &refusal) {
			return
		}
	}
}

// next reads a row.
func (t *table) next() (Record, error) {
	row, err := t.rows.Read()
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad) && !errors.Is(err, errTooLong):
		return Record{}, &Refusal{Number: bad.StartLine, Err: bad.Err}
	case err != nil:
		return Record{}, fmt.Errorf("read the table: %w", err)
	}
	line, _ := t.rows.FieldPos(0)
	if len(row) != t.width {
		return Record{}, &Refusal{Number: line, Err: errWidth}
	}
	r, err := t.record(row)
	if r.Number = line; err != nil {
		return r, &Refusal{Number: line, Err: err}
	}
	return r, nil
}

// record is a row.
func (t *table) record(row []string) (Record, error) {
	for i := range row {
		t.legacy = t.legacy || !utf8.ValidString(row[i])
	}
	field := func(column string) string {
		i, ok := t.place[column]
		if !ok {
			return ""
		}
		return tidy(t.text(row[i]))
	}
	r := Record{
		Source: field("id"), Title: field("title"), Author: field("author"), Kind: field("kind"), Lang: field("lang"), Place: field("place"),
		Publisher: field("publisher"), Volume: field("volume"), ISBN: field("isbn"), Description: field("description"), Link: field("link"),
		Tags: strings.Split(field("tags"), "|"), Year: yearIn(field("year")), Pages: pagesIn(field("pages")),
	}
	if r.Pages == 0 {
		r.Pages, _ = strconv.Atoi(field("pages"))
	}
	var err error
	if r.PublicDomain, err = yes(field("free")); err != nil {
		return r, err
	}
	if r.AgeMark, err = ageIn(field("age")); err != nil {
		return r, err
	}
	r.Copies, err = copiesOf(field("siglum"), field("fund"), field("inventory"), field("state"))
	return r, err
}

func yes(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "1", "yes", "true", "да", "+":
		return true, nil
	case "", "0", "no", "false", "нет", "-":
		return false, nil
	}
	return false, errFree
}

// ageIn reads 12 or 12+.
func ageIn(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	age, err := strconv.Atoi(strings.TrimSuffix(s, "+"))
	if err != nil {
		return 0, errAge
	}
	return age, nil
}

// copiesOf are the copies that four lists describe; a list of one holds for all.
func copiesOf(lists ...string) ([]Copy, error) {
	n := 0
	fields := make([][]string, len(lists))
	for i, list := range lists {
		if list != "" {
			fields[i] = strings.Split(list, "|")
		}
		n = max(n, len(fields[i]))
	}
	copies := make([]Copy, n)
	for i, list := range fields {
		if len(list) == 1 {
			list = slices.Repeat(list, n)
			if i == 2 && n > 1 {
				return nil, errLists // one number is no two copies'
			}
		}
		if len(list) != n && len(list) > 0 {
			return nil, errLists
		}
		for j, value := range list {
			c := &copies[j]
			*[]*string{&c.Siglum, &c.Fund, &c.Inventory, &c.State}[i] = value
		}
	}
	return copies, nil
}
