package stock_test

import (
	"strings"
	"testing"

	"librarian/queue/stock"
)

// TestSpreadsheets: what they put around a table, and between its rows, is no row.
func TestSpreadsheets(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{
		"mark, CRLF, a line on what parts the fields": "\ufeffsep=;\r\ntitle;author;age\r\nОбрыв;Гончаров;12 +\r\n\"Ёлка\r\nи другие\";Зощенко;\r\n",
		"commas, said before":                         "sep=,\ntitle,author,age\nОбрыв,Гончаров,12\nЁлка и другие,Зощенко,\n",
		"empty rows and fields":                       "title;author;age\nОбрыв;Гончаров;12+;;;\n;;\n \n;;;;;\n\nЁлка и другие;Зощенко;\n;;\n",
		"tabs":                                        "title\tauthor\tage\t\nОбрыв\tГончаров\t12+\t\n\"Ёлка\nи другие\"\tЗощенко\t\t\n",
		"tabs, UTF-16 of the other order":             utf16("title\tauthor\tage\r\nОбрыв\tГончаров\t12\r\nЁлка и другие\tЗощенко\t\r\n"),
	} {
		records, unknown, err := stock.CSV(strings.NewReader(table))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		read, refused := outcomes(t, records)
		if len(refused) > 0 || len(unknown) > 0 || len(read) != 2 || read[0].AgeMark != 12 || read[1].Title != "Ёлка и другие" || read[1].Author != "Зощенко" {
			t.Errorf("%s: read %+v, refused %d, columns not known %q", name, read, refused, unknown)
		}
	}
}

// TestAFieldTooManyIsNoEmptyField: such a row is told, not guessed at.
func TestAFieldTooManyIsNoEmptyField(t *testing.T) {
	t.Parallel()
	records, _, err := stock.CSV(strings.NewReader("title;author\nОбрыв;Гончаров;И. А.\nЁлка\nМы;Замятин\n"))
	if err != nil {
		t.Fatal(err)
	}
	if read, refused := outcomes(t, records); len(read) != 1 || len(refused) != 2 || refused[0] != 2 || refused[1] != 3 {
		t.Errorf("read %+v, refused %d", read, refused)
	}
}

// utf16 is the text with its mark, the high byte first.
func utf16(text string) string {
	out := []byte{0xfe, 0xff}
	for _, r := range text {
		out = append(out, byte(r>>8), byte(r))
	}
	return string(out)
}
