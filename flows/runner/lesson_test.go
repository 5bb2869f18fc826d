package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
)

// tuesday is when the first lesson begins after the noon of the tests, at three in the library's zone.
var tuesday = time.Date(2026, 3, 3, 13, 0, 0, 0, time.UTC)

// schooled gives the library lessons for its students, with so many seats.
func (w *world) schooled(seats int) library.Library {
	w.Helper()
	s := settings()
	s.Registration.Fields = []library.Field{{Key: "category", Required: true, Choices: []library.Choice{{ID: "worker"}, {ID: "student"}}}}
	s.Registration.Newcomer = library.ExampleNewcomer()
	s.Registration.Newcomer.For.Is = []string{"student"}
	for i := range s.Registration.Newcomer.Lessons {
		s.Registration.Newcomer.Lessons[i].Seats = seats
	}
	if err := s.Registration.Check(); err != nil {
		w.Fatal(err)
	}
	document, err := json.Marshal(s)
	if err != nil {
		w.Fatal(err)
	}
	w.exec(`update libraries set settings = $2 where id = $1`, w.lib, document)
	w.move(3 * time.Second) // what was read of it is forgotten
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		for _, name := range []string{"Отдел хранения", s.Registration.Newcomer.Department} {
			dep := queue.Department{Library: w.lib, Name: map[library.Lang]string{library.Russian: name}}
			if _, err := queue.AddDepartment(ctx, tx, queue.Console(), dep); err != nil {
				return err
			}
		}
		return nil
	})
	lib, err := w.libraries.ByID(w.Context(), w.lib)
	if err != nil {
		w.Fatal(err)
	}
	return lib
}

// student registers and is accepted; the card waits for a lesson.
func (w *world) student(i *instance, lib library.Library, sender string) (registration int64) {
	w.Helper()
	w.say(i, sender, "меню")
	w.press(i, sender, "lang:ru")
	w.press(i, sender, "register")
	w.press(i, sender, "self")
	w.press(i, sender, "yes")
	w.say(i, sender, "Иванова Анна")
	w.say(i, sender, "5 марта 2005")
	w.say(i, sender, "8 914 123-45-67")
	w.press(i, sender, "f.category.student")
	w.press(i, sender, "yes")
	w.scan(&registration, `select id from registrations where address_id = $1`, w.conv(sender))
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		reg, err := contacts.Decide(ctx, tx, w.lib, registration, "sent", "accepted", "", 7, w.Now())
		if err != nil {
			return err
		}
		if held, err := contacts.HoldCard(ctx, tx, lib, registration, w.Now()); err != nil || !held {
			return fmt.Errorf("the card is not held: %w", err)
		}
		return i.Tell(ctx, tx, w.lib, w.conv(sender), queue.News{Kind: queue.NewsLesson, Reader: int64(reg.ReaderID)})
	})
	w.settle(sender)
	return registration
}

func slotButton(at time.Time) string { return fmt.Sprintf("lesson:t%d", at.Unix()) }

// lessonTasks are the tasks of the department, with their time.
func (w *world) lessonTasks() []string {
	w.Helper()
	return w.strings(`select t.state || ' ' || t.role || ' ' || coalesce(d.name ->> 'ru', '-') || ' ' || to_char(t.due_at at time zone 'UTC', 'MM-DD HH24:MI') || ' ' || t.note
from tasks t left join departments d on d.library_id = t.library_id and d.id = t.department_id where t.kind = 'lesson' order by t.id`)
}

func TestLessonIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lib := w.schooled(1)
	i := w.start()
	registration := w.student(i, lib, "anna")
	if n := w.count(`select count(*) from tasks where kind in ('card', 'lesson')`); n != 0 {
		t.Errorf("%d tasks before anything is chosen", n)
	}
	w.press(i, "anna", "lesson")
	if got := w.step("anna"); got != "lesson/time" {
		t.Fatalf("at %s", got)
	}
	w.pass(20 * time.Hour) // the reader leaves, and comes back
	if said := w.press(i, "anna", slotButton(tuesday)); len(said) != 1 || !strings.Contains(said[0], "во вторник, 3 марта, в 15:00") {
		t.Fatalf("chosen: %q", said)
	}
	one := "open department Библиографический отдел 03-03 18:00 "
	if got := w.lessonTasks(); len(got) != 1 || !strings.HasPrefix(got[0], one) || !strings.Contains(got[0], "в 15:00") {
		t.Errorf("tasks %q", got)
	}
	w.press(i, "anna", "lesson")
	w.press(i, "anna", "lesson:other")
	thursday := time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC)
	w.press(i, "anna", slotButton(thursday))
	if got := w.lessonTasks(); len(got) != 1 || !strings.Contains(got[0], "03-05 14:00") || !strings.Contains(got[0], "в 11:00") {
		t.Errorf("tasks %q", got)
	}
	w.press(i, "anna", "lesson")
	w.press(i, "anna", "lesson:cancel")
	w.press(i, "anna", "lesson:test")
	if got := w.lessonTasks(); len(got) != 2 || !strings.HasPrefix(got[0], "done") || !strings.HasPrefix(got[1], "open") {
		t.Errorf("tasks %q", got)
	}
	if n := w.count(`select count(*) from newcomers where registration_id = $1 and state = 'booked' and how = 'test' and slot_at is null`, registration); n != 1 {
		t.Error("the test is not noted")
	}
	w.replays("anna", lib)
	w.press(i, "anna", "withdraw")
	w.press(i, "anna", "withdraw:yes")
	if n := w.count(`select count(*) from newcomers where state = 'ended'`); n != 1 {
		t.Error("it goes on without a consent")
	}
	if n := w.count(`select count(*) from tasks where state <> 'done'`); n != 0 {
		t.Errorf("%d tasks are left: %q", n, w.lessonTasks())
	}
}

// TestLastSeat: two readers press the same button in the same moment.
func TestLastSeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lib := w.schooled(1)
	w.workers = 4
	i := w.start()
	people := []string{"anna", "boris"}
	for _, sender := range people {
		w.student(i, lib, sender)
		w.press(i, sender, "lesson")
	}
	var both sync.WaitGroup
	start := make(chan struct{})
	for _, sender := range people {
		in := w.message(sender, w.newID(), "")
		in.Choice, in.Turn = slotButton(tuesday), w.turn(sender)
		both.Go(func() {
			<-start
			w.receive(i, in)
		})
	}
	close(start)
	both.Wait()
	var told []string
	for _, sender := range people {
		w.settle(sender)
		told = append(told, strings.Join(w.answers(sender, w.said(sender)-2), "\n"))
	}
	full := w.ru("lesson.full")
	if strings.Contains(told[0], full) == strings.Contains(told[1], full) || w.count(`select count(*) from newcomers where state = 'booked'`) != 1 {
		t.Errorf("told %q", told)
	}
	if n := len(w.lessonTasks()); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

// TestLessonIsRememberedAndMissed travels from the choice to the day before, past the lesson, and to another one.
func TestLessonIsRememberedAndMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lib := w.schooled(2)
	one, other := w.start(), w.start()
	registration := w.student(one, lib, "anna")
	w.press(one, "anna", "lesson")
	w.press(other, "anna", slotButton(tuesday.AddDate(0, 0, 7)))
	reminders := func() int {
		w.Helper()
		return w.count(`select count(*) from outbox where kind = 'notice' and body ->> 'text' like '%напоминаем%'`)
	}
	w.pass(tuesday.AddDate(0, 0, 6).Sub(w.Now()) - time.Second)
	w.swept()
	if reminders() != 0 {
		t.Error("reminded too early")
	}
	w.pass(time.Second)
	w.await("the reader is reminded", func() bool { return reminders() > 0 })
	w.settle("anna")
	for range 2 { // both processes have looked, and look again
		w.pass(time.Hour)
		w.await("the sweep", func() bool { return w.count(`select count(*) from newcomers where reminded_at is not null`) == 1 })
	}
	if n := reminders(); n != 1 {
		t.Errorf("reminded %d times", n)
	}
	miss := func() error {
		return w.do(func(ctx context.Context, tx pgx.Tx) error {
			return contacts.MissLesson(ctx, tx, w.lib, registration, 7, w.Now())
		})
	}
	if err := miss(); err == nil {
		t.Error("missed before it has begun")
	}
	w.pass(24 * time.Hour)
	if said := w.press(one, "anna", "lesson"); len(said) != 1 {
		t.Errorf("told %q", said)
	}
	if said := w.press(one, "anna", "lesson:cancel"); len(said) != 1 || !strings.Contains(said[0], "уже началось") {
		t.Errorf("cancelled after it has begun: %q", said)
	}
	if err := miss(); err != nil {
		t.Fatal(err)
	}
	w.press(one, "anna", "lesson")
	again := tuesday.AddDate(0, 0, 14)
	if said := w.press(one, "anna", slotButton(again)); len(said) != 1 || !strings.Contains(said[0], "17 марта") {
		t.Errorf("chosen again: %q", said)
	}
	w.pass(again.Add(-24 * time.Hour).Sub(w.Now()))
	w.await("the reader is reminded of the other one", func() bool { return reminders() == 2 })
}

// TestLessonIsCalledOff: who has a seat in a lesson that is taken from the timetable is told a day before, and the department is spared.
func TestLessonIsCalledOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lib := w.schooled(2)
	i := w.start()
	registration := w.student(i, lib, "anna")
	w.press(i, "anna", "lesson")
	w.press(i, "anna", slotButton(tuesday))
	if n := len(w.lessonTasks()); n != 1 {
		t.Fatalf("%d tasks", n)
	}
	off := lib.Settings
	off.Registration.Newcomer.Except = []string{library.DateOf(tuesday.In(lib.Zone)).String()}
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.ChangeSettings(ctx, tx, w.lib, off) })
	said := w.said("anna")
	w.pass(tuesday.Add(-23 * time.Hour).Sub(w.Now()))
	w.await("the reader is told", func() bool { return w.said("anna") > said })
	w.hears(w.answers("anna", said), "отменено")
	var state string
	w.scan(&state, `select state from newcomers where registration_id = $1 and slot_at is null`, registration)
	if open := w.count(`select count(*) from tasks where kind = 'lesson' and state <> 'done'`); state != "needed" || open != 0 {
		t.Errorf("%s, %d tasks", state, open)
	}
	if w.count(`select count(*) from outbox where kind = 'notice' and body ->> 'text' like '%напоминаем%'`) != 0 {
		t.Error("reminded of it all the same")
	}
}

// TestLessonOfAnother: a button that was made up reaches nobody else's lesson.
func TestLessonOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lib := w.schooled(2)
	i := w.start()
	registration := w.student(i, lib, "anna")
	w.student(i, lib, "boris")
	w.exec(`update conversations set state = jsonb_build_object('flow', 'lesson', 'step', 'time', 'vars', jsonb_build_object('registration', $2::bigint::text)) where id = $1`,
		w.conv("boris"), registration)
	var state flows.State
	for _, choice := range []string{"lesson:other", slotButton(tuesday), "lesson:cancel", "lesson:test"} {
		w.press(i, "boris", choice)
		w.scan(&state, `select state from conversations where id = $1`, w.conv("boris"))
	}
	if n := w.count(`select count(*) from newcomers where state = 'booked'`); n != 0 {
		t.Errorf("%d are booked", n)
	}
}
