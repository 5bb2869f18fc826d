package flows

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/looplab/fsm"

	"librarian/contacts/library"
	"librarian/templates"
)

// The steps and events of the lesson for new readers (R6): whoever waits for a card chooses when to come, or a test.
const (
	lessonFlow = "lesson"

	lessonWho  = "who"
	lessonTime = "time"
	lessonDone = "done"

	toTime   = "to_time"
	toChosen = "to_chosen"
)

// The choices of the lesson.
const (
	lessonPrefix = "lesson:"
	lessonPerson = "lesson:p" // and the number of a registration
	lessonAt     = "lesson:t" // and the second in which a lesson begins
	lessonTest   = "lesson:test"
	lessonOther  = "lesson:other"
	lessonCancel = "lesson:cancel"
	lessonKeep   = "lesson:keep"
	lessonLater  = "lesson:later"
)

// What the lesson remembers between its steps.
const (
	varRegistration = "registration"
	varOther        = "other" // another time is looked for, though one is chosen
)

// Lesson is what a newcomer has chosen.
type Lesson struct {
	State string                  `json:"state"`       // needed, booked, missed
	How   string                  `json:"how"`         // lesson or test; empty: nothing is chosen
	At    time.Time               `json:"at,omitzero"` // of a lesson
	Place map[library.Lang]string `json:"place,omitzero"`
}

// Slot is a lesson that has seats.
type Slot struct {
	At    time.Time
	Place map[library.Lang]string `json:",omitzero"`
	Left  int
}

// ShowLessons asks what can be chosen.
type ShowLessons struct{ Registration int64 }

// BookLesson chooses the lesson that begins at the moment, or the test where there is none.
type BookLesson struct {
	Registration int64
	At           time.Time
}

// CancelLesson takes the choice back.
type CancelLesson struct{ Registration int64 }

// LessonStand answers ShowLessons, BookLesson and CancelLesson.
type LessonStand struct {
	Lesson Lesson // as it is now
	Slots  []Slot // the next with seats
	Done   bool   // what was asked for is done
	Full   bool   // it is not: no seat is left, or nobody can join it any more
	Begun  bool   // it is not: the lesson that was chosen has begun
	Over   bool   // nothing is to be chosen any more
}

func (ShowLessons) ask()    {}
func (BookLesson) ask()     {}
func (CancelLesson) ask()   {}
func (LessonStand) answer() {}

func lesson() *Flow {
	return &Flow{
		Name: lessonFlow, Start: lessonWho,
		Moves: fsm.Events{
			{Name: toTime, Src: []string{lessonWho, lessonTime}, Dst: lessonTime},
			{Name: toChosen, Src: []string{lessonWho, lessonTime}, Dst: lessonDone},
		},
		Steps: map[string]Step{
			lessonWho:  {Ask: lessonWhoAsk, Take: lessonWhoTake, Prefix: lessonPerson, Picks: true},
			lessonTime: {Ask: lessonTimeAsk, Take: lessonTimeTake, Prefix: lessonPrefix, Choices: []string{lessonFlow}, Picks: true},
		},
		Final: []string{lessonDone},
	}
}

// newcomer reports whether the card waits for a lesson.
func (p Person) newcomer() bool {
	return p.State == "accepted" && p.Card == "" && p.Lesson != nil && slices.Contains([]string{"needed", "booked", "missed"}, p.Lesson.State)
}

// newcomers are those for whom the contact acts and whose card waits for a lesson.
func (r *Reader) newcomers() []Person {
	var out []Person
	for _, p := range r.People {
		if p.newcomer() {
			out = append(out, p)
		}
	}
	return out
}

// callLesson puts the conversation aside to choose a lesson. Papers that have all come are nothing to go on with afterwards.
func (s *Set) callLesson(r *Reader, out *Turn) {
	if out.State.Flow == papersFlow && !r.awaitsPapers() {
		held := out.State.Held
		if out.State = s.begin(menuFlow); held != nil {
			out.State = *held
		}
	}
	s.interrupt(lessonFlow, out)
	s.ask(r, out)
}

func lessonWhoAsk(r *Reader, _ Vars, out *Turn) {
	people := r.newcomers()
	switch len(people) {
	case 0:
		out.say("lesson.over", nil, choice(choiceCancel, "common.continue"))
		return
	case 1:
		out.Ask = ShowLessons{Registration: people[0].Registration}
		return
	}
	out.say("lesson.who", nil)
	for _, p := range people {
		out.offer(Choice{ID: lessonPerson + strconv.FormatInt(p.Registration, 10), Plain: p.Name})
	}
	out.offer(choice(choiceCancel, "common.cancel"))
}

func lessonWhoTake(r *Reader, v Vars, in Input, out *Turn) Event {
	people := r.newcomers()
	if a, ok := in.Answer.(LessonStand); ok { // of the only one
		if len(people) == 0 {
			out.say("lesson.over", nil)
			return toChosen
		}
		v[varRegistration] = strconv.FormatInt(people[0].Registration, 10)
		if event := v.lessonTold(r, a, out); event != "" {
			return event
		}
		out.quiet = true // what can be chosen was told
		return toTime
	}
	id := strings.TrimPrefix(in.Choice, lessonPerson)
	for _, p := range people {
		if in.Choice != "" && id == strconv.FormatInt(p.Registration, 10) {
			v[varRegistration] = id
			return toTime
		}
	}
	if len(people) > 1 {
		out.say("common.choose", nil)
	}
	lessonWhoAsk(r, v, out)
	return ""
}

// lessonOf is the registration for which a time is chosen.
func (v Vars) lessonOf() int64 {
	id, _ := strconv.ParseInt(v[varRegistration], 10, 64) // written by lessonWhoTake
	return id
}

func lessonTimeAsk(_ *Reader, v Vars, out *Turn) { out.Ask = ShowLessons{Registration: v.lessonOf()} }

func lessonTimeTake(r *Reader, v Vars, in Input, out *Turn) Event {
	if a, ok := in.Answer.(LessonStand); ok {
		return v.lessonTold(r, a, out)
	}
	registration := v.lessonOf()
	second, isSlot := strings.CutPrefix(in.Choice, lessonAt)
	switch {
	case in.Choice == lessonTest:
		out.Ask = BookLesson{Registration: registration}
		return ""
	case isSlot:
		if at, err := strconv.ParseInt(second, 10, 64); err == nil {
			out.Ask = BookLesson{Registration: registration, At: time.Unix(at, 0).In(r.Library.Zone)}
			return ""
		}
	case in.Choice == lessonCancel:
		out.Ask = CancelLesson{Registration: registration}
		return ""
	case in.Choice == lessonKeep:
		out.say("lesson.kept", nil)
		return toChosen
	case in.Choice == lessonLater:
		out.say("lesson.later", nil)
		return toChosen
	case in.Choice == lessonOther:
		v[varOther] = "yes"
	}
	if !slices.Contains([]string{lessonOther, lessonFlow}, in.Choice) {
		out.say("common.choose", nil)
	}
	out.Ask = ShowLessons{Registration: registration}
	return ""
}

// fields are those of the texts about a lesson.
func (l *Lesson) fields(name string) templates.Fields {
	return templates.Fields{"name": name, "when": l.At}
}
