package stock_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"librarian/queue/stock"
)

func windows1251(t *testing.T, text string) string {
	t.Helper()
	out, err := charmap.Windows1251.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestADamagedLetterSpoilsOneRow: the rows after it are read as those before, wherever in the table it stands; and capitals of Windows-1251 that look like
// letters of UTF-8 do not make a table one.
func TestADamagedLetterSpoilsOneRow(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Якуты,Серошевский\n", 5000)
	damaged := "Бы\xd0к,Крыл\xffов\n"
	for name, c := range map[string]struct {
		table   string
		refused []int
		rows    int
		last    string
	}{
		"at the start":          {"title,author\nОбрыв,Гончаров\n" + damaged + "Ёлка,Зощенко\n", []int{3}, 2, "Ёлка"},
		"in the first row":      {"title,author\nБасни,Крыл\xffов\nЁлка,Зощенко\n", []int{2}, 1, "Ёлка"},
		"far behind":            {"title,author\n" + long + damaged + "Ёлка,Зощенко\n", []int{5002}, 5001, "Ёлка"},
		"behind a plain start":  {"title,author\n" + strings.Repeat("Plain,Nobody\n", 10_000) + "Басни,Крыл\xffов\nЁлка,Зощенко\n", []int{10_002}, 10_001, "Ёлка"},
		"behind a mark":         {"\ufefftitle,author\nPlain,Nobody\nB\xffd,\nЁлка,Зощенко\n", []int{3}, 2, "Ёлка"},
		"cut within a letter":   {"title,author\n" + strings.Repeat("я", 40_000) + ",\n" + damaged + "Ёлка,\n", []int{3}, 2, "Ёлка"},
		"capitals of long ago":  {windows1251(t, "title,author\nЯ№,ЯЁ\nЯКУТИЯ,«ИЯ»\n"), nil, 2, "ЯКУТИЯ"},
		"capitals, seen late":   {"title,author\n" + strings.Repeat("Plain,Nobody\n", 10_000) + windows1251(t, "ЯКУТИЯ»,\nЁлка,\n"), nil, 10_002, "Ёлка"},
		"names of columns, too": {windows1251(t, "заглавие;автор\nPlain;\nЁлка;\n"), nil, 2, "Ёлка"},
	} {
		records, _, err := stock.CSV(strings.NewReader(c.table))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		read, refused := outcomes(t, records)
		if !slices.Equal(refused, c.refused) || len(read) != c.rows || read[len(read)-1].Title != c.last {
			t.Errorf("%s: %d read up to %+v, refused %d", name, len(read), read[len(read)-1], refused)
		}
	}
}
