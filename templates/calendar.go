package templates

import (
	"fmt"
	"strings"
	"time"

	"librarian/contacts/library"
)

// calendar is how one language writes days, hours and lists, as its file in calendar says.
type calendar struct {
	DateText   pattern           `toml:"date"`   // day, month, year
	ClockText  pattern           `toml:"clock"`  // hour, minute
	MomentText pattern           `toml:"moment"` // weekday, day, month, at
	At         pattern           `toml:"at"`     // clock
	AtHour     map[string]string `toml:"at_hour"`
	And        string            `toml:"and"`     // before the last of a list, with its spaces
	Comma      string            `toml:"comma"`   // before the others
	Fillers    []string          `toml:"fillers"` // words that may stand in a date and say nothing
	Months     []month           `toml:"months"`
	Weekdays   []weekday         `toml:"weekdays"` // from Monday

	atHour map[int]text
}

type month struct {
	Name string   `toml:"name"` // by itself
	Of   string   `toml:"of"`   // beside a day
	Also []string `toml:"also"` // other ways in which people write it
}

type weekday struct {
	Name string `toml:"name"` // by itself
	On   string `toml:"on"`   // telling when
}

// pattern is a text in a calendar file.
type pattern struct{ text }

// UnmarshalText reads the pattern from its file.
func (p *pattern) UnmarshalText(raw []byte) error {
	parsed, err := parseText(string(raw))
	p.text = parsed
	return err
}

// Date is the day written out with its year: "22 ноября 2026 г.".
func (t *Texts) Date(lang library.Lang, d library.Date) string {
	return t.tongue(lang).calendar.date(d)
}

// Clock is the hour and minute of the moment in its own zone: "09:00".
func (t *Texts) Clock(lang library.Lang, at time.Time) string {
	return t.tongue(lang).calendar.clock(at)
}

// Moment says when something near happens, in the moment's own zone and without the year: "в понедельник, 23 ноября, в 09:00".
func (t *Texts) Moment(lang library.Lang, at time.Time) string {
	return t.tongue(lang).calendar.moment(at)
}

// Weekday is the name of the day by itself: "понедельник".
func (t *Texts) Weekday(lang library.Lang, day time.Weekday) string {
	return t.tongue(lang).calendar.weekday(day).Name
}

// List joins what is counted off: "паспорт, анкета и фото".
func (t *Texts) List(lang library.Lang, items []string) string {
	c := t.tongue(lang).calendar
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], c.Comma) + c.And + items[last]
}

func (c *calendar) date(d library.Date) string {
	return c.say(c.DateText.text, Fields{"day": d.Day, "month": c.monthOf(d.Month), "year": d.Year})
}

func (c *calendar) clock(at time.Time) string {
	hour, minute, _ := at.Clock()
	return c.say(c.ClockText.text, Fields{"hour": fmt.Sprintf("%02d", hour), "minute": fmt.Sprintf("%02d", minute)})
}

func (c *calendar) moment(at time.Time) string {
	when := c.At.text
	if special, ok := c.atHour[at.Hour()]; ok {
		when = special
	}
	return c.say(c.MomentText.text, Fields{
		"weekday": c.weekday(at.Weekday()).On,
		"day":     at.Day(),
		"month":   c.monthOf(at.Month()),
		"at":      c.say(when, Fields{"clock": c.clock(at)}),
	})
}

// monthOf is the name beside a day, empty for a month that does not exist.
func (c *calendar) monthOf(m time.Month) string {
	if m < time.January || m > time.December {
		return ""
	}
	return c.Months[m-1].Of
}

// weekday turns Go's week, which begins on Sunday, into the file's.
func (c *calendar) weekday(day time.Weekday) weekday { return c.Weekdays[(int(day)+6)%7] }

// say fills a pattern, whose fields check has compared with those that are given here.
func (c *calendar) say(t text, fields Fields) string {
	said, err := t.Execute(filling{fields, c})
	if err != nil {
		return "" // a missing field is all that can go wrong
	}
	return said
}
