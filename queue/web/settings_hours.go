package web

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"librarian/contacts/library"
)

// hoursForm is a week and the days that differ from it, as one types them.
type hoursForm struct {
	Own  bool // false: the library's
	Week []weekdayForm
	Days string // a line each
}

type weekdayForm struct{ Name, Field, Text string }

// weekdays are those of a calendar here: from Monday.
func weekdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

func weekdayField(day time.Weekday) string { return "hours." + strconv.Itoa(int(day)) }

// hoursForm shows what was typed, if something was; otherwise the hours in force, or the library's as a beginning.
func (v *visit) hoursForm(own *library.Hours) hoursForm {
	hours := v.lib.Settings.Hours
	if own != nil {
		hours = *own
	}
	form := hoursForm{Own: own != nil}
	var lines []string
	if own != nil { // the library's days off hold anyway
		for _, day := range slices.Sorted(maps.Keys(hours.Days)) {
			lines = append(lines, strings.TrimSpace(day+" "+spansText(hours.Days[day])))
		}
	}
	if v.changes() {
		form.Own = v.form("hours") == "own"
	}
	form.Days = v.typedOr("days", strings.Join(lines, "\n"))
	for _, day := range weekdays() {
		field := weekdayField(day)
		form.Week = append(form.Week, weekdayForm{v.Texts.Weekday(v.lang, day), field, v.typedOr(field, spansText(hours.Week[day]))})
	}
	return form
}

// typedOr is what was typed into the field, or what is in force.
func (v *visit) typedOr(field, now string) string {
	if v.changes() && v.r.PostForm.Has(field) {
		return v.form(field)
	}
	return now
}

// typedHours are the hours in the form; nil are the library's.
func (v *visit) typedHours(faults map[string]string) *library.Hours {
	if v.form("hours") != "own" {
		return nil
	}
	var out library.Hours
	for _, day := range weekdays() {
		spans, ok := readSpans(v.form(weekdayField(day)))
		if !ok {
			faults[weekdayField(day)] = v.t("desk_departments.fault_hours")
		}
		out.Week[day] = spans
	}
	for line := range strings.Lines(v.typedText("days")) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		day, known := readDay(fields[0])
		spans, ok := readSpans(strings.Join(fields[1:], " "))
		if !known || !ok {
			faults["days"] = v.t("desk_departments.fault_day", "line", strings.TrimSpace(line))
			return &out
		}
		if out.Days == nil {
			out.Days = map[string][]library.Span{}
		}
		out.Days[day] = append([]library.Span{}, spans...) // an empty list, not null, is a day off
	}
	return &out
}

// readDay takes a day as people here write it, or as it is stored.
func readDay(text string) (string, bool) {
	text = strings.TrimRight(text, ":")
	for _, layout := range []string{time.DateOnly, "2.1.2006"} {
		if day, err := time.Parse(layout, text); err == nil {
			return day.Format(time.DateOnly), true
		}
	}
	return "", false
}

var spanShape = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?$`)

// readSpans takes "9:00–13:00, 14–18". Nothing, or a dash, is a day off.
func readSpans(text string) ([]library.Span, bool) {
	var out []library.Span
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		part = strings.TrimSpace(part)
		if part == "" || part == "-" || part == "–" || part == "—" {
			continue
		}
		m := spanShape.FindStringSubmatch(part)
		if m == nil {
			return nil, false
		}
		span := library.Span{From: minutes(m[1], m[2]), Until: minutes(m[3], m[4])}
		if span.Until <= span.From || span.Until > 24*60 || len(out) > 0 && span.From < out[len(out)-1].Until {
			return nil, false
		}
		out = append(out, span)
	}
	return out, true
}

// minutes from midnight; what is no time of day is beyond it.
func minutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour) // digits only, by the shape
	m, _ := strconv.Atoi("0" + minute)
	if m > 59 {
		return 25 * 60
	}
	return h*60 + m
}

func spansText(spans []library.Span) string {
	out := make([]string, len(spans))
	for i, s := range spans {
		out[i] = fmt.Sprintf("%d:%02d–%d:%02d", s.From/60, s.From%60, s.Until/60, s.Until%60)
	}
	return strings.Join(out, ", ")
}
