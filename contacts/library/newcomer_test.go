package library

import (
	"strings"
	"testing"
	"time"
)

func TestNeedsLesson(t *testing.T) {
	t.Parallel()
	r := Registration{Fields: ExampleFields(), Newcomer: ExampleNewcomer()}
	for category, want := range map[string]bool{"student": true, "college": true, "worker": false, "pupil": false} {
		if got := r.NeedsLesson(Person{Answers: Given{"category": category}}); got != want {
			t.Errorf("%s: %v", category, got)
		}
	}
	if r.NeedsLesson(Person{}) {
		t.Error("needed by somebody who was not asked")
	}
	r.Newcomer.For = When{}
	if !r.NeedsLesson(Person{}) {
		t.Error("a rule for everybody leaves somebody out")
	}
	r.Newcomer = nil
	if r.NeedsLesson(Person{}) || r.OffersTest() {
		t.Error("needed without a rule")
	}
}

func TestLessons(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Yakutsk")
	if err != nil {
		t.Fatal(err)
	}
	l := Library{Zone: zone}
	l.Settings.Registration.Newcomer = ExampleNewcomer()
	l.Settings.Registration.Newcomer.Except = []string{"2026-03-05"}
	l.Settings.Hours.Days = map[string][]Span{"2026-03-10": nil, "2026-03-12": {{From: 600, Until: 720}}, "2026-03-17": {{From: 600, Until: 930}}}
	noon := time.Date(2026, 3, 3, 12, 0, 0, 0, zone) // a Tuesday
	var got []string
	for _, s := range l.Lessons(noon, noon.AddDate(0, 0, 21)) {
		got = append(got, s.At.Format("01-02 15:04")+s.Until.Format("-15:04"))
	}
	if want := "03-03 15:00-16:00 03-12 11:00-12:00 03-19 11:00-12:00"; strings.Join(got, " ") != want {
		t.Errorf("lessons %q", got)
	}
	if got := l.Lessons(noon.Add(3*time.Hour), noon.Add(4*time.Hour)); len(got) != 0 {
		t.Errorf("a lesson that has begun is offered: %v", got)
	}
	if s, ok := l.Lesson(noon.Add(3 * time.Hour)); !ok || s.Seats != 12 || s.Place[English] != "room 12, 2nd floor" {
		t.Errorf("the lesson of the day: %+v, %v", s, ok)
	}
	if _, ok := l.Lesson(noon); ok {
		t.Error("a lesson that there is not")
	}
	l.Settings.Registration.Newcomer = nil
	if got := l.Lessons(noon, noon.AddDate(1, 0, 0)); got != nil {
		t.Errorf("lessons without a rule: %v", got)
	}
}

func TestNewcomerCheck(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Newcomer){
		"depends on":       func(n *Newcomer) { n.For.Is = []string{"wizard"} },
		"no department":    func(n *Newcomer) { n.Department = "" },
		"neither lessons":  func(n *Newcomer) { n.Lessons, n.Test = nil, nil },
		"weekday":          func(n *Newcomer) { n.Lessons[0].Weekday = 7 },
		"do not fit":       func(n *Newcomer) { n.Lessons[0].From = 24*60 - 30 },
		"minute -1":        func(n *Newcomer) { n.Lessons[0].From = -1 },
		"0 minutes":        func(n *Newcomer) { n.Lessons[0].Minutes = 0 },
		"no seats":         func(n *Newcomer) { n.Lessons[1].Seats = 0 },
		"when another":     func(n *Newcomer) { n.Lessons[1] = n.Lessons[0] },
		"2026-02-30":       func(n *Newcomer) { n.Except = []string{"2026-02-30"} },
		"not a day as YYY": func(n *Newcomer) { n.Except = []string{"31.12.2026"} },
	} {
		r := Registration{Fields: ExampleFields(), Newcomer: ExampleNewcomer()}
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		spoil(r.Newcomer)
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
