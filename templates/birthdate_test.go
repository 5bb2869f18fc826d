package templates

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"librarian/contacts/library"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	today := library.Date{Year: 2026, Month: time.November, Day: 22}
	for text, want := range map[string]string{
		"5.3.1987":             "1987-03-05",
		" 05.03.1987. ":        "1987-03-05",
		"05/03/87":             "1987-03-05",
		"5-3-1987":             "1987-03-05",
		"5 3 1987":             "1987-03-05",
		"05,03,1987":           "1987-03-05",
		"5 марта 1987":         "1987-03-05",
		"5 марта 1987 года":    "1987-03-05",
		"5 Марта 1987г.":       "1987-03-05",
		"5-го марта 1987 г.р.": "1987-03-05",
		"5 мар 87":             "1987-03-05",
		"я родилась 5 марта 1987 года":   "1987-03-05",
		"Дата рождения: 05.03.1987":      "1987-03-05",
		"5 березня 1987 р.":              "1987-03-05",
		"5 березня 1987 року народження": "1987-03-05",
		"March 5, 1987":          "1987-03-05",
		"5th March 1987":         "1987-03-05",
		"the 5th of March, 1987": "1987-03-05",
		"Mar. 5th 1987":          "1987-03-05",
		"1987-03-05":             "1987-03-05",
		"1987.3.5":               "1987-03-05",
		"1987 сыл кулун тутар 5 күнэ": "1987-03-05",
		"1987 с. кулун тутар 5 к.":    "1987-03-05",
		"87 сыл кулун тутар 5 күнэ":   "1987-03-05",
		"1987 сыл бэс ыйын 21 күнэ":   "1987-06-21",
		"1987 сыл балаган ыйа 1 кунэ": "1987-09-01", // no Sakha keyboard
		"5.III.1987":     "1987-03-05",
		"05031987":       "1987-03-05",
		"050387":         "1987-03-05",
		"19870305":       "1987-03-05",
		"20051112":       "2005-11-12",
		"20111990":       "1990-11-20",
		"03/25/1987":     "1987-03-25", // can only be American
		"22.11.2026":     "2026-11-22",
		"22.11.26":       "2026-11-22",
		"23.11.26":       "1926-11-23",
		"1.1.00":         "2000-01-01",
		"29.02.2000":     "2000-02-29",
		"22.11.1906":     "1906-11-22",
		"5 травня 2010":  "2010-05-05",
		"1 мая 2010":     "2010-05-01",
		"\u200e5.3.1987": "1987-03-05",
	} {
		got, err := texts.ParseDate(text, today)
		if err != nil || got.String() != want {
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseDateRefuses(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	today := library.Date{Year: 2026, Month: time.November, Day: 22}
	for text, want := range map[string]error{
		"":                                    ErrDateForm,
		"👍":                                   ErrDateForm,
		"\x00":                                ErrDateForm,
		"вчера":                               ErrDateForm,
		"5 марта":                             ErrDateForm,
		"март 1987":                           ErrDateForm,
		"5.3":                                 ErrDateForm,
		"1987":                                ErrDateForm,
		"5.3.987":                             ErrDateForm,
		"5.3.19870":                           ErrDateForm,
		"005.3.1987":                          ErrDateForm,
		"5.3.1987.2":                          ErrDateForm,
		"5 3 марта 1987":                      ErrDateForm,
		"5 марта мая 1987":                    ErrDateForm,
		"5 мартобря 1987":                     ErrDateForm,
		"5.3.1987 и 6.4.1990":                 ErrDateForm,
		"мне 5.3.1987":                        ErrDateForm,
		"5+3+1987":                            ErrDateForm,
		"٥.٣.١٩٨٧":                            ErrDateForm,
		"+79141234567":                        ErrDateForm,
		"89141234567":                         ErrDateForm,
		strings.Repeat("5", 100000):           ErrDateForm,
		strings.Repeat(" ", 300) + "5.3.1987": ErrDateForm,
		"31.02.1987":                          ErrDateDay,
		"31 февраля 1987":                     ErrDateDay,
		"31 June 1987":                        ErrDateDay,
		"29.02.1900":                          ErrDateDay,
		"29.02.2001":                          ErrDateDay,
		"29.02.01":                            ErrDateDay,
		"0.3.1987":                            ErrDateDay,
		"5.0.1987":                            ErrDateDay,
		"05.13.1987":                          ErrDateDay,
		"02/30/1987":                          ErrDateDay,
		"1987-13-05":                          ErrDateDay,
		"32131987":                            ErrDateDay,
		"23.11.2026":                          ErrDateFuture,
		"5 марта 2087":                        ErrDateFuture,
		"11/12/2026":                          ErrDateFuture, // never read as the 12th of November
		"22.11.1905":                          ErrDateOld,
		"5.3.1787":                            ErrDateOld,
		"5.3.0000":                            ErrDateOld,
	} {
		got, err := texts.ParseDate(text, today)
		if !errors.Is(err, want) || got != (library.Date{}) {
			t.Errorf("%.40q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestEveryDateThatWeWriteIsRead(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	today := library.Date{Year: 2026, Month: time.November, Day: 22}
	first := library.Date{Year: 1906, Month: time.November, Day: 22}.Time(time.UTC)
	for day := first; !today.Before(library.DateOf(day)); day = day.AddDate(0, 0, 13) {
		want := library.DateOf(day)
		for _, lang := range library.Langs() {
			written := texts.Date(lang, want)
			if got, err := texts.ParseDate(written, today); err != nil || got != want {
				t.Fatalf("%q: %v, %v", written, got, err)
			}
		}
	}
}

func TestWhatIsReadIsABirthDate(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	today := library.Date{Year: 2026, Month: time.November, Day: 22}
	piece := rapid.SampledFrom([]string{"5", "31", "02", "1987", "87", "2030", ".", "/", "-", " ", "мая", "ыам", " ыйа", "г.", "x", "\x00", "\xff", "№", "٣"})
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 9).Draw(r, "pieces"), "")
		got, err := texts.ParseDate(text, today)
		if err != nil {
			for _, known := range []error{ErrDateForm, ErrDateDay, ErrDateFuture, ErrDateOld} {
				if errors.Is(err, known) {
					return
				}
			}
			r.Fatalf("%q: %v", text, err)
		}
		if !got.Valid() || today.Before(got) || library.Age(got, today) > ageLimit {
			r.Fatalf("%q: %v", text, got)
		}
	})
}
