package contacts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// school is the library of the tests with a rule for those who say that they are students.
func (w *world) school() library.Library {
	l := library.Library{ID: w.lib, Slug: "first", Zone: time.UTC}
	l.Settings.Registration.Fields = library.ExampleFields()
	l.Settings.Registration.Newcomer = library.ExampleNewcomer()
	return l
}

// newcomer is an accepted registration of a student, and whether its card waits for a lesson.
func (w *world) newcomer(l library.Library, name, category string) (reg contacts.Registration, held bool) {
	w.Helper()
	a := w.application(w.address(name), "self", "Ivanova "+name)
	a.Answers = []contacts.Answer{{Key: "category", Value: category}}
	reg = w.sureApply(a)
	if err := w.decide(reg.ID, "sent", "accepted"); err != nil {
		w.Fatal(err)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		held, err = contacts.HoldCard(ctx, tx, l, reg.ID, noon)
		return err
	})
	return reg, held
}

func (w *world) book(registration int64, slot library.Slot, now time.Time) error {
	return w.do(func(ctx context.Context, tx pgx.Tx) error {
		if err := contacts.LockSeats(ctx, tx, []library.ID{w.lib}); err != nil {
			return err
		}
		return contacts.Book(ctx, tx, w.lib, registration, slot, now)
	})
}

// chosen is what the conversation of the newcomer knows of the lesson.
func (w *world) chosen(name string) *contacts.Lesson {
	w.Helper()
	k := contacts.PartyKey{Library: w.lib, Address: w.address(name).ID}
	parties, batch := map[contacts.PartyKey]contacts.Party{}, &pgx.Batch{}
	contacts.QueueParties(batch, []contacts.PartyKey{k}, parties)
	if err := w.pool.SendBatch(w.Context(), batch).Close(); err != nil {
		w.Fatal(err)
	}
	return parties[k].People[0].Lesson
}

func (w *world) cardFree(registration int64) error {
	return w.do(func(ctx context.Context, tx pgx.Tx) error { return contacts.CardFree(ctx, tx, w.lib, registration) })
}

func TestCardWaitsForTheLesson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.school()
	worker, held := w.newcomer(l, "worker", "worker")
	if held || w.cardFree(worker.ID) != nil {
		t.Error("the rule concerns somebody who is no student")
	}
	reg, held := w.newcomer(l, "student", "student")
	if err := w.cardFree(reg.ID); !held || !errors.Is(err, contacts.ErrState) {
		t.Fatalf("held %v, %v", held, err)
	}
	if got := w.chosen("student"); got == nil || got.State != contacts.LessonNeeded || got.At != nil {
		t.Errorf("the conversation knows %+v", got)
	}
	if got := w.chosen("worker"); got != nil {
		t.Errorf("the conversation of another knows %+v", got)
	}
	tuesday := l.Lessons(noon, noon.AddDate(0, 0, 7))[0]
	if err := w.book(reg.ID, tuesday, noon); err != nil {
		t.Fatal(err)
	}
	if got := w.chosen("student"); got.State != contacts.LessonBooked || !got.At.Equal(tuesday.At) || got.Place[library.English] != "room 12, 2nd floor" {
		t.Errorf("the conversation knows %+v", got)
	}
	miss := func(now time.Time) error {
		return w.do(func(ctx context.Context, tx pgx.Tx) error { return contacts.MissLesson(ctx, tx, w.lib, reg.ID, 7, now) })
	}
	if err := miss(noon); !errors.Is(err, contacts.ErrState) {
		t.Errorf("missed before it begins: %v", err)
	}
	after := tuesday.At.Add(time.Hour)
	if err := w.book(reg.ID, l.Lessons(after, after.AddDate(0, 0, 7))[0], after); !errors.Is(err, contacts.ErrBegun) {
		t.Errorf("changed after it has begun: %v", err)
	}
	if err := miss(after); err != nil {
		t.Fatal(err)
	}
	if err := w.book(reg.ID, tuesday, after); !errors.Is(err, contacts.ErrBegun) {
		t.Errorf("a seat in the past: %v", err)
	}
	if err := w.book(reg.ID, l.Lessons(after, after.AddDate(0, 0, 7))[0], after); err != nil {
		t.Errorf("chosen again: %v", err)
	}
	certify := func() error {
		return w.do(func(ctx context.Context, tx pgx.Tx) error {
			return contacts.Certify(ctx, tx, w.lib, reg.ID, contacts.ByTest, 7, after)
		})
	}
	if err := errors.Join(certify(), w.cardFree(reg.ID)); err != nil {
		t.Error(err)
	}
	if err := certify(); !errors.Is(err, contacts.ErrState) {
		t.Errorf("certified twice: %v", err)
	}
	if err := w.book(reg.ID, tuesday, noon); !errors.Is(err, contacts.ErrState) {
		t.Errorf("chosen after it was certified: %v", err)
	}
	w.withdraw(reg.ContactID, after)
	if again, held := w.newcomer(l, "student", "student"); held || again.ReaderID != reg.ReaderID || w.cardFree(again.ID) != nil {
		t.Error("who has passed it and registers anew has to pass it again")
	}
}

// TestSeatsAreNotGivenTwice: of eight readers who choose the same lesson at the same moment as many get a seat as there are.
func TestSeatsAreNotGivenTwice(t *testing.T) {
	t.Parallel()
	const readers, seats = 8, 3
	w := newWorld(t)
	w.pool = wide(t, w.pool, readers)
	l := w.school()
	for i := range l.Settings.Registration.Newcomer.Lessons {
		l.Settings.Registration.Newcomer.Lessons[i].Seats = seats
	}
	var ids []int64
	for i := range readers {
		reg, _ := w.newcomer(l, person(i), "student")
		ids = append(ids, reg.ID)
	}
	slots := l.Lessons(noon, noon.AddDate(0, 0, 28))
	for round, slot := range slots { // from the second on each moves from the lesson before, where there was a seat
		won := 0
		for _, err := range together(readers, func(i int) error { return w.book(ids[i], slot, noon) }) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, contacts.ErrNoSeat):
				t.Fatal(err)
			}
		}
		taken, err := contacts.SeatsTaken(t.Context(), w.pool, w.lib, noon, noon.AddDate(0, 0, 29))
		if err != nil {
			t.Fatal(err)
		}
		if won != seats || taken[slot.At.Unix()] != seats {
			t.Errorf("round %d: %d readers have a seat, %v taken", round, won, taken)
		}
	}
	if n := w.count(`select count(*) from newcomers where state = 'booked'`); n < seats || n > readers {
		t.Errorf("%d have a seat", n)
	}
}

func TestSeatIsFreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.school()
	l.Settings.Registration.Newcomer.Lessons[0].Seats = 1
	slot := l.Lessons(noon, noon.AddDate(0, 0, 2))[0]
	one, _ := w.newcomer(l, "one", "student")
	two, _ := w.newcomer(l, "two", "college")
	three, _ := w.newcomer(l, "three", "college")
	if err := w.book(one.ID, slot, noon); err != nil {
		t.Fatal(err)
	}
	if err := w.book(one.ID, slot, noon); err != nil {
		t.Errorf("the same seat once more: %v", err)
	}
	if err := w.book(two.ID, slot, noon); !errors.Is(err, contacts.ErrNoSeat) {
		t.Fatalf("a second reader on one seat: %v", err)
	}
	w.withdraw(one.ContactID, noon)
	if err := w.book(one.ID, slot, noon); !errors.Is(err, contacts.ErrState) {
		t.Errorf("chosen after the consent was withdrawn: %v", err)
	}
	if err := w.book(two.ID, slot, noon); err != nil {
		t.Errorf("the seat of who has withdrawn: %v", err)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return errors.Join(contacts.Unbook(ctx, tx, w.lib, two.ID, noon), contacts.Unbook(ctx, tx, w.lib, two.ID, noon))
	})
	if got := w.chosen("two"); got.State != contacts.LessonNeeded || got.At != nil {
		t.Errorf("after the choice was taken back: %+v", got)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.ChooseTest(ctx, tx, w.lib, two.ID, noon) })
	if err := w.book(three.ID, slot, noon); err != nil {
		t.Errorf("the seat that was given back: %v", err)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.Certify(ctx, tx, w.lib, three.ID, contacts.ByTest, 7, noon)
	})
	four, _ := w.newcomer(l, "four", "student")
	if err := w.book(four.ID, slot, noon); err != nil {
		t.Errorf("the seat of who has passed the test: %v", err)
	}
	list, err := contacts.Newcomers(t.Context(), w.pool, w.lib, noon, 10)
	if err != nil || len(list) != 2 || list[0].Registration != four.ID || list[1].How != contacts.ByTest || list[0].Name != "Ivanova four" {
		t.Errorf("newcomers %+v, %v", list, err)
	}
	if _, err := contacts.NewcomerOf(t.Context(), w.pool, w.lib+1, three.ID); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("seen by another library: %v", err)
	}
}

func TestReminderOfALessonOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.school()
	reg, _ := w.newcomer(l, "one", "student")
	late, _ := w.newcomer(l, "two", "student")
	slot := l.Lessons(noon, noon.AddDate(0, 0, 7))[1]
	if err := errors.Join(w.book(reg.ID, slot, noon), w.book(late.ID, slot, slot.At.Add(-time.Hour))); err != nil {
		t.Fatal(err)
	}
	at := func(now time.Time) []contacts.Unreminded {
		t.Helper()
		out, err := contacts.UnremindedLessons(t.Context(), w.pool, now, 10)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	dayBefore := slot.At.Add(-24 * time.Hour)
	if got := at(dayBefore.Add(-time.Second)); len(got) != 0 {
		t.Errorf("reminded too early: %+v", got)
	}
	got := at(dayBefore)
	if len(got) != 1 || got[0].Registration != reg.ID || got[0].Address != reg.AddressID {
		t.Fatalf("reminded: %+v", got)
	}
	if len(at(slot.At)) != 0 {
		t.Error("reminded of a lesson that has begun")
	}
	firsts := make([]bool, 4)
	for _, err := range together(len(firsts), func(i int) error {
		return w.do(func(ctx context.Context, tx pgx.Tx) (err error) {
			firsts[i], err = got[0].Reminded(ctx, tx, dayBefore)
			return err
		})
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	told := 0
	for _, first := range firsts {
		if first {
			told++
		}
	}
	if told != 1 || len(at(dayBefore)) != 0 {
		t.Errorf("reminded %d times", told)
	}
}
