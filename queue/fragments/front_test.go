package fragments

import (
	"bytes"
	"strings"
	"testing"

	"librarian/contacts/library"
)

func TestFrontSaysWhatThePagesAre(t *testing.T) {
	t.Parallel()
	j := joiner(t, "join")
	for lang, want := range map[library.Lang][]string{
		library.Russian:   {"Копия страниц", "Часть 2 из 3", "Источник", "Страницы", "Заказ", "Читатель", "Дата 22 ноября 2026 г.", "Условия использования"},
		library.Sakha:     {"Сирэйдэр куоппуйалара", "2 чааһа, барыта 3", "Сирэйдэр", "Сакаас", "Ааҕааччы", "Күнэ-дьыла", "Туһаныы усулуобуйалара"},
		library.Ukrainian: {"Копія сторінок", "Частина 2 з 3", "Джерело", "Сторінки", "Замовлення", "Читач", "Умови використання"},
		library.English:   {"Copy of pages", "Part 2 of 3", "Source", "Pages", "Order", "Reader", "Date", "Terms of use"},
	} {
		f := front()
		f.Lang, f.Part, f.Parts = lang, 2, 3
		f.Source = "Өксөкүлээх Өлөксөй. Үлүскэн үс хаҥас: ҕ, һ, ү, ө, ҥ, ї, є, ґ"
		f.Terms = append(f.Terms, "Второе условие.")
		pdf, err := j.draw(f)
		must(t, err)
		got := words(t, pdf)
		for _, text := range append(want, f.Library, f.Source, f.Pages, f.Code, f.Reader, f.Terms[0], f.Terms[1]) {
			if !strings.Contains(got, text) {
				t.Errorf("%s: no %q in %q", lang, text, got)
			}
		}
	}
}

func TestFrontTakesAnyText(t *testing.T) {
	t.Parallel()
	j := joiner(t, "join")
	f := front()
	f.Source = strings.Repeat("Очень длинное описание источника. ", 60) + strings.Repeat("Ҥ", 400) + " 👍\x00\u202eконец"
	f.Pages, f.Reader, f.Terms = "", "", nil
	f.Terms = append(f.Terms, strings.Repeat("Условие. ", 500))
	pdf, err := j.draw(f)
	must(t, err)
	got := words(t, pdf)
	if n := strings.Count(got, "описание"); n != 60 || !strings.Contains(got, "? конец") && !strings.Contains(got, "?конец") || strings.Count(got, "Ҥ") != 400 {
		t.Errorf("%d times; %q", n, got)
	}
	if strings.Contains(got, "Читатель") || strings.Contains(got, "Страницы") || strings.Contains(got, "Часть") {
		t.Errorf("what is not known is named: %q", got)
	}
	if n := strings.Count(got, "Условие."); n != 500 {
		t.Errorf("terms: %d", n)
	}
	long := front()
	long.Source = strings.Repeat("Ү", 100_000)
	if _, err := j.Join(t.Context(), long, nil, &bytes.Buffer{}); err != nil {
		t.Errorf("a description of 100,000 letters: %v", err)
	}
}

func TestTheDocumentNamesNoReader(t *testing.T) {
	t.Parallel()
	f := front()
	f.Lang = "xx"
	f.Source = `Название (часть 1) \ "2" Ҕ`
	var out bytes.Buffer
	_, err := joiner(t, "join").Join(t.Context(), f, []Page{page("image/jpeg", asJPEG(t, motley(60, 80, 1)), 0)}, &out)
	must(t, err)
	info := string(poppler(t, out.Bytes(), "pdfinfo", "-"))
	if !strings.Contains(info, f.Source) || !strings.Contains(info, f.Code) || strings.Contains(info, "123456") || strings.Contains(info, "Producer") {
		t.Errorf("%s", info)
	}
	if got := words(t, out.Bytes()); !strings.Contains(got, "Читатель билет 123456") {
		t.Errorf("the first page does not name the reader: %q", got)
	}
}
