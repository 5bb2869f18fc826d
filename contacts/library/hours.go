package library

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

// Hours say when somebody answers: a week, and the days that differ from it.
type Hours struct {
	Week [7][]Span         `json:"week"` // from Sunday, as time.Weekday counts; several spans a day leave room for a break
	Days map[string][]Span `json:"days"` // by YYYY-MM-DD: holidays and sanitary days (an empty list) or other hours
}

// Span is a stretch of one day in minutes from its midnight; Until is not part of it.
type Span struct {
	From  int `json:"from"`
	Until int `json:"until"`
}

// On are the spans of the day, in order.
func (h Hours) On(d Date) []Span {
	if len(h.Days) > 0 {
		if s, ok := h.Days[d.String()]; ok {
			return s
		}
	}
	return h.Week[d.Time(time.UTC).Weekday()]
}

// none reports that nobody ever answers: it saves looking through all the days.
func (h Hours) none() bool {
	for _, spans := range h.Week {
		if len(spans) > 0 {
			return false
		}
	}
	return len(h.Days) == 0
}

// Check reports the first span that cannot be: it ends before it starts, overlaps the one before it, or leaves its day; or a day that does not exist.
func (h Hours) Check() error {
	check := func(name string, spans []Span) error {
		last := 0
		for _, s := range spans {
			if s.From < last || s.Until <= s.From || s.Until > 24*60 {
				return fmt.Errorf("hours of %s: %d to %d minutes", name, s.From, s.Until)
			}
			last = s.Until
		}
		return nil
	}
	for day, spans := range h.Week {
		if err := check(time.Weekday(day).String(), spans); err != nil {
			return err
		}
	}
	for _, day := range slices.Sorted(maps.Keys(h.Days)) {
		if d, ok := ParseDate(day); !ok || d.String() != day { // it would never be found
			return fmt.Errorf("hours of %q: not a day as YYYY-MM-DD", day)
		}
		if err := check(day, h.Days[day]); err != nil {
			return err
		}
	}
	return nil
}

// searchDays bounds how far ahead opening is looked for: a library closed for longer has no promised time.
const searchDays = 400

// Open reports whether somebody answers at the moment.
func (l Library) Open(now time.Time) bool {
	opens, ok := l.Opens(now)
	return ok && !opens.After(now)
}

// Opens is the first moment at or after now at which somebody answers. It is false when there is none within 400 days.
func (l Library) Opens(now time.Time) (time.Time, bool) {
	for from := range l.spans(l.Settings.Hours, now) {
		return from, true
	}
	return time.Time{}, false
}

// Due is the moment when the given working time of the library has passed since now. Without working hours at all it is plain time.
func (l Library) Due(now time.Time, work time.Duration) time.Time {
	return l.DueBy(l.Settings.Hours, now, work)
}

// DueBy is Due by hours of their own, such as a department's.
func (l Library) DueBy(h Hours, now time.Time, work time.Duration) time.Time {
	left := work
	for from, until := range l.spans(h, now) {
		if span := until.Sub(from); span < left {
			left -= span
			continue
		}
		return from.Add(left)
	}
	return now.Add(work)
}

// Worked is the working time between the moments by the hours; by hours that never open it is plain time, as in DueBy. It is never below zero.
func (l Library) Worked(h Hours, from, to time.Time) time.Duration {
	var sum time.Duration
	opens := false
	for begin, end := range l.spans(h, from) {
		opens = true
		if !begin.Before(to) {
			break
		}
		if end.After(to) {
			end = to
		}
		sum += end.Sub(begin)
	}
	if !opens {
		return max(to.Sub(from), 0)
	}
	return sum
}

// leastNotice is the working time before a promised time within which its holder is reminded at the latest.
const leastNotice = 30 * time.Minute

// RemindBy is the moment when a quarter of the promised working time is left, at least half an hour. It is false where no more than that was promised.
func (l Library) RemindBy(h Hours, now time.Time, work time.Duration) (time.Time, bool) {
	notice := max(work/4, leastNotice)
	if work <= notice {
		return time.Time{}, false
	}
	return l.DueBy(h, now, work-notice), true
}

// spans are the stretches of working time from now on, in order; the first begins now if now lies in it. They end after 400 days.
func (l Library) spans(h Hours, now time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, until time.Time) bool) {
		if h.none() {
			return
		}
		day := l.Today(now)
		for range searchDays {
			for _, s := range h.On(day) {
				from, until := l.at(day, s.From), l.at(day, s.Until)
				if from.Before(now) {
					from = now
				}
				if until.After(from) && !yield(from, until) {
					return
				}
			}
			day = day.next()
		}
	}
}

// Within are the hours of a part of a house: its own days first; on days that differ in the house, what of its week the house is open for.
func (h Hours) Within(house Hours) Hours {
	out := Hours{Week: h.Week, Days: maps.Clone(h.Days)}
	for name, open := range house.Days {
		day, ok := ParseDate(name)
		if _, own := h.Days[name]; own || !ok {
			continue
		}
		spans := []Span{}
		for _, s := range h.On(day) {
			for _, o := range open {
				if from, until := max(s.From, o.From), min(s.Until, o.Until); from < until {
					spans = append(spans, Span{from, until})
				}
			}
		}
		if out.Days == nil {
			out.Days = map[string][]Span{}
		}
		out.Days[name] = spans
	}
	return out
}

// at is the clock time on the day in the library's zone, right on days with a change of clocks too.
func (l Library) at(d Date, minutes int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, l.Zone)
}
