package web

import (
	"fmt"
	"net/http"
	"time"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

type lessonsPage struct {
	frame
	Groups []lessonGroup
}

// lessonGroup is a lesson, or those who take the test or have chosen nothing, with who belongs to it.
type lessonGroup struct {
	ID     string
	Title  string
	Place  string
	Seats  string // how many are taken; empty: they are not counted
	Begun  bool
	People []newcomerView
}

// newcomerView is one whose card waits for a lesson, with what the visitor may do about it.
type newcomerView struct {
	Registration       int64
	Name, Phone, Email string
	State              string
	Chosen             string // when it is; on the page of a task, where it stands nowhere else
	Good, Missed       bool
	Certify, Miss      bool
	Waive              bool
}

// How far the page looks: ahead for lessons to which nobody comes yet, and back for who was certified.
const (
	lessonsAhead = 14 * 24 * time.Hour
	lessonsBack  = 24 * time.Hour
	mostLessons  = 500 // newcomers on one page
)

// listLessons shows who comes to which lesson for new readers: those that have begun first, as they wait to be marked.
func listLessons(v *visit) error { return v.showLessons(http.StatusOK) }

func (v *visit) showLessons(status int) error {
	groups, err := v.lessonGroups()
	if err != nil {
		return err
	}
	if v.fragment() {
		return v.part("lessons", groups)
	}
	page := lessonsPage{Groups: groups}
	if page.frame, err = v.frame(v.ctx(), v.t("desk_lesson.title")); err != nil {
		return err
	}
	return v.show("lessons", status, page)
}

func (v *visit) lessonGroups() ([]lessonGroup, error) {
	people, err := contacts.Newcomers(v.ctx(), v.Pool, v.lib.ID, v.at.Add(-lessonsBack), mostLessons)
	if err != nil {
		return nil, err
	}
	test := lessonGroup{ID: "lesson-test", Title: v.t("desk_lesson.test")}
	none := lessonGroup{ID: "lesson-none", Title: v.t("desk_lesson.none_chosen")}
	of, slots := map[int64][]newcomerView{}, v.slots(people)
	for _, n := range people {
		view := v.newcomer(n)
		switch {
		case n.State == contacts.LessonNeeded || n.State == contacts.LessonMissed:
			none.People = append(none.People, view)
		case n.At == nil:
			test.People = append(test.People, view)
		default:
			of[n.At.Unix()] = append(of[n.At.Unix()], view)
		}
	}
	var out []lessonGroup
	for _, s := range slots {
		out = append(out, v.lessonGroup(s, of[s.At.Unix()]))
	}
	for _, g := range []lessonGroup{test, none} {
		if len(g.People) > 0 {
			out = append(out, g)
		}
	}
	return out, nil
}

// slots are the lessons that somebody has chosen and those of the next days, in order, each once.
func (v *visit) slots(people []contacts.Newcomer) []library.Slot {
	var out []library.Slot
	known := map[int64]bool{}
	coming := v.lib.Lessons(v.at, v.at.Add(lessonsAhead))
	for _, n := range people { // in the order of their lessons
		if n.At == nil || n.State != contacts.LessonBooked && n.State != contacts.LessonCertified {
			continue
		}
		for len(coming) > 0 && coming[0].At.Before(*n.At) {
			out, coming = append(out, coming[0]), coming[1:]
		}
		if len(coming) > 0 && coming[0].At.Equal(*n.At) {
			out, coming = append(out, coming[0]), coming[1:]
			known[n.At.Unix()] = true
		}
		if !known[n.At.Unix()] {
			known[n.At.Unix()] = true
			slot, _ := v.lib.Lesson(*n.At) // one that is not in the timetable any more has no seats to count
			slot.At, slot.Place = *n.At, n.Place
			out = append(out, slot)
		}
	}
	return append(out, coming...)
}

func (v *visit) lessonGroup(s library.Slot, people []newcomerView) lessonGroup {
	out := lessonGroup{
		ID: fmt.Sprintf("lesson-%d", s.At.Unix()), Title: v.lessonDay(s.At), Place: library.Words{Own: s.Place}.In(v.lang), Begun: !s.At.After(v.at), People: people,
	}
	if s.Seats > 0 {
		out.Seats = v.t("desk_lesson.seats", "taken", len(people), "all", s.Seats)
	}
	return out
}

// lessonDay is when a lesson is, with the day of the week, by which people know it.
func (v *visit) lessonDay(at time.Time) string {
	return v.Texts.Weekday(v.lang, at.In(v.zone()).Weekday()) + ", " + v.exactly(at)
}

func (v *visit) newcomer(n contacts.Newcomer) newcomerView {
	out := newcomerView{Registration: n.Registration, Name: v.readerName(n.Name), Phone: n.Phone, Email: n.Email}
	open := n.State == contacts.LessonNeeded || n.State == contacts.LessonBooked || n.State == contacts.LessonMissed
	out.Certify, out.Waive = open && v.may(queue.PermCertify), open && v.may(queue.PermWaive)
	out.Miss = out.Certify && n.State == contacts.LessonBooked && (n.At == nil || !n.At.After(v.at))
	out.Good, out.Missed = n.State == contacts.LessonCertified || n.State == contacts.LessonWaived, n.State == contacts.LessonMissed
	out.State = v.lessonState(n)
	return out
}

// lessonState says where the newcomer stands.
func (v *visit) lessonState(n contacts.Newcomer) string {
	switch {
	case n.State == contacts.LessonCertified && n.How == contacts.ByTest:
		return v.t("desk_lesson.state_tested")
	case n.State == contacts.LessonCertified:
		return v.t("desk_lesson.state_certified")
	case n.State == contacts.LessonWaived:
		return v.t("desk_lesson.state_waived")
	case n.State == contacts.LessonMissed:
		return v.t("desk_lesson.state_missed")
	case n.State == contacts.LessonBooked && n.At != nil && !n.At.After(v.at):
		return v.t("desk_lesson.state_begun")
	case n.State == contacts.LessonBooked:
		return v.t("desk_lesson.state_booked")
	case n.State == contacts.LessonNeeded:
		return v.t("desk_lesson.state_needed")
	}
	return v.t("desk_lesson.state_ended")
}

// lessonTask is the newcomer on the page of a task.
func (v *visit) lessonTask(registration int64) (*newcomerView, error) {
	n, err := contacts.NewcomerOf(v.ctx(), v.Pool, v.lib.ID, registration)
	if err != nil {
		return nil, err
	}
	out := v.newcomer(n)
	out.Chosen = v.t("desk_lesson.test")
	if n.At != nil {
		out.Chosen = v.lessonDay(*n.At)
		if place := (library.Words{Own: n.Place}).In(v.lang); place != "" {
			out.Chosen += ", " + place
		}
	}
	return &out, nil
}

// hasLessons reports whether the library holds cards until a lesson, or somebody still waits who had to come when it did.
func (v *visit) hasLessons() bool {
	if v.lib.Settings.Registration.Newcomer != nil {
		return true
	}
	waiting, err := contacts.Newcomers(v.ctx(), v.Pool, v.lib.ID, v.at, 1)
	return err != nil || len(waiting) > 0
}
