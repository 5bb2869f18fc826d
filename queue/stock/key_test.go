package stock_test

import (
	"testing"

	"librarian/queue/stock"
)

func TestKey(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"case, spaces and points": {"Пушкин А. С.  «Капитанская дочка»", "пушкин а.с. капитанская дочка"},
		"ё":                       {"Ещё о пчёлах", "еще о пчелах"},
		"order":                   {"Капитанская дочка, Пушкин", "Пушкин: Капитанская дочка"},
		"Sakha letters":           {"Өлөксөй Кулаковскай", "Олоксой Кулаковскай"},
		"a word twice":            {"дом, дом", "Дом"},
	} {
		if a, b := stock.Key(pair[0]), stock.Key(pair[1]); a != b || a == "" {
			t.Errorf("%s: %q and %q", name, a, b)
		}
	}
	if stock.Key("Война и мир") == stock.Key("Мир") || stock.Key(" 👍 …") != "" {
		t.Error("different topics are one, or no words are something")
	}
}
