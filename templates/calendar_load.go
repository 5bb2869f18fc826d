package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"librarian/contacts/library"
)

func (t *Texts) loadCalendar(files fs.FS, lang library.Lang) error {
	path := "calendar/" + string(lang) + ".toml"
	c := &calendar{}
	if err := decode(files, path, c); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return fmt.Errorf("load %s: %w", path, err)
	}
	for i, m := range c.Months {
		for _, name := range append([]string{m.Name, m.Of}, m.Also...) {
			word, number := Fold(name), time.Month(i+1)
			if other, ok := t.months[word]; ok && other != number {
				return fmt.Errorf("load %s: %q means both %s and %s", path, name, other, number)
			}
			t.months[word] = number
		}
	}
	for _, word := range c.Fillers {
		t.fillers[Fold(word)] = true
	}
	t.tongues[lang].calendar = c
	return nil
}

// check refuses a calendar that could not say every day of the year.
func (c *calendar) check() error {
	if len(c.Months) != 12 || len(c.Weekdays) != 7 {
		return fmt.Errorf("%d months and %d weekdays", len(c.Months), len(c.Weekdays))
	}
	for _, m := range c.Months {
		if m.Name == "" || m.Of == "" {
			return errors.New("a month without a name")
		}
	}
	for _, d := range c.Weekdays {
		if d.Name == "" || d.On == "" {
			return errors.New("a weekday without a name")
		}
	}
	if c.And == "" || c.Comma == "" {
		return errors.New("nothing to join a list with")
	}
	c.atHour = map[int]text{}
	for hour, src := range c.AtHour {
		n, err := strconv.Atoi(hour)
		if err != nil || n < 0 || n > 23 {
			return fmt.Errorf("at_hour: %q is no hour", hour)
		}
		special, err := parseText(src)
		if err != nil {
			return fmt.Errorf("at_hour: %w", err)
		}
		if err := hasFields("at_hour", special, "clock"); err != nil {
			return err
		}
		c.atHour[n] = special
	}
	return errors.Join(
		hasFields("date", c.DateText.text, "day", "month", "year"),
		hasFields("clock", c.ClockText.text, "hour", "minute"),
		hasFields("moment", c.MomentText.text, "weekday", "day", "month", "at"),
		hasFields("at", c.At.text, "clock"),
	)
}

// hasFields refuses a pattern that lacks one of the fields or has another.
func hasFields(name string, t text, want ...string) error {
	have := t.fields()
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		return fmt.Errorf("%s: has the fields %v instead of %v", name, have, want)
	}
	return nil
}
