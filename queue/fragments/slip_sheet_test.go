package fragments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"librarian/contacts/library"
)

// printed is a slip with all that can stand on one.
func printed(lang library.Lang) SlipSheet {
	return SlipSheet{
		Lang: lang, Library: "Национальная библиотека", Want: "достаточно фото", Due: "3 марта, 18:00", Date: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		Order: Order{ID: 57, Mark: "KQ7XMDHW", Pages: "120–124", Again: "страница 122 смазана"},
		Held: Held{
			Source: "Шолохов, М. А. Тихий Дон : роман в четырёх книгах / Михаил Шолохов. — Москва : Художественная литература, 1975. — 608 с.",
			Copies: []string{"КХ2 основной 77 125", "КМ 114 230"},
		},
	}
}

// TestSlipSaysWhatIsWanted, in each language, and its code in letters.
func TestSlipSaysWhatIsWanted(t *testing.T) {
	t.Parallel()
	j := joiner(t, "join")
	for lang, want := range map[library.Lang][]string{
		library.Russian:   {"Лист заказа № 57", "Где стоит", "Как нужно", "Прислать ещё раз", "Срок", "Код листа"},
		library.Sakha:     {"Сакаас лииһэ № 57", "Ханна турар", "Лиис куода"},
		library.Ukrainian: {"Аркуш замовлення № 57", "Де стоїть", "Код аркуша"},
		library.English:   {"Order slip № 57", "Where it stands", "Code of the slip"},
	} {
		p := printed(lang)
		pdf, err := j.DrawSlip(p)
		must(t, err)
		if dir := os.Getenv("LIBRARIAN_SCREENSHOTS"); dir != "" {
			must(t, os.WriteFile(filepath.Join(dir, "slip-"+string(lang)+".pdf"), pdf, 0o600))
		}
		got := words(t, pdf)
		for _, text := range append(want, p.Library, "Тихий Дон", "КХ2 основной 77 125", "КМ 114 230", "120–124", p.Want, p.Due, p.Order.Again, "57-KQ7XMDHW") {
			if !strings.Contains(got, text) {
				t.Errorf("%s: no %q in %q", lang, text, got)
			}
		}
	}
}

// TestLongSlip: a description beyond measure leaves the code where it was.
func TestLongSlip(t *testing.T) {
	t.Parallel()
	p := printed(library.Russian)
	p.Held.Source = strings.Repeat("Очень длинное описание. ", 400)
	pdf, err := joiner(t, "join").DrawSlip(p)
	must(t, err)
	if got := words(t, pdf); strings.Count(got, "длинное") != 400 || strings.Count(got, "57-KQ7XMDHW") != 1 {
		t.Errorf("%d times, the code %d times", strings.Count(got, "длинное"), strings.Count(got, "57-KQ7XMDHW"))
	}
}
