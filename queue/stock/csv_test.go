package stock_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"librarian/queue/stock"
)

const smallTable = `id;Заглавие;автор;год;страниц;ISBN;free;age;tags;сигла;фонд;инв. номер;цвет
1;Якуты;"Серошевский, В. Л.";1896;XII, 720 с.;;да;12+;этнография|Якутия;КХ|КМ;краеведение;К-1|К-2;синий
2;"Ёжик
в тумане";Козлов;б. г.;;;нет;;;СБ;Сандалы-Бичик;;
`

func TestCSV(t *testing.T) {
	t.Parallel()
	want := []stock.Record{
		{
			Number: 2, Source: "1", Title: "Якуты", Author: "Серошевский, В. Л.", Year: 1896, Pages: 720, PublicDomain: true, AgeMark: 12, Tags: []string{"этнография", "Якутия"},
			Copies: []stock.Copy{{Siglum: "КХ", Fund: "краеведение", Inventory: "К-1"}, {Siglum: "КМ", Fund: "краеведение", Inventory: "К-2"}},
		},
		{Number: 3, Source: "2", Title: "Ёжик в тумане", Author: "Козлов", Tags: []string{""}, Copies: []stock.Copy{{Siglum: "СБ", Fund: "Сандалы-Бичик"}}},
	}
	for name, enc := range map[string]encoding.Encoding{
		"utf-8": encoding.Nop, "utf-8 with a mark": unicode.UTF8BOM, "utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "windows-1251": charmap.Windows1251,
	} {
		for _, comma := range []string{";", "\t"} {
			text, err := enc.NewEncoder().String(strings.ReplaceAll(smallTable, ";", comma))
			if err != nil {
				t.Fatal(err)
			}
			records, unknown, err := stock.CSV(strings.NewReader(text))
			if err != nil || !slices.Equal(unknown, []string{"цвет"}) {
				t.Fatalf("%s: columns not known %q: %v", name, unknown, err)
			}
			if read, refused := outcomes(t, records); len(refused) > 0 || !reflect.DeepEqual(read, want) {
				t.Errorf("%s: refused %d, read %+v, want %+v", name, refused, read, want)
			}
		}
	}
}

// TestWindows1251IsSeenLate: a table of plain letters turns out to be in Windows-1251 far behind its beginning.
func TestWindows1251IsSeenLate(t *testing.T) {
	t.Parallel()
	late, err := charmap.Windows1251.NewEncoder().String("Ёлка\n")
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := stock.CSV(strings.NewReader("title,author\n" + strings.Repeat("Plain,Nobody\n", 10_000) + strings.TrimSuffix(late, "\n") + ",X\n"))
	if err != nil {
		t.Fatal(err)
	}
	read, refused := outcomes(t, records)
	if len(refused) > 0 || len(read) != 10_001 || read[10_000].Title != "Ёлка" {
		t.Errorf("%d read, refused %d", len(read), refused)
	}
}

func TestBadRowsAreLeftOut(t *testing.T) {
	t.Parallel()
	records, _, err := stock.CSV(strings.NewReader("title,free,age,inventory,siglum\n" +
		"Good,,,,\n" + // 2
		"Short,\n" + // 3
		"Free,maybe,,,\n" + // 4
		"Age,,old,,\n" + // 5
		"Quo\"te,,,,\n" + // 6
		"Lists,,,1|2,a|b|c\n" + // 7
		"Good too,,,1|2,a|b\n")) // 8
	if err != nil {
		t.Fatal(err)
	}
	read, refused := outcomes(t, records)
	if len(read) != 2 || read[1].Number != 8 || !slices.Equal(refused, []int{3, 4, 5, 6, 7}) {
		t.Errorf("%+v, refused %d", read, refused)
	}
}

func TestBadTables(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "author,year\nX,1900\n", "title,Заглавие\na,b\n", "\"title\nA\n"} {
		if _, _, err := stock.CSV(strings.NewReader(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	// A quote that nobody closes ends the import before it fills the memory.
	records, _, err := stock.CSV(strings.NewReader("title,author\nGood,\n\"Bad," + strings.Repeat("x\n", 4<<20)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range records {
		if n++; (err == nil) != (r.Title == "Good") {
			t.Errorf("%d: %v", n, err)
		}
	}
	if n != 2 {
		t.Errorf("%d rows", n)
	}
}
