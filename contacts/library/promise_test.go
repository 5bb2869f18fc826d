package library

import (
	"testing"
	"time"
)

// workplace is a department of the library in Kyiv with two shifts; it is closed for a fortnight, on the last Thursday of April (sanitary
// day) and on a holiday in May.
func workplace(t *testing.T) (Library, Hours) {
	t.Helper()
	shifts := []Span{{9 * 60, 13 * 60}, {14 * 60, 18 * 60}}
	h := Hours{Week: [7][]Span{1: shifts, 2: shifts, 3: shifts, 4: shifts, 5: shifts}, Days: map[string][]Span{
		"2026-04-30": {}, "2026-05-01": {}, // the sanitary day on the eve of a holiday
		"2026-05-08": {{9 * 60, 12 * 60}}, // a short day
		"2026-05-12": shifts,              // marked in the calendar, and open as ever
	}}
	for day := (Date{2026, time.August, 3}); day != (Date{2026, time.August, 17}); day = day.next() {
		h.Days[day.String()] = []Span{}
	}
	return calendar(t), h
}

func TestPromisedTimes(t *testing.T) {
	t.Parallel()
	lib, h := workplace(t)
	for _, c := range []struct {
		name, asked string
		hours       float64
		remind, due string // remind: empty for none
	}{
		{"within a shift", "2026-04-06 09:00", 2, "2026-04-06 10:30", "2026-04-06 11:00"},
		{"on Friday evening", "2026-04-10 19:00", 8, "2026-04-13 16:00", "2026-04-13 18:00"},
		{"on Friday, an hour before the end", "2026-04-10 17:00", 8, "2026-04-13 15:00", "2026-04-13 17:00"},
		{"on the eve of sanitary day and holiday", "2026-04-29 17:30", 1, "2026-04-29 18:00", "2026-05-04 09:30"},
		{"on the last Thursday, the sanitary day", "2026-04-30 10:00", 4, "2026-05-04 12:00", "2026-05-04 13:00"},
		{"on the holiday", "2026-05-01 12:00", 4, "2026-05-04 12:00", "2026-05-04 13:00"},
		{"in the lunch break", "2026-04-07 13:20", 2, "2026-04-07 15:30", "2026-04-07 16:00"},
		{"over the lunch break", "2026-04-07 12:00", 2, "2026-04-07 14:30", "2026-04-07 15:00"},
		{"two shifts are a whole day", "2026-04-07 09:00", 8, "2026-04-07 16:00", "2026-04-07 18:00"},
		{"sixteen hours are two days", "2026-04-07 11:00", 16, "2026-04-08 16:00", "2026-04-09 11:00"},
		{"a short day", "2026-05-08 11:00", 2, "2026-05-11 09:30", "2026-05-11 10:00"},
		{"a day that is marked and open", "2026-05-12 09:00", 2, "2026-05-12 10:30", "2026-05-12 11:00"},
		{"over a day that is marked and open", "2026-05-11 17:00", 9, "2026-05-12 15:45", "2026-05-12 18:00"},
		{"before a closed fortnight", "2026-07-31 17:00", 4, "2026-08-17 11:00", "2026-08-17 12:00"},
		{"in the closed fortnight", "2026-08-07 12:00", 1, "2026-08-17 09:30", "2026-08-17 10:00"},
		{"over the spring change of clocks", "2026-03-27 17:00", 4, "2026-03-30 11:00", "2026-03-30 12:00"},
		{"over the autumn change of clocks", "2026-10-23 17:00", 4, "2026-10-26 11:00", "2026-10-26 12:00"},
		{"half an hour: no reminder before it begins", "2026-04-06 09:00", 0.5, "", "2026-04-06 09:30"},
		{"an hour: half of it is left", "2026-04-06 09:00", 1, "2026-04-06 09:30", "2026-04-06 10:00"},
		{"forty hours are a week", "2026-04-06 09:00", 40, "2026-04-09 16:00", "2026-04-10 18:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked, work := at(t, lib, c.asked).UTC(), time.Duration(c.hours*float64(time.Hour))
			due := lib.DueBy(h, asked, work)
			if !due.Equal(at(t, lib, c.due)) {
				t.Errorf("due %v, want %s", due.In(lib.Zone), c.due)
			}
			if worked := lib.Worked(h, asked, due); worked != work {
				t.Errorf("worked %v, want %v", worked, work)
			}
			remind, ok := lib.RemindBy(h, asked, work)
			if ok != (c.remind != "") || ok && !remind.Equal(at(t, lib, c.remind)) {
				t.Errorf("remind %v %v, want %q", remind.In(lib.Zone), ok, c.remind)
			}
		})
	}
}

// A clock that is stopped and goes on promises as much working time as one that ran through, wherever it was stopped and however long.
func TestStoppedClockGoesOn(t *testing.T) {
	t.Parallel()
	lib, h := workplace(t)
	asked, work := at(t, lib, "2026-04-28 11:00"), 20*time.Hour
	due := lib.DueBy(h, asked, work)
	for stopped := asked; stopped.Before(due); stopped = stopped.Add(47 * time.Minute) {
		left := lib.Worked(h, stopped, due)
		if sum := lib.Worked(h, asked, stopped) + left; sum != work {
			t.Fatalf("stopped at %v: %v of %v", stopped, sum, work)
		}
		for _, pause := range []time.Duration{0, time.Hour, 100 * time.Hour, 2000 * time.Hour} {
			again := stopped.Add(pause)
			if got := lib.Worked(h, again, lib.DueBy(h, again, left)); got != left {
				t.Fatalf("stopped at %v for %v: %v of %v", stopped, pause, got, left)
			}
		}
	}
	if lib.Worked(h, due, asked) != 0 {
		t.Error("backwards")
	}
}

func TestHoursThatNeverOpen(t *testing.T) {
	t.Parallel()
	lib, _ := workplace(t)
	asked := at(t, lib, "2026-04-06 09:00")
	for name, h := range map[string]Hours{
		"none": {}, "only in the past": {Days: map[string][]Span{"2020-01-01": {{0, 600}}}}, "closed": {Days: map[string][]Span{"2026-04-07": {}}},
	} {
		due := lib.DueBy(h, asked, 5*time.Hour)
		if !due.Equal(asked.Add(5 * time.Hour)) {
			t.Errorf("%s: due %v", name, due)
		}
		if worked := lib.Worked(h, asked, due); worked != 5*time.Hour {
			t.Errorf("%s: worked %v", name, worked)
		}
	}
}

func TestHoursWithinTheHouse(t *testing.T) {
	t.Parallel()
	house := Hours{Week: [7][]Span{1: {{540, 1080}}}, Days: map[string][]Span{
		"2026-05-11": {}, "2026-05-18": {{540, 720}}, "2026-05-17": {{600, 900}}, "2026-05-25": {}, "not a day": {},
	}}
	own := Hours{Week: [7][]Span{1: {{480, 600}, {660, 900}}}, Days: map[string][]Span{"2026-05-25": {{600, 660}}}}
	got := own.Within(house)
	for _, c := range []struct {
		day  int
		want []Span
	}{
		{4, []Span{{480, 600}, {660, 900}}},  // its own Monday
		{11, nil},                            // the house is closed
		{18, []Span{{540, 600}, {660, 720}}}, // a short day of the house
		{17, nil},                            // a fair on Sunday is none of its work
		{25, []Span{{600, 660}}},             // it says itself that it is there
	} {
		spans := got.On(Date{2026, time.May, c.day})
		if len(spans) != len(c.want) {
			t.Fatalf("on the %d: %v, want %v", c.day, spans, c.want)
		}
		for i := range spans {
			if spans[i] != c.want[i] {
				t.Errorf("on the %d: %v, want %v", c.day, spans, c.want)
			}
		}
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if len(own.Days) != 1 {
		t.Error("the department's own days were changed")
	}
}

func TestWorkByKind(t *testing.T) {
	t.Parallel()
	s := Settings{Promise: map[string]Promise{"fragment": {Minutes: 90}, "query": {}}}
	for kind, want := range map[string]time.Duration{
		"fragment": 90 * time.Minute, "article": 16 * time.Hour, "query": 24 * time.Hour, "question": 4 * time.Hour, "stuck": 4 * time.Hour,
	} {
		if got := s.Work(kind); got != want {
			t.Errorf("%s: %v, want %v", kind, got, want)
		}
	}
	if (Settings{Promise: map[string]Promise{"query": {Minutes: -1}}}).Check() == nil {
		t.Error("less than no time")
	}
}
