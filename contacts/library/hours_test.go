package library

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// calendar is a library in Kyiv with two shifts and a break, a short Saturday, closed on Sunday.
func calendar(t *testing.T) Library {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	shifts := []Span{{9 * 60, 13 * 60}, {14 * 60, 18 * 60}}
	return Library{Zone: zone, Settings: Settings{Hours: Hours{
		Week: [7][]Span{1: shifts, 2: shifts, 3: shifts, 4: shifts, 5: shifts, 6: {{10 * 60, 15 * 60}}},
		Days: map[string][]Span{
			"2026-01-01": {},                   // Thursday, a holiday
			"2026-01-30": {},                   // Friday, the month's sanitary day
			"2026-02-01": {{11 * 60, 12 * 60}}, // Sunday, a fair
			"2026-12-31": {{9 * 60, 12 * 60}},  // Thursday, a short day
		},
	}}}
}

// at is a moment on the library's clock.
func at(t *testing.T, l Library, text string) time.Time {
	t.Helper()
	m, err := time.ParseInLocation("2006-01-02 15:04", text, l.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOpens(t *testing.T) {
	t.Parallel()
	l := calendar(t)
	for _, c := range []struct{ name, now, opens string }{
		{"in the first shift", "2026-01-12 10:30", "2026-01-12 10:30"},
		{"on the first minute", "2026-01-12 09:00", "2026-01-12 09:00"},
		{"in the break", "2026-01-12 13:20", "2026-01-12 14:00"},
		{"the last minute of a shift is over", "2026-01-12 13:00", "2026-01-12 14:00"},
		{"in the second shift", "2026-01-12 17:59", "2026-01-12 17:59"},
		{"after hours", "2026-01-12 18:00", "2026-01-13 09:00"},
		{"before hours", "2026-01-12 00:00", "2026-01-12 09:00"},
		{"Saturday evening, over Sunday", "2026-01-17 15:00", "2026-01-19 09:00"},
		{"a holiday", "2026-01-01 10:00", "2026-01-02 09:00"},
		{"sanitary day, then Saturday", "2026-01-29 18:30", "2026-01-31 10:00"},
		{"other hours on a day that is closed otherwise", "2026-01-31 16:00", "2026-02-01 11:00"},
		{"a short day before the year's end", "2026-12-31 12:00", "2027-01-01 09:00"},
		{"Sunday of the spring change", "2026-03-29 03:30", "2026-03-30 09:00"},
		{"Sunday of the autumn change", "2026-10-25 12:00", "2026-10-26 09:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now, want := at(t, l, c.now), at(t, l, c.opens)
			// The service's clock is in UTC, and the answer must not depend on it.
			got, ok := l.Opens(now.UTC())
			if !ok || !got.Equal(want) {
				t.Errorf("opens %v (%v), want %v", got, ok, want)
			}
			if open := l.Open(now.UTC()); open != now.Equal(want) {
				t.Errorf("open is %v", open)
			}
		})
	}
}

// The faults of other programs are here by number: Zammad counts a reminder at midnight and confuses working time with plain time (#390, #4432, #3180),
// Chatwoot knows no holidays (#6467, #10436) and no break (#14009), and let promises run at night (#13392).
func TestDue(t *testing.T) {
	t.Parallel()
	l := calendar(t)
	for _, c := range []struct {
		name, now string
		work      time.Duration
		due       string
	}{
		{"within a shift", "2026-01-12 09:30", time.Hour, "2026-01-12 10:30"},
		{"over the break (Chatwoot 14009)", "2026-01-12 12:30", time.Hour, "2026-01-12 14:30"},
		{"ends with the shift, not after the break", "2026-01-12 12:00", time.Hour, "2026-01-12 13:00"},
		{"ends with the day, not next morning", "2026-01-12 14:00", 4 * time.Hour, "2026-01-12 18:00"},
		{"one minute more is next morning", "2026-01-12 14:00", 4*time.Hour + time.Minute, "2026-01-13 09:01"},
		{"asked at night (Chatwoot 13392)", "2026-01-12 23:00", 4 * time.Hour, "2026-01-13 13:00"},
		{"asked at midnight (Zammad 3180)", "2026-01-13 00:00", 30 * time.Minute, "2026-01-13 09:30"},
		{"asked in the break", "2026-01-12 13:30", time.Hour, "2026-01-12 15:00"},
		{"over a weekend", "2026-01-16 17:00", 8 * time.Hour, "2026-01-19 11:00"},
		{"from a Sunday", "2026-01-18 12:00", time.Hour, "2026-01-19 10:00"},
		{"over a holiday (Chatwoot 10436)", "2025-12-31 17:00", 2 * time.Hour, "2026-01-02 10:00"},
		{"over a sanitary day", "2026-01-29 17:30", time.Hour, "2026-01-31 10:30"},
		{"a special day counts", "2026-01-31 14:30", time.Hour, "2026-02-01 11:30"},
		{"a week of work", "2026-01-12 09:00", 45 * time.Hour, "2026-01-17 15:00"},
		{"over the spring change (Zammad 390)", "2026-03-28 14:00", 2 * time.Hour, "2026-03-30 10:00"},
		{"over the autumn change", "2026-10-24 14:30", time.Hour, "2026-10-26 09:30"},
		{"no work: at once", "2026-01-12 10:00", 0, "2026-01-12 10:00"},
		{"no work: when it opens", "2026-01-12 20:00", 0, "2026-01-13 09:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, want := l.Due(at(t, l, c.now).UTC(), c.work), at(t, l, c.due); !got.Equal(want) {
				t.Errorf("due %v, want %v", got.In(l.Zone), want)
			}
		})
	}
}

func TestClockChangeWithinADay(t *testing.T) {
	t.Parallel()
	l := calendar(t)
	l.Settings.Hours = Hours{}
	for i := range l.Settings.Hours.Week {
		l.Settings.Hours.Week[i] = []Span{{0, 24 * 60}}
	}
	// Round the clock, working time is plain time, also on days of 23 and 25 hours.
	for _, day := range []string{"2026-03-29 00:00", "2026-10-25 00:00", "2026-06-01 00:00"} {
		now := at(t, l, day)
		for _, work := range []time.Duration{0, 150 * time.Minute, 5 * time.Hour, 24 * time.Hour, 49 * time.Hour} {
			if got := l.Due(now, work); !got.Equal(now.Add(work)) {
				t.Errorf("from %s after %v: %v", day, work, got)
			}
			if !l.Open(now.Add(work)) {
				t.Errorf("closed on %s after %v", day, work)
			}
		}
	}
	// Nine o'clock is nine o'clock on both sides of the change.
	l.Settings.Hours.Week = [7][]Span{0: {{9 * 60, 10 * 60}}}
	for _, day := range []string{"2026-03-29", "2026-10-25"} {
		got, ok := l.Opens(at(t, l, day+" 00:00"))
		if !ok || got.In(l.Zone).Format(time.DateTime) != day+" 09:00:00" {
			t.Errorf("opens %v", got)
		}
	}
}

func TestClosedForGood(t *testing.T) {
	t.Parallel()
	l := calendar(t)
	now := at(t, l, "2026-01-12 10:00")
	for name, h := range map[string]Hours{
		"no hours at all":     {},
		"special days over":   {Days: map[string][]Span{"2026-01-11": {{540, 600}}}},
		"every day is closed": {Days: map[string][]Span{"2026-01-13": {}}},
	} {
		l.Settings.Hours = h
		if opens, ok := l.Opens(now); ok || l.Open(now) {
			t.Errorf("%s: opens %v", name, opens)
		}
		if got := l.Due(now, 4*time.Hour); !got.Equal(now.Add(4 * time.Hour)) {
			t.Errorf("%s: due %v", name, got)
		}
	}
	l.Settings.Hours = Hours{Days: map[string][]Span{"2026-11-12": {{540, 600}}}}
	if opens, ok := l.Opens(now); !ok || !opens.Equal(at(t, l, "2026-11-12 09:00")) {
		t.Errorf("after repairs: opens %v %v", opens, ok)
	}
}

func TestHoursCheck(t *testing.T) {
	t.Parallel()
	day := func(name string, spans ...Span) Hours { return Hours{Days: map[string][]Span{name: spans}} }
	for _, c := range []struct {
		name  string
		hours Hours
		good  bool
	}{
		{"nothing", Hours{}, true},
		{"two shifts", Hours{Week: [7][]Span{1: {{540, 780}, {840, 1080}}}}, true},
		{"one after the other", Hours{Week: [7][]Span{1: {{540, 780}, {780, 1080}}}}, true},
		{"the whole day", Hours{Week: [7][]Span{1: {{0, 1440}}}}, true},
		{"closed on a day", day("2026-01-01"), true},
		{"backwards", Hours{Week: [7][]Span{1: {{780, 540}}}}, false},
		{"of no length", Hours{Week: [7][]Span{1: {{540, 540}}}}, false},
		{"overlapping", Hours{Week: [7][]Span{1: {{540, 780}, {770, 1080}}}}, false},
		{"out of order", Hours{Week: [7][]Span{1: {{840, 1080}, {540, 780}}}}, false},
		{"into the next day", Hours{Week: [7][]Span{1: {{1200, 1500}}}}, false},
		{"before midnight", Hours{Week: [7][]Span{1: {{-10, 60}}}}, false},
		{"a bad span on a day", day("2026-01-01", Span{600, 500}), false},
		{"a day that does not exist", day("2026-02-30"), false},
		{"a day written otherwise", day("1.1.2026"), false},
		{"a day without noughts", day("2026-1-1"), false},
	} {
		if err := c.hours.Check(); (err == nil) != c.good {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
