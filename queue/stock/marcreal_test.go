package stock_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"librarian/queue/stock"
)

// field is a data field in XML: its tag, its second indicator, and its subfields, each a letter and a text.
func field(tag, second string, subfields ...string) string {
	out := `<m-x:datafield tag="` + tag + `" ind1=" " ind2="` + second + `">`
	for _, s := range subfields {
		out += `<m-x:subfield code="` + s[:1] + `">` + s[1:] + `</m-x:subfield>`
	}
	return out + `</m-x:datafield>`
}

// TestRecordsAsTheyCome: prefixes with a hyphen, several numbers in a field, two ISBN, addresses of several things, marks of other formats, a deleted record.
func TestRecordsAsTheyCome(t *testing.T) {
	t.Parallel()
	record := func(leader string, fields ...string) string {
		return `<m-x:record xmlns:m-x="http://www.loc.gov/MARC21/slim"><m-x:leader>` + leader + `</m-x:leader>` + strings.Join(fields, "\n") + `</m-x:record>` + "\r\n"
	}
	file := "\ufeff" + `<?xml version="1.0" encoding="UTF-8"?>` + "\r\n<m-x:collection>" +
		record("00000nam", field("020", " ", "aISBN 5-02-011289-4 (т. 1)"), field("020", " ", "a978‑5‑02‑011290‑2"), field("245", "0", "aСочинения :", "nТ. 1,", "pСтихи\x1f&nbsp;и проза"),
			field("856", "2", "uhttps://e.org/cover.jpg"), field("856", "1", "uhttps://e.org/scan/"), field("856", "0", "u https://e.org/read?id=QQ== "),
			field("852", " ", "cКХ", "p100", "p101"), field("852", " ", "cКМ")) +
		record("00000dam", field("245", "0", "aСписанная")) +
		record("00000nam", field("200", "0", "aКарта &amp; путь"), field("100", " ", "a20050203d1987    u  y0rusy0189    ca"), field("214", "0", "aЯкутск", "cБичик"),
			field("856", "2", "uhttps://e.org/toc"), field("856", " ", "ujavascript:alert(1)"), field("856", "1", "uwww.e.org/a/"), field("899", " ", "aКХ", "p7", "p8")) +
		`</m-x:collection>`
	records, err := stock.MARCXML(strings.NewReader(file), stock.AnyLayout, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []stock.Record{
		{
			Number: 1, Title: "Сочинения", Volume: "Т. 1. Стихи \u00a0и проза", Kind: stock.Book, ISBN: "5-02-011289-4, 978‑5‑02‑011290‑2", Link: "https://e.org/read?id=QQ==",
			Copies: []stock.Copy{{Siglum: "КХ", Inventory: "100"}, {Siglum: "КХ", Inventory: "101"}, {Siglum: "КМ"}},
		},
		{
			Number: 3, Title: "Карта & путь", Kind: stock.Book, Place: "Якутск", Publisher: "Бичик", Year: 1987, Link: "http://www.e.org/a/",
			Copies: []stock.Copy{{Siglum: "КХ", Inventory: "7"}, {Siglum: "КХ", Inventory: "8"}},
		},
	}
	read, refused := outcomes(t, records)
	if !reflect.DeepEqual(read, want) || len(refused) != 1 || refused[0] != 2 {
		t.Errorf("refused %d, read\n%+v, want\n%+v", refused, read, want)
	}
}

// TestAFileOfSomethingElse is told, and not taken for an empty catalogue.
func TestAFileOfSomethingElse(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "<collection/>", "00714cam a2200205 a 4500001001300000\x1eRU1\x1e\x1fаОбрыв\x1d", "title;author\nОбрыв;Гончаров\n", "<records><recordings/></records>"} {
		records, err := stock.MARCXML(strings.NewReader(file), stock.AnyLayout, "")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range records {
			var refusal *stock.Refusal
			if n++; err == nil || errors.As(err, &refusal) {
				t.Errorf("%q: %v", file, err)
			}
		}
		if n != 1 {
			t.Errorf("%q: told %d times", file, n)
		}
	}
}
