package library

import (
	"encoding/json"
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		born, day string
		want      int
	}{
		{"2010-05-17", "2026-05-16", 15},
		{"2010-05-17", "2026-05-17", 16},
		{"2010-05-17", "2026-12-31", 16},
		{"2010-05-17", "2026-04-30", 15},
		{"2026-05-17", "2026-05-17", 0},
		{"2008-02-29", "2026-02-28", 17},
		{"2008-02-29", "2026-03-01", 18},
		{"2008-02-29", "2028-02-28", 19},
		{"2008-02-29", "2028-02-29", 20},
		{"2000-12-31", "2001-01-01", 0},
		{"2027-01-01", "2026-12-31", -1},
	} {
		born, day := date(t, c.born), date(t, c.day)
		if got := Age(born, day); got != c.want {
			t.Errorf("born %s, on %s: %d, want %d", c.born, c.day, got, c.want)
		}
	}
}

func date(t *testing.T, text string) Date {
	t.Helper()
	d, ok := ParseDate(text)
	if !ok || d.String() != text {
		t.Fatalf("%s is read as %v, %v", text, d, ok)
	}
	return d
}

func TestDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    Date
		good bool
	}{
		{Date{2026, 2, 28}, true},
		{Date{2028, 2, 29}, true},
		{Date{2026, 2, 29}, false},
		{Date{1900, 2, 29}, false},
		{Date{2000, 2, 29}, true},
		{Date{2026, 2, 31}, false},
		{Date{2026, 4, 31}, false},
		{Date{2026, 13, 1}, false},
		{Date{2026, 0, 1}, false},
		{Date{2026, 1, 0}, false},
		{Date{0, 1, 1}, false},
		{Date{10000, 1, 1}, false},
		{Date{}, false},
	} {
		if c.d.Valid() != c.good {
			t.Errorf("%v: valid is %v", c.d, c.d.Valid())
		}
	}
	for _, text := range []string{"", "2026-02-29", "2026-2-3", "26-02-03", "2026-02-03T00:00", "03.02.2026"} {
		if d, ok := ParseDate(text); ok || d != (Date{}) {
			t.Errorf("%q is read as %v", text, d)
		}
	}
	early, late := Date{2025, 12, 31}, Date{2026, 1, 1}
	if !early.Before(late) || late.Before(early) || early.Before(early) {
		t.Error("days are not in order")
	}
	if early.next() != late {
		t.Errorf("after %v comes %v", early, early.next())
	}
}

func TestTodayIsTheLibrarysOwn(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 1, 31, 22, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		zone string
		want Date
	}{
		{"UTC", Date{2026, 1, 31}},
		{"Europe/Kyiv", Date{2026, 2, 1}},
		{"Asia/Yakutsk", Date{2026, 2, 1}},
		{"America/New_York", Date{2026, 1, 31}},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Library{Zone: zone}).Today(moment); got != c.want {
			t.Errorf("in %s it is %v", c.zone, got)
		}
	}
}

func TestNamesAndLanguages(t *testing.T) {
	t.Parallel()
	l := Library{Slug: "demo"}
	if l.Title(English) != "demo" || l.RecordLang() != Russian || len(l.Offered()) != 4 {
		t.Errorf("a library without settings: %q, %q, %v", l.Title(English), l.RecordLang(), l.Offered())
	}
	l.Settings = Settings{Record: Ukrainian, Name: map[Lang]string{Ukrainian: "Бібліотека"}, Languages: []Lang{English, "fr", Ukrainian}}
	if l.Title(Sakha) != "Бібліотека" || l.RecordLang() != Ukrainian {
		t.Errorf("title %q, record %q", l.Title(Sakha), l.RecordLang())
	}
	if o := l.Offered(); len(o) != 2 || o[0] != English || o[1] != Ukrainian {
		t.Errorf("offered %v", o)
	}
	l.Settings.Record = "fr"
	if l.RecordLang() != Russian {
		t.Error("a language without texts keeps the records")
	}
}

func TestSettingsSurviveStorage(t *testing.T) {
	t.Parallel()
	s := Settings{Hours: calendar(t).Settings.Hours}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back Settings
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if spans := back.Hours.On(Date{2026, 1, 30}); len(spans) != 0 {
		t.Errorf("the sanitary day is open: %v", spans)
	}
	if spans := back.Hours.On(Date{2026, 1, 29}); len(spans) != 2 {
		t.Errorf("an ordinary day: %v", spans)
	}
}
