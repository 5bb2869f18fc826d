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

const (
	recordMost = 1 << 20  // bytes of a record
	startMost  = 64 << 10 // bytes of a table that are looked at before it is read
)

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
	raw := bufio.NewReader(r)
	mark, err := raw.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("read the table: %w", err)
	}
	marked := slices.Contains([]string{"\xef\xbb", "\xff\xfe", "\xfe\xff"}, string(mark))
	limit := &limited{r: transform.NewReader(raw, unicode.BOMOverride(transform.Nop))}
	lines := bufio.NewReaderSize(limit, startMost)
	start, err := lines.Peek(startMost)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("read the table: %w", err)
	}
	t := &table{alphabet: alphabetOf(start), limit: limit, rows: csv.NewReader(lines)}
	if len(start) == startMost {
		t.alphabet = alphabetOf(wholeLines(start))
	}
	if marked {
		t.alphabet = inUTF8
	}
	t.rows.Comma, t.rows.FieldsPerRecord, t.rows.ReuseRecord = comma(start), -1, true
	head, err := t.firstRow()
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
	rows     *csv.Reader
	limit    *limited
	alphabet alphabet
	place    map[string]int // of each column that is known
	width    int
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

// firstRow is the one that names the columns. A spreadsheet may have said in a line before it what parts the fields.
func (t *table) firstRow() ([]string, error) {
	row, err := t.rows.Read()
	if err == nil && len(row) == 2 && strings.EqualFold(row[0], "sep=") && row[1] == "" {
		row, err = t.rows.Read()
	}
	return row, err
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
			return nil, fmt.Errorf("%w: %s", errColumnTwice, column)
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
	for err == nil && emptyRow(row) {
		t.limit.left = 0
		row, err = t.rows.Read()
	}
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad) && !errors.Is(err, errTooLong):
		return Record{}, &Refusal{Number: bad.StartLine, Err: bad.Err}
	case err != nil:
		return Record{}, fmt.Errorf("read the table: %w", err)
	}
	line, _ := t.rows.FieldPos(0)
	if row = t.fitted(row); len(row) != t.width {
		return Record{}, &Refusal{Number: line, Err: errWidth}
	}
	r, err := t.record(row)
	if r.Number = line; err != nil {
		return r, &Refusal{Number: line, Err: err}
	}
	return r, nil
}

// fitted is the row without empty fields beyond the last column, which spreadsheets leave.
func (t *table) fitted(row []string) []string {
	if len(row) > t.width && emptyRow(row[t.width:]) {
		return row[:t.width]
	}
	return row
}

func emptyRow(row []string) bool {
	return !slices.ContainsFunc(row, func(field string) bool { return strings.TrimSpace(field) != "" })
}

// record is a row.
func (t *table) record(row []string) (Record, error) {
	if err := t.learn(row); err != nil {
		return Record{}, err
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
	age, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(s, "+")))
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
