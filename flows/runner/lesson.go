package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/templates"
)

// What is offered of the timetable.
const (
	lessonsAhead = 56 * 24 * time.Hour
	lessonsMost  = 6
)

// lessonKnown is the lesson as the flow knows it.
func lessonKnown(l *contacts.Lesson) *flows.Lesson {
	if l == nil {
		return nil
	}
	out := &flows.Lesson{State: l.State, How: l.How, Place: l.Place}
	if l.At != nil {
		out.At = *l.At
	}
	return out
}

// lessonOf reports whether the registration is that of a newcomer for whom the contact acts.
func (t *turn) lessonOf(registration int64) bool {
	return slices.ContainsFunc(t.party.People, func(p contacts.Person) bool { return p.Registration == registration && p.Lesson != nil })
}

func (r *Runner) showLessons(ctx context.Context, tx pgx.Tx, a asked[flows.ShowLessons]) (flows.Answer, error) {
	return r.lessonStand(ctx, tx, a.turn, a.ask.Registration, flows.LessonStand{})
}

// bookLessons gives seats one reader after the other: of two who want the last one gets it.
func (r *Runner) bookLessons(ctx context.Context, tx pgx.Tx, all []asked[flows.BookLesson]) ([]flows.Answer, error) {
	libs := make([]library.ID, len(all))
	for i, a := range all {
		libs[i] = a.libID
	}
	slices.Sort(libs)
	if err := contacts.LockSeats(ctx, tx, slices.Compact(libs)); err != nil {
		return nil, err
	}
	return each(r.bookLesson)(ctx, tx, all)
}

func (r *Runner) bookLesson(ctx context.Context, tx pgx.Tx, a asked[flows.BookLesson]) (flows.Answer, error) {
	if !a.lessonOf(a.ask.Registration) {
		return flows.LessonStand{Over: true}, nil
	}
	slot, held := a.lib.Lesson(a.ask.At)
	var err error
	switch {
	case a.ask.At.IsZero() && a.lib.Settings.Registration.OffersTest():
		err = contacts.ChooseTest(ctx, tx, a.libID, a.ask.Registration, a.now)
	case held && slot.At.After(a.now):
		err = contacts.Book(ctx, tx, a.libID, a.ask.Registration, slot, a.now)
	default: // the timetable has changed since it was offered, or the lesson has begun
		return r.lessonStand(ctx, tx, a.turn, a.ask.Registration, flows.LessonStand{Full: true})
	}
	if stand, refused := lessonRefused(err); refused {
		return r.lessonStand(ctx, tx, a.turn, a.ask.Registration, stand)
	}
	if err == nil {
		err = r.openLesson(ctx, tx, a.turn, a.ask.Registration)
	}
	if err != nil {
		return nil, err
	}
	return r.lessonStand(ctx, tx, a.turn, a.ask.Registration, flows.LessonStand{Done: true})
}

// lessonRefused says what stood in the way of a choice.
func lessonRefused(err error) (flows.LessonStand, bool) {
	switch {
	case errors.Is(err, contacts.ErrNoSeat):
		return flows.LessonStand{Full: true}, true
	case errors.Is(err, contacts.ErrBegun):
		return flows.LessonStand{Begun: true}, true
	case errors.Is(err, contacts.ErrState):
		return flows.LessonStand{Over: true}, true
	}
	return flows.LessonStand{}, false
}

// cancelLesson frees the seat and takes the work from the department.
func (r *Runner) cancelLesson(ctx context.Context, tx pgx.Tx, a asked[flows.CancelLesson]) (flows.Answer, error) {
	if !a.lessonOf(a.ask.Registration) {
		return flows.LessonStand{Over: true}, nil
	}
	err := contacts.Unbook(ctx, tx, a.libID, a.ask.Registration, a.now)
	if stand, refused := lessonRefused(err); refused {
		return r.lessonStand(ctx, tx, a.turn, a.ask.Registration, stand)
	}
	if err != nil {
		return nil, err
	}
	open, err := queue.OfRegistration(ctx, tx, a.libID, a.ask.Registration, queue.KindLesson)
	if err != nil {
		return nil, err
	}
	if err := queue.Withdraw(ctx, tx, a.libID, open, queue.OutcomeCancelled); err != nil {
		return nil, err
	}
	return r.lessonStand(ctx, tx, a.turn, a.ask.Registration, flows.LessonStand{Done: true})
}

// lessonStand adds to what came of an ask how things are now and what can be chosen.
func (r *Runner) lessonStand(ctx context.Context, tx pgx.Tx, t *turn, registration int64, out flows.LessonStand) (flows.Answer, error) {
	if !t.lessonOf(registration) {
		return flows.LessonStand{Over: true}, nil
	}
	now, err := contacts.NewcomerOf(ctx, tx, t.libID, registration)
	if err != nil {
		return nil, err
	}
	switch now.State {
	case contacts.LessonNeeded, contacts.LessonBooked, contacts.LessonMissed:
	default:
		return flows.LessonStand{Over: true}, nil
	}
	out.Lesson = flows.Lesson{State: now.State, How: now.How, Place: now.Place}
	if now.At != nil {
		out.Lesson.At = *now.At
	}
	until := t.now.Add(lessonsAhead)
	taken, err := contacts.SeatsTaken(ctx, tx, t.libID, t.now, until)
	if err != nil {
		return nil, err
	}
	for _, s := range t.lib.Lessons(t.now, until) {
		mine := now.State == contacts.LessonBooked && now.At != nil && now.At.Equal(s.At)
		if left := s.Seats - taken[s.At.Unix()]; left > 0 && !mine && len(out.Slots) < lessonsMost {
			out.Slots = append(out.Slots, flows.Slot{At: s.At, Place: s.Place, Left: left})
		}
	}
	return out, nil
}

// openLesson gives the department the newcomer to certify, or moves the work that it has already.
func (r *Runner) openLesson(ctx context.Context, tx pgx.Tx, t *turn, registration int64) error {
	n, err := contacts.NewcomerOf(ctx, tx, t.libID, registration)
	if err != nil {
		return err
	}
	task := queue.NewTask{
		Library: t.libID, Kind: queue.KindLesson, Role: queue.RoleDepartment, Conversation: bots.ConversationID(n.Address), Reader: int64(n.Reader),
		Registration: registration, ReaderName: n.Name, Channel: t.kind, Created: t.now, Due: t.lib.Due(t.now, t.lib.Settings.Work(queue.KindLesson)),
	}
	key, fields := "desk_lesson.note_test", templates.Fields{}
	if n.At != nil {
		key, fields["when"] = "desk_lesson.note_lesson", *n.At
		task.Due = t.lib.Due(*n.Until, t.lib.Settings.Work(queue.KindLesson))
	}
	if task.Note, err = r.text(t.lib, t.lib.RecordLang(), key, fields); err != nil {
		return err
	}
	open, err := queue.OfRegistration(ctx, tx, t.libID, registration, queue.KindLesson)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		return queue.Move(ctx, tx, t.libID, open, task.Due, task.Note)
	}
	if rule := t.lib.Settings.Registration.Newcomer; rule != nil {
		task.Department, err = queue.DepartmentNamed(ctx, tx, t.libID, rule.Department)
		if err != nil && !errors.Is(err, queue.ErrNotFound) { // one that was renamed since: whoever is of a department sees it
			return err
		}
	}
	_, err = queue.Open(ctx, tx, []queue.NewTask{task})
	return err
}

// remindMost bounds what one sweep reminds of.
const remindMost = 100

// remindLessons tells those who come to a lesson within a day, each once. Of whom it fails is tried again by the next sweep, and holds up nobody.
func (r *Runner) remindLessons(ctx context.Context) error {
	due, err := contacts.UnremindedLessons(ctx, r.Pool, r.Now(), remindMost)
	if err != nil {
		return err
	}
	var failed []error
	for _, u := range due {
		failed = append(failed, r.remindLesson(ctx, u))
	}
	return errors.Join(failed...)
}

func (r *Runner) remindLesson(ctx context.Context, u contacts.Unreminded) error {
	conv := bots.ConversationID(u.Address)
	return pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		if err := r.Hold(ctx, tx, u.Library, conv); err != nil {
			return err
		}
		lib, err := r.Libraries.ByID(ctx, u.Library)
		if err != nil {
			return err
		}
		if _, held := lib.Lesson(u.At); !held {
			return r.callOff(ctx, tx, u)
		}
		first, err := u.Reminded(ctx, tx, r.Now())
		if err != nil || !first {
			return err
		}
		news := queue.News{Kind: queue.NewsLessonTomorrow, Reader: int64(u.Reader), Fields: map[string]string{"at": u.At.Format(time.RFC3339)}}
		return r.Tell(ctx, tx, u.Library, conv, news)
	})
}

// callOff lets those choose again who have a seat in a lesson that the library has taken from its timetable since.
func (r *Runner) callOff(ctx context.Context, tx pgx.Tx, u contacts.Unreminded) error {
	err := contacts.Unbook(ctx, tx, u.Library, u.Registration, r.Now())
	if errors.Is(err, contacts.ErrState) || errors.Is(err, contacts.ErrBegun) { // chosen anew, or decided, meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	open, err := queue.OfRegistration(ctx, tx, u.Library, u.Registration, queue.KindLesson)
	if err != nil {
		return err
	}
	if err := queue.Withdraw(ctx, tx, u.Library, open, queue.OutcomeCancelled); err != nil {
		return err
	}
	return r.Tell(ctx, tx, u.Library, bots.ConversationID(u.Address), queue.News{Kind: queue.NewsLessonOff, Reader: int64(u.Reader)})
}
