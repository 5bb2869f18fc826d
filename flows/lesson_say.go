package flows

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

// lessonTold says what came of the ask and what can be done now. Without an event the reader is asked to choose.
func (v Vars) lessonTold(r *Reader, a LessonStand, out *Turn) Event {
	name := r.nameIn(v.lessonOf())
	r.lessonBecomes(v.lessonOf(), a)
	chosen := a.Lesson.State == "booked"
	switch {
	case a.Over:
		out.say("lesson.over", nil)
		return toChosen
	case a.Begun:
		out.say("lesson.begun", a.Lesson.fields(name))
		return toChosen
	case a.Done && chosen:
		out.enquiry()
		r.sayChosen(name, a.Lesson, out)
		return toChosen
	case a.Done:
		out.say("lesson.cancelled", templates.Fields{"name": name})
	case a.Full:
		out.say("lesson.full", nil)
	case chosen && v[varOther] == "":
		r.sayChosen(name, a.Lesson, out)
		out.offer(choice(lessonOther, "lesson.another"), choice(lessonCancel, "lesson.cancel"), choice(choiceHuman, "lesson.consult"), choice(lessonKeep, "lesson.keep"))
		return ""
	}
	r.sayTimes(name, a, out)
	return ""
}

// lessonBecomes notes within the turn what is chosen: the menu that follows offers what fits.
func (r *Reader) lessonBecomes(registration int64, a LessonStand) {
	r.People = slices.Clone(r.People)
	for i := range r.People {
		if p := &r.People[i]; p.Registration == registration && p.Lesson != nil {
			p.Lesson = nil
			if !a.Over {
				now := a.Lesson
				p.Lesson = &now
			}
		}
	}
}

// sayChosen tells what was chosen, with the place or the words about the test.
func (r *Reader) sayChosen(name string, l Lesson, out *Turn) {
	if l.How == "test" {
		out.say("lesson.chosen_test", l.fields(name))
		r.lineTest(out)
		return
	}
	out.say("lesson.chosen", l.fields(name))
	linePlace(l.Place, out)
	if l.At.Sub(r.Now) > remindAfter { // the runner does so the day before
		out.line("lesson.will_remind", nil)
	}
}

func linePlace(place map[library.Lang]string, out *Turn) {
	if len(place) > 0 {
		out.line("lesson.place", templates.Fields{"place": library.Words{Own: place}})
	}
}

// lineTest says when and where the test can be taken.
func (r *Reader) lineTest(out *Turn) {
	if r.Library.Settings.Registration.OffersTest() {
		out.line("lesson.test_when", templates.Fields{"test": library.Words{Own: r.Library.Settings.Registration.Newcomer.Test}})
	}
}

// sayTimes offers the lessons that have seats, and the test where there is one.
func (r *Reader) sayTimes(name string, a LessonStand, out *Turn) {
	test := r.Library.Settings.Registration.OffersTest()
	switch {
	case len(a.Slots) > 0:
		out.say("lesson.times", templates.Fields{"name": name})
	case test && len(r.Library.Settings.Registration.Newcomer.Lessons) == 0:
		out.say("lesson.needed_test", templates.Fields{"name": name})
	case test:
		out.say("lesson.only_test", templates.Fields{"name": name})
	default:
		out.say("lesson.no_times", templates.Fields{"name": name})
	}
	one := !slices.ContainsFunc(a.Slots, func(s Slot) bool { return !maps.Equal(s.Place, a.Slots[0].Place) })
	for i, s := range a.Slots {
		switch {
		case one && i == 0:
			linePlace(s.Place, out)
		case !one:
			out.line("lesson.slot_place", templates.Fields{"when": s.At, "place": library.Words{Own: s.Place}})
		}
		out.offer(Choice{ID: lessonAt + strconv.FormatInt(s.At.Unix(), 10), Key: "lesson.slot", Fields: templates.Fields{"when": s.At, "left": s.Left}})
	}
	if test {
		r.lineTest(out)
		out.offer(choice(lessonTest, "lesson.test"))
	}
	out.offer(choice(choiceHuman, "lesson.consult"), choice(lessonLater, "lesson.later_button"))
}

// lessonStatuses say where one stands whose card waits.
var lessonStatuses = map[string]string{"needed": "lesson.status_needed", "missed": "lesson.status_missed", "booked": "lesson.status_booked"}

func (l *Lesson) status(name string) (string, templates.Fields) {
	if l.State == "booked" && l.How == "test" {
		return "lesson.status_test", l.fields(name)
	}
	return lessonStatuses[l.State], l.fields(name)
}

// lessonNews words what staff did with the lesson, or that it is tomorrow.
func (r *Reader) lessonNews(n News, fields templates.Fields, out *Turn) error {
	choose, consult := choice(lessonFlow, "lesson.choose"), choice(choiceHuman, "lesson.consult")
	settings := r.Library.Settings.Registration
	switch n.Kind {
	case NewsLesson:
		if settings.Newcomer != nil && len(settings.Newcomer.Lessons) == 0 {
			out.say("lesson.needed_test", fields, choice(lessonFlow, "common.next"), consult)
			break
		}
		out.say("lesson.needed", fields, choose, consult)
		if settings.OffersTest() {
			out.line("lesson.or_test", nil)
		}
	case NewsLessonTomorrow:
		at, err := time.Parse(time.RFC3339, n.Fields["at"])
		if err != nil {
			return fmt.Errorf("news of a lesson: %w", err)
		}
		out.say("lesson.tomorrow", templates.Fields{"name": fields["name"], "when": at}, choice(lessonFlow, "lesson.change"), consult)
		for _, p := range r.newcomers() {
			if p.ID == n.Reader && p.Lesson.At.Equal(at) {
				linePlace(p.Lesson.Place, out)
			}
		}
	case NewsLessonOff:
		out.say("lesson.off", fields, choose, consult)
	case NewsLessonMissed:
		out.say("lesson.missed", fields, choose, consult)
	case NewsLessonCertified:
		out.say("lesson.certified", fields)
	}
	return nil
}
