package library

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Newcomer says who gets a card only after the lesson for new readers, or after a test instead of it (R6).
type Newcomer struct {
	For        When            `json:"for,omitzero"` // whom it concerns; everybody where it is empty
	Department string          `json:"department"`   // that certifies: its name in any language
	Lessons    []Lesson        `json:"lessons,omitempty"`
	Except     []string        `json:"except,omitempty"` // days without any, as YYYY-MM-DD
	Test       map[Lang]string `json:"test,omitempty"`   // when and where it can be taken; without it none is offered
}

// Lesson is one that is held every week.
type Lesson struct {
	Weekday time.Weekday    `json:"weekday"` // from Sunday, which is 0
	From    int             `json:"from"`    // in minutes from midnight
	Minutes int             `json:"minutes"` // how long it takes
	Seats   int             `json:"seats"`
	Place   map[Lang]string `json:"place,omitempty"`
}

// Slot is a lesson on a certain day. It is known by the moment at which it begins.
type Slot struct {
	At    time.Time
	Until time.Time
	Seats int
	Place map[Lang]string
}

// NeedsLesson reports whether the person gets a card only after the lesson for new readers.
func (r Registration) NeedsLesson(p Person) bool {
	if r.Newcomer == nil {
		return false
	}
	yes, known := r.holds(r.Newcomer.For, p, len(r.Fields))
	return yes && known
}

// OffersTest reports whether a test can be taken instead of a lesson.
func (r Registration) OffersTest() bool { return r.Newcomer != nil && len(r.Newcomer.Test) > 0 }

// Lessons are the lessons that begin after one moment and before another, in order. Days off have none.
func (l Library) Lessons(after, before time.Time) []Slot {
	n := l.Settings.Registration.Newcomer
	if n == nil {
		return nil
	}
	var out []Slot
	for day := l.Today(after); l.at(day, 0).Before(before); day = day.next() {
		if slices.Contains(n.Except, day.String()) {
			continue
		}
		for _, lesson := range n.Lessons {
			s := Slot{At: l.at(day, lesson.From), Until: l.at(day, lesson.From+lesson.Minutes), Seats: lesson.Seats, Place: lesson.Place}
			if lesson.Weekday == day.Time(time.UTC).Weekday() && l.held(lesson, day) && s.At.After(after) && s.At.Before(before) {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b Slot) int { return a.At.Compare(b.At) })
	return out
}

// Lesson is the one that begins at the moment, if there is one.
func (l Library) Lesson(at time.Time) (Slot, bool) {
	for _, s := range l.Lessons(at.Add(-time.Second), at.Add(time.Second)) {
		if s.At.Equal(at) {
			return s, true
		}
	}
	return Slot{}, false
}

// held reports whether the library is open for the lesson on a day that differs from the week. On other days a lesson may lie outside the hours.
func (l Library) held(lesson Lesson, day Date) bool {
	spans, differs := l.Settings.Hours.Days[day.String()]
	return !differs || slices.ContainsFunc(spans, func(s Span) bool { return s.From <= lesson.From && lesson.From+lesson.Minutes <= s.Until })
}

// check reports the first fault of the rule. The questions are those that are asked.
func (n Newcomer) check(seen map[string]Field) error {
	switch err := n.For.check(seen); {
	case err != nil:
		return err
	case n.Department == "":
		return errors.New("no department certifies")
	case len(n.Lessons) == 0 && len(n.Test) == 0:
		return errors.New("neither lessons nor a test")
	}
	for i, l := range n.Lessons {
		if err := l.check(); err != nil {
			return fmt.Errorf("lesson %d: %w", i+1, err)
		}
		if slices.ContainsFunc(n.Lessons[:i], func(o Lesson) bool { return o.Weekday == l.Weekday && o.From == l.From }) {
			return fmt.Errorf("lesson %d begins when another does", i+1)
		}
	}
	for _, day := range n.Except {
		if d, ok := ParseDate(day); !ok || d.String() != day { // it would never be found
			return fmt.Errorf("except %q: not a day as YYYY-MM-DD", day)
		}
	}
	return nil
}

func (l Lesson) check() error {
	switch {
	case l.Weekday < time.Sunday || l.Weekday > time.Saturday:
		return fmt.Errorf("weekday %d is none of 0 to 6", int(l.Weekday))
	case l.From < 0 || l.Minutes <= 0 || l.From+l.Minutes > 24*60:
		return fmt.Errorf("%d minutes from minute %d do not fit into a day", l.Minutes, l.From)
	case l.Seats <= 0:
		return errors.New("no seats")
	}
	return nil
}
