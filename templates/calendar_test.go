package templates

import (
	"strings"
	"testing"
	"time"

	"librarian/contacts/library"
)

func TestCalendars(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	yakutsk := time.FixedZone("+09", 9*3600)
	nine := time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC).In(yakutsk)
	eleven := time.Date(2026, time.June, 21, 11, 5, 0, 0, yakutsk)
	for _, c := range []struct {
		lang               library.Lang
		date, may          string
		moment, sunday, at string
		list               string
	}{
		{
			library.Russian, "22 ноября 2026 г.", "9 мая 1945 г.",
			"в понедельник, 23 ноября, в 09:00", "в воскресенье, 21 июня, в 11:05", "09:00", "а, б и в",
		},
		{
			library.Sakha, "2026 сыл сэтинньи 22 күнэ", "1945 сыл ыам ыйын 9 күнэ",
			"сэтинньи 23 күнүгэр, бэнидиэнньиккэ, 09:00 чааска", "бэс ыйын 21 күнүгэр, баскыһыанньаҕа, 11:05 чааска", "09:00", "а, б уонна в",
		},
		{
			library.Ukrainian, "22 листопада 2026 р.", "9 травня 1945 р.",
			"у понеділок, 23 листопада, о 09:00", "у неділю, 21 червня, об 11:05", "09:00", "а, б і в",
		},
		{
			library.English, "22 November 2026", "9 May 1945",
			"on Monday, 23 November, at 09:00", "on Sunday, 21 June, at 11:05", "09:00", "а, б and в",
		},
		{
			"xx", "22 ноября 2026 г.", "9 мая 1945 г.",
			"в понедельник, 23 ноября, в 09:00", "в воскресенье, 21 июня, в 11:05", "09:00", "а, б и в",
		},
	} {
		for want, got := range map[string]string{
			c.date:   texts.Date(c.lang, library.Date{Year: 2026, Month: 11, Day: 22}),
			c.may:    texts.Date(c.lang, library.Date{Year: 1945, Month: 5, Day: 9}),
			c.moment: texts.Moment(c.lang, nine),
			c.sunday: texts.Moment(c.lang, eleven),
			c.at:     texts.Clock(c.lang, nine),
			c.list:   texts.List(c.lang, []string{"а", "б", "в"}),
			"а":      texts.List(c.lang, []string{"а"}),
			"":       texts.List(c.lang, nil),
		} {
			if got != want {
				t.Errorf("%s: %q, want %q", c.lang, got, want)
			}
		}
	}
}

func TestWeekdays(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	for lang, want := range map[library.Lang]string{
		library.Russian:   "воскресенье понедельник вторник среда четверг пятница суббота",
		library.Sakha:     "баскыһыанньа бэнидиэнньик оптуорунньук сэрэдэ чэппиэр бээтинсэ субуота",
		library.Ukrainian: "неділя понеділок вівторок середа четвер п’ятниця субота",
		library.English:   "Sunday Monday Tuesday Wednesday Thursday Friday Saturday",
	} {
		var got []string
		for day := time.Sunday; day <= time.Saturday; day++ {
			got = append(got, texts.Weekday(lang, day))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", lang, got)
		}
	}
}

func TestLoadRefusesCalendars(t *testing.T) {
	t.Parallel()
	good := shippedFile(t, "calendar/uk.toml")
	for about, change := range map[string][2]string{
		"a pattern without the year":   {"{day} {month} {year} р.", "{day} {month} р."},
		"a pattern with a stray field": {"о {clock}", "о {clock} {zone}"},
		"a stray brace":                {"о {clock}", "о {clock"},
		"an hour that is none":         {"11 =", "25 ="},
		"a special hour without clock": {"об {clock}", "об"},
		"a month missing":              {"{ name = \"травень\", of = \"травня\", also = [\"трав\", \"тра\"] },", ""},
		"a month without a name":       {`of = "травня"`, `of = ""`},
		"a weekday without a name":     {`on = "у неділю"`, `on = ""`},
		"one word for two months":      {`"лис"`, `"лип"`},
		"a month that is a filler":     {`"року"`, `"року", "мая"`},
		"an unknown key":               {"comma =", "coma ="},
	} {
		if strings.Count(good, change[0]) != 1 {
			t.Fatalf("%s: %q is not once in the file", about, change[0])
		}
		changed := strings.Replace(good, change[0], change[1], 1)
		if _, err := loadWith(t, map[string]string{"calendar/uk.toml": changed}); err == nil {
			t.Errorf("%s: loaded", about)
		}
	}
}
