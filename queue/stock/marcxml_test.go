package stock_test

import (
	"iter"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"librarian/queue/stock"
)

// outcomes are the records that were read and the numbers of those that were not.
func outcomes(t testing.TB, records iter.Seq2[stock.Record, error]) (read []stock.Record, refused []int) {
	t.Helper()
	for r, err := range records {
		if err == nil {
			read = append(read, r)
			continue
		}
		bad, ok := err.(*stock.Refusal) //nolint:errorlint // readers give it bare
		if !ok {
			t.Fatal(err)
		}
		refused = append(refused, bad.Number)
	}
	return read, refused
}

func readMARC(t *testing.T, file string, layout stock.Layout) (read []stock.Record, refused []int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := stock.MARCXML(f, layout, "")
	if err != nil {
		t.Fatal(err)
	}
	return outcomes(t, records)
}

// TestMARC21: fields, an article, and records that are broken, without a title, or end nowhere; the rest is read.
func TestMARC21(t *testing.T) {
	t.Parallel()
	read, refused := readMARC(t, "testdata/marc21.xml", stock.AnyLayout)
	if !slices.Equal(refused, []int{3, 4, 5}) || len(read) != 3 {
		t.Fatalf("%d read, refused are %d", len(read), refused)
	}
	want := []stock.Record{
		{
			Number: 1, Source: "m-1", Title: "Adventures of Huckleberry Finn : (Tom Sawyer's comrade)", Author: "Twain, Mark", Kind: stock.Book, Lang: "eng", Place: "New York",
			Publisher: "Webster", ISBN: "0-14-039046-5", Year: 1885, Pages: 366, PublicDomain: true, AgeMark: 12, Tags: []string{"Boys", "Novels."},
			Copies: []stock.Copy{{Siglum: "КХ", Fund: "основной", Inventory: "И-17"}, {Siglum: "КХ2", Fund: "основной", Inventory: "И-18"}},
		},
		{Number: 2, Source: "m-2", Title: "О мамонтах Якутии", Author: "Иванов, П. П.", Kind: stock.Article, Volume: "Полярная звезда. 1985. – № 3. – С. 12–20.", Pages: 9},
		{Number: 6, Source: "m-6", Title: "Илин", Kind: stock.Periodical, ISBN: "0869-1428"},
	}
	for i := range want {
		if !reflect.DeepEqual(read[i], want[i]) {
			t.Errorf("read %+v, want %+v", read[i], want[i])
		}
	}
}

// TestRUSMARC reads what a catalogue's server gives, with its own records around; an issue has its title from the journal.
func TestRUSMARC(t *testing.T) {
	t.Parallel()
	read, refused := readMARC(t, "testdata/rusmarc.xml", stock.AnyLayout)
	want := []stock.Record{
		{
			Number: 1, Source: "RU/NB/1", Title: "Якуты : опыт этнографического исследования", Author: "Серошевский, Вацлав Леопольдович", Kind: stock.Book, Lang: "rus",
			Place: "Москва", Publisher: "РОССПЭН", Volume: "Ч. 1", ISBN: "5-7696-0033-7", Year: 1993, Pages: 713, PublicDomain: true, Tags: []string{"Якуты -- Этнография"},
			Copies: []stock.Copy{{Siglum: "КХ", Fund: "краеведение", Inventory: "К-1001"}},
		},
		{Number: 2, Source: "RU/NB/2", Title: "Якутский архив", Kind: stock.Periodical, Volume: "Вып. 39 (2'2015)", Year: 2015},
	}
	if len(refused) > 0 || !reflect.DeepEqual(read, want) {
		t.Errorf("refused %d, read %+v, want %+v", refused, read, want)
	}
	if _, refused := readMARC(t, "testdata/rusmarc.xml", stock.MARC21); len(refused) > 0 {
		t.Errorf("a layout that is named is not asked for: %d", refused)
	}
}

func TestMARCXMLInWindows1251(t *testing.T) {
	t.Parallel()
	text, err := charmap.Windows1251.NewEncoder().String(`<?xml version="1.0" encoding="windows-1251"?><record><leader/><datafield tag="200"><subfield code="a">Алёнушка</subfield></datafield></record>`)
	if err != nil {
		t.Fatal(err)
	}
	records, err := stock.MARCXML(strings.NewReader(text), stock.AnyLayout, "")
	if err != nil {
		t.Fatal(err)
	}
	if read, refused := outcomes(t, records); len(read) != 1 || read[0].Title != "Алёнушка" || len(refused) > 0 {
		t.Errorf("%+v, %d", read, refused)
	}
	if _, err := stock.MARCXML(strings.NewReader(`<?xml version="1.0" encoding="klingon"?>`), stock.AnyLayout, ""); err == nil {
		t.Error("an unknown encoding was read")
	}
}

// TestAHugeRecordIsLeftOut: it is longer than memory allows for, and the next is read.
func TestAHugeRecordIsLeftOut(t *testing.T) {
	t.Parallel()
	file := `<record><datafield tag="245"><subfield code="a">` + strings.Repeat("я", 3<<20) + `</subfield></datafield></record>` +
		`<record><leader>00000nam</leader><datafield tag="245"><subfield code="a">Next</subfield></datafield></record>`
	records, err := stock.MARCXML(strings.NewReader(file), stock.AnyLayout, "")
	if err != nil {
		t.Fatal(err)
	}
	read, refused := outcomes(t, records)
	if len(read) != 1 || read[0].Title != "Next" || !slices.Equal(refused, []int{1}) {
		t.Errorf("%d read, refused %d", len(read), refused)
	}
}
