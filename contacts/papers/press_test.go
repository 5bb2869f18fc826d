package papers

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/templates"
)

func newPress(t testing.TB) *Press {
	t.Helper()
	texts, err := templates.Load()
	must(t, err)
	press, err := NewPress(texts)
	must(t, err)
	return press
}

func draw(t testing.TB, o Order) []Drawn {
	t.Helper()
	o.Token = strings.Repeat("A", 25) + "7"
	drawn, err := newPress(t).Draw(o)
	must(t, err)
	return drawn
}

// poppler runs one of its programs on the bytes.
func poppler(t testing.TB, input []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing", name)
		}
		t.Skipf("%s is missing", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	must(t, err)
	return out
}

// words are the text of a PDF with single spaces.
func words(t testing.TB, pdf []byte) string {
	t.Helper()
	return strings.Join(strings.Fields(string(poppler(t, pdf, "pdftotext", "-layout", "-", "-"))), " ")
}

// perMM is the resolution of the tests' pictures, in pixels.
const perMM = 150 / 25.4

func picture(t testing.TB, pdf []byte, page int) image.Image {
	t.Helper()
	n := fmt.Sprint(page)
	img, err := png.Decode(bytes.NewReader(poppler(t, pdf, "pdftoppm", "-r", "150", "-f", n, "-l", n, "-gray", "-png", "-")))
	must(t, err)
	return img
}

// long is an order that needs several pages, for a child, in a language that is not the library's.
func long() Order {
	o := anOrder()
	o.Kinds, o.Relation, o.Lang = []Kind{Form, Application, Consent, Surety}, "child", library.English
	o.Name = strings.TrimSpace(strings.Repeat("Ҕаврильева-Өҥүөһэ ", 7))
	o.Answers = append(o.Answers, Line{
		Label: map[library.Lang]string{library.Russian: "Адрес"},
		Value: map[library.Lang]string{library.Russian: strings.Repeat("677000 Якутск улица Ленина дом 40; ", 8) + "КОНЕЦ"},
	})
	o.Consent = map[library.Lang]string{
		library.Russian: strings.Repeat("Согласие даётся на сбор, хранение и уничтожение сведений в целях обслуживания читателя.\n", 60) + "ПОСЛЕДНЕЕ",
		library.English: "In short: three years.",
	}
	return o
}

func TestEveryPageHasItsCodeAndRoomForASignature(t *testing.T) {
	t.Parallel()
	for _, d := range draw(t, long()) {
		for number := 1; number <= d.Pages; number++ {
			img := picture(t, d.PDF, number)
			bits, err := gozxing.NewBinaryBitmapFromImage(img)
			must(t, err)
			read, err := qrcode.NewQRCodeReader().DecodeWithoutHints(bits)
			must(t, err)
			if token, page, ok := ReadCode(read.GetText()); !ok || token != strings.Repeat("A", 25)+"7" || page != (Page{d.Kind, number}) {
				t.Errorf("%s %d: the code says %s", d.Kind, number, read.GetText())
			}
			checkPlaces(t, img, fmt.Sprintf("%s %d", d.Kind, number))
		}
	}
}

// checkPlaces looks where the code and the box are, in the contract's terms: both are known to those who look at photos.
func checkPlaces(t *testing.T, img image.Image, name string) {
	t.Helper()
	inSides := func(x, y float64) (mmX, mmY float64) { return 15 + 22*x, 262 + 22*y }
	dark := func(left, top, right, bottom float64) (n, all int) { // mm
		for y := int(top * perMM); y < int(bottom*perMM); y++ {
			for x := int(left * perMM); x < int(right*perMM); x++ {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
					n++
				}
				all++
			}
		}
		return n, all
	}
	const quiet = 4 * 22 / 25.0
	if n, _ := dark(15, 262, 15+22*7/25.0, 262.5); n == 0 {
		t.Errorf("%s: the code does not begin at its place", name)
	}
	for side, n := range map[string]int{
		"left": first(dark(15-quiet, 262-quiet, 14.8, 284+quiet)), "above": first(dark(15-quiet, 262-quiet, 37+quiet, 261.8)),
		"right": first(dark(37.3, 262-quiet, 37+quiet, 284+quiet)), "below": first(dark(15-quiet, 284.3, 37+quiet, 284+quiet)),
	} {
		if n > 0 {
			t.Errorf("%s: %d dark dots around the code, %s of it", name, n, side)
		}
	}
	l, top := inSides(files.SignLeft, files.SignTop)
	r, b := inSides(files.SignRight, files.SignBottom)
	if n, _ := dark(l+0.6, top+0.6, r-0.6, b-0.6); n > 0 {
		t.Errorf("%s: %d dark dots in the field for the signature", name, n)
	}
	for side, share := range map[string]float64{
		"upper": filled(dark(l, top-0.1, r, top+0.1)), "lower": filled(dark(l, b-0.1, r, b+0.1)),
		"left": filled(dark(l-0.1, top, l+0.1, b)), "right": filled(dark(r-0.1, top, r+0.1, b)),
	} {
		if share < 0.4 {
			t.Errorf("%s: the %s edge of the field is dark to %.2f", name, side, share)
		}
	}
}

func first(n, _ int) int { return n }

func filled(n, all int) float64 { return float64(n) / float64(all) }

func TestPapersSayEverything(t *testing.T) {
	t.Parallel()
	o := long()
	said := map[Kind]string{}
	for _, d := range draw(t, o) {
		said[d.Kind] = words(t, d.PDF)
		if want := map[Kind]bool{Consent: true}[d.Kind]; want != (d.Pages > 1) {
			t.Errorf("%s has %d pages", d.Kind, d.Pages)
		}
		if d.Lang != library.Russian {
			t.Errorf("%s counts in %s", d.Kind, d.Lang)
		}
	}
	for kind, all := range map[Kind][]string{
		Form: {
			"Регистрационная анкета", "Registration form", "5 марта 1987 г.", "5 March 1987", "Ҕаврильева-Өҥүөһэ", "anna@example.org", "Образование", "Education",
			"среднее", "secondary", "КОНЕЦ", "Подпись родителя или опекуна", "Страница 1 из 1", "Национальная библиотека",
		},
		Application: {"Заявление на регистрацию в информационных базах", "Прошу зарегистрировать ребёнка", "I ask the library to register the child"},
		Consent:     {"Согласие на обработку", "Я, законный представитель", "ПОСЛЕДНЕЕ", "In short: three years.", "Редакция текста согласия: 2026-1", "Страница 1 из 4", "Страница 4 из 4"},
		Surety:      {"Поручительство", "ручаюсь за него", "Кем приходится ребёнку", "I undertake to see"},
	} {
		for _, text := range all {
			if !strings.Contains(said[kind], text) {
				t.Errorf("%s does not say %q: %.2000s", kind, text, said[kind])
			}
		}
	}
	if n := strings.Count(said[Consent], "Согласие даётся"); n != 60 {
		t.Errorf("%d of 60 paragraphs are printed", n)
	}
}

func TestEveryLanguageOfRecord(t *testing.T) {
	t.Parallel()
	for lang, want := range map[library.Lang][]string{
		library.Russian:   {"Регистрационная анкета", "5 марта 1987 г.", "Подпись читателя"},
		library.Sakha:     {"Регистрация анкетата", "1987 сыл кулун тутар 5 күнэ", "Ааҕааччы илии баттааһына"},
		library.Ukrainian: {"Реєстраційна анкета", "5 березня 1987 р.", "Підпис читача"},
		library.English:   {"Registration form", "5 March 1987", "Signature of the reader"},
	} {
		o := anOrder()
		o.Lang, o.Library.Settings.Record, o.Kinds = lang, lang, []Kind{Form, Surety}
		drawn := draw(t, o)
		text := words(t, drawn[0].PDF)
		for _, w := range want {
			if strings.Count(text, w) == 0 {
				t.Errorf("%s does not say %q: %s", lang, w, text)
			}
		}
		// What stands for the label stands once: the reader's language is the library's.
		if n := strings.Count(text, want[1]); n != 1 {
			t.Errorf("%s says the day of birth %d times", lang, n)
		}
		if drawn[0].Lang != lang {
			t.Errorf("counts in %s", drawn[0].Lang)
		}
	}
}

func TestHashIsOfTheWording(t *testing.T) {
	t.Parallel()
	hash := func(change func(*Order)) string {
		o := anOrder()
		o.Kinds = []Kind{Consent}
		change(&o)
		return draw(t, o)[0].TextHash
	}
	same := hash(func(*Order) {})
	for name, change := range map[string]func(*Order){
		"name": func(o *Order) { o.Name = "Анна" }, "day": func(o *Order) { o.Day.Day = 1 }, "answers": func(o *Order) { o.Contact, o.Born.Year = "", 2000 },
		"the reader's language": func(o *Order) { o.Lang = library.Sakha },
	} {
		if got := hash(change); got != same || len(got) != 64 {
			t.Errorf("another %s: another wording", name)
		}
	}
	for name, change := range map[string]func(*Order){
		"consent": func(o *Order) { o.Consent = map[library.Lang]string{library.Russian: "Даётся на год."} }, "version": func(o *Order) { o.Version = "2" },
		"signer": func(o *Order) { o.Relation = "child" }, "record": func(o *Order) { o.Library.Settings.Record = library.English },
	} {
		if hash(change) == same {
			t.Errorf("another %s: the same wording", name)
		}
	}
}

func TestSameOrderSameBytes(t *testing.T) {
	t.Parallel()
	sum := func() (out [32]byte) {
		for _, d := range draw(t, long()) {
			out = sha256.Sum256(append(out[:], d.PDF...))
		}
		return out
	}
	once := sum()
	for range 3 {
		if sum() != once {
			t.Fatal("drawn again it is another paper")
		}
	}
}

func TestStrangeTextsAreDrawn(t *testing.T) {
	t.Parallel()
	o := anOrder()
	o.Kinds, o.Lang, o.Born = []Kind{Form}, "xx", library.Date{}
	o.Name = "И\u0306ван \U0001F600\U00010000 明 \x00\u202e" + strings.Repeat("Ш", 400)
	o.Answers = []Line{
		{},
		{Label: map[library.Lang]string{library.English: "Only English"}, Value: map[library.Lang]string{library.Sakha: strings.Repeat("ҥ ", 6000)}},
		{Label: map[library.Lang]string{library.Russian: strings.Repeat("вопрос ", 300)}},
	}
	drawn := draw(t, o)
	text := words(t, drawn[0].PDF)
	if !strings.Contains(text, "Йван ?? ?") || !strings.Contains(text, "Only") || strings.Count(text, "ҥ") != 6000 || strings.Count(text, "Ш") < 400 {
		t.Errorf("%d pages, %d ҥ, %d Ш: %.300s", drawn[0].Pages, strings.Count(text, "ҥ"), strings.Count(text, "Ш"), text)
	}
}

func TestWhatIsNotDrawn(t *testing.T) {
	t.Parallel()
	press := newPress(t)
	for name, c := range map[string]struct {
		change func(*Order)
		want   error
	}{
		"no consent": {func(o *Order) { o.Consent = nil }, ErrNoConsent},
		"a book":     {func(o *Order) { o.Consent[library.Russian] = strings.Repeat("слово\n", 5000) }, ErrTooLong},
	} {
		o := anOrder()
		o.Token = NewToken()
		c.change(&o)
		if _, err := press.Draw(o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := press.Draw(anOrder()); err == nil {
		t.Error("drawn without a token")
	}
}

func BenchmarkDraw(b *testing.B) {
	press, o := newPress(b), long()
	o.Token = NewToken()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := press.Draw(o); err != nil {
			b.Fatal(err)
		}
	}
}
