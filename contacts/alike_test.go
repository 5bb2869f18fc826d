package contacts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

// TestNameKey: names that sound alike are written alike.
func TestNameKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, same := range [][]string{
		{"Иванова Анна", "анна ИВАНОВА", "Ivanova Anna", "Иванова  Ана", "Ивaнoвa Aннa" /* a, o, A are Latin */, "Иванова-Анна"},
		{"Королёв Семён Юрьевич", "Королев Юрьевич Семен"},
		{"Сергей Майоров", "Sergey Mayorov", "Sergei Mayorov"},
		{"Юлия Щукина", "Yuliya Shchukina", "Iuliia Schukina"},
		{"Мария Жукова", "Maria Zhukova", "Mariia Zhukova", "Марія Жукова"},
		{"Айаал Өлөксөй", "Аяал Олоксой"},
		{"Нина О’Хара", "Нина ОХара"},
	} {
		var keys []string
		for _, name := range same {
			var key string
			if err := w.pool.QueryRow(t.Context(), `select name_key($1)`, name).Scan(&key); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
		if slices.ContainsFunc(keys, func(k string) bool { return k != keys[0] || k == "" }) {
			t.Errorf("%q have the keys %q", same, keys)
		}
	}
}

// TestAlike proposes whom a librarian would, says why, and leaves the others alone.
func TestAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	reader := func(name string, born library.Date, change func(*contacts.Application)) contacts.ReaderID {
		n++
		a := w.application(w.address(person(n)), "self", name)
		a.Born = born
		if change != nil {
			change(&a)
		}
		return w.sureApply(a).ReaderID
	}
	day := library.Date{Year: 1990, Month: 4, Day: 5}
	mail := func(a *contacts.Application) { a.Email = "Anna@example.org" }
	phone := func(a *contacts.Application) { a.Phone = "+380500000001" }
	answered := func(a *contacts.Application) { a.Answers = []contacts.Answer{{Key: "phone", Value: "+380500000001"}} }
	me := reader("Иванова Анна Сергеевна", day, func(a *contacts.Application) { a.Email = "anna@example.org"; answered(a) })
	other := library.Date{Year: 1971, Month: 1, Day: 30}
	want := []struct {
		id  contacts.ReaderID
		why string
	}{
		{reader("Ivanova Anna", day, func(a *contacts.Application) { mail(a); phone(a) }), "email phone name_born"},
		{reader("Анна Сергеевна Иванова", day, nil), "name_born"},
		{reader("Ивонова Анна Сергевна", day, nil), "alike_born"},
		{reader("Петрова Анна Сергеевна", day, nil), "alike_born"},
		{reader("Ивано́ва Анна", library.Date{Year: 1990, Month: 5, Day: 4}, nil), "alike_near"},
		{reader("Иванова А.", library.Date{Year: 1980, Month: 4, Day: 5}, nil), "alike_near"},
		{reader("Сидоров Пётр", other, phone), "phone"},
		{reader("Сидоров Павел", other, answered), "phone"},
		{reader("Иванова Жанна", day, nil), "part_born"},
		{reader("Иванова Анна Сергеевна", other, nil), "name"},
	}
	for _, no := range []struct {
		name string
		born library.Date
	}{{"Захаров Пётр", day}, {"Иванова Анна", other}, {"Сидоров Пётр", other}, {"Иванова Жанна", library.Date{Year: 1991, Month: 4, Day: 5}}} {
		reader(no.name, no.born, nil)
	}
	second, channel := w.library("second")
	elsewhere := *w
	elsewhere.lib, elsewhere.channel = second, channel
	elsewhere.sureApply(elsewhere.application(elsewhere.address("there"), "self", "Иванова Анна Сергеевна"))

	found, err := contacts.Alike(t.Context(), w.pool, w.lib, me)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range found {
		if i >= len(want) || f.ID != want[i].id || strings.Join(f.Why, " ") != want[i].why || !f.Two || f.Contact == 0 || f.Address == 0 {
			t.Errorf("%d: %s, because of %v, two %v", i, f.Name, f.Why, f.Two)
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d of %d are proposed", len(found), len(want))
	}
}

// TestFamilyIsNotAlike: who registers two children and herself in one chat gives one e-mail for all.
func TestFamilyIsNotAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.address("one")
	var ids []contacts.ReaderID
	for relation, name := range map[string]string{"self": "Иванова Анна", "child": "Иванов Айаал"} {
		a := w.application(chat, relation, name)
		a.Email = "family@example.org" // and they were born on one day
		ids = append(ids, w.sureApply(a).ReaderID)
	}
	for _, id := range ids {
		if found, err := contacts.Alike(t.Context(), w.pool, w.lib, id); err != nil || len(found) != 0 {
			t.Errorf("proposed %+v, %v", found, err)
		}
	}
}

// TestDoubleLetsTheContactsBeJoined: two registrations of one person stand in the way of joining the chats, until one is found to be the other.
func TestDoubleLetsTheContactsBeJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, stranger := w.address("one"), w.address("two"), w.address("three")
	first := w.sureApply(w.application(one, "self", "Иванова Анна"))
	later := w.sureApply(w.application(two, "self", "Ivanova Ana"))
	third := w.sureApply(w.application(stranger, "self", "Захаров Пётр"))
	double := func(reg contacts.Registration, of contacts.ReaderID) error {
		return w.do(func(ctx context.Context, tx pgx.Tx) error { return contacts.Double(ctx, tx, w.lib, reg.ID, of, noon) })
	}
	merge := func() (id contacts.MergeID, err error) {
		err = w.do(func(ctx context.Context, tx pgx.Tx) error {
			id, err = contacts.Merge(ctx, tx, w.lib, one.Contact, two.Contact, 0, contacts.ByCode, noon)
			return err
		})
		return id, err
	}
	if _, err := merge(); !errors.Is(err, contacts.ErrTwoPeople) {
		t.Errorf("joined as two readers: %v", err)
	}
	if err := double(later, third.ReaderID); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("of somebody who was not proposed: %v", err)
	}
	errs := together(2, func(i int) error {
		if i == 0 {
			return double(later, first.ReaderID)
		}
		return double(first, later.ReaderID)
	})
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), contacts.ErrState) {
		t.Fatalf("each other's doubles: %v", errs)
	}
	if n := w.count(`select count(*) from readers where double_of is not null`); n != 1 {
		t.Fatalf("%d doubles", n)
	}
	mine, theirs := one, two
	if errs[0] != nil { // the first is the double
		mine, theirs = two, one
	}
	if p := w.party(theirs); len(p.People) != 0 {
		t.Errorf("who was a double acts for %+v", p.People)
	}
	if found, err := contacts.LikelySame(t.Context(), w.pool, w.lib, theirs.Contact); err != nil || len(found) != 1 || found[0].ID != mine.Contact || found[0].Two || !slices.Contains(found[0].Why, "double") {
		t.Errorf("proposed to be joined %+v, %v", found, err)
	}
	id, err := merge()
	if err != nil {
		t.Fatal(err)
	}
	if p := w.party(theirs); len(p.People) != 1 || p.People[0].Relation != "self" {
		t.Errorf("joined, they are %+v", p.People)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.Undo(ctx, tx, w.lib, id, 7, noon) })
	if p := w.party(theirs); len(p.People) != 0 {
		t.Errorf("parted, they are %+v", p.People)
	}
	if _, err := w.apply(w.application(theirs, "self", "Иванова Анна")); err != nil {
		t.Errorf("registers again: %v", err)
	}
}

func (w *world) party(k contacts.Known) contacts.Party {
	w.Helper()
	batch, out := &pgx.Batch{}, map[contacts.PartyKey]contacts.Party{}
	at := contacts.PartyKey{Library: w.lib, Address: k.ID}
	contacts.QueueParties(batch, []contacts.PartyKey{at}, out)
	if err := w.pool.SendBatch(w.Context(), batch).Close(); err != nil {
		w.Fatal(err)
	}
	return out[at]
}

// BenchmarkAlike looks for the same person among 100 000 readers, a hundred of them with one name and thousands born on one day.
func BenchmarkAlike(b *testing.B) {
	pool := pgtest.New(b)
	ctx := b.Context()
	var lib library.ID
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
		lib, err = contacts.AddLibrary(ctx, tx, "first", "Asia/Yakutsk", library.Settings{})
		return err
	})
	if err == nil {
		_, err = pool.Exec(ctx, `insert into readers (library_id, name, born, email, phone)
select $1, (array['Иванов','Петров','Сидоров','Попов','Николаев','Павлов'])[1 + n % 6] || (n / 900) || ' ' || (array['Анна','Пётр','Айаал','Юлия','Семён'])[1 + n % 5] || ' Ивановна',
  case when n % 100 = 0 then date '1990-01-01' else date '1940-01-01' + n % 27000 end, 'reader' || n || '@example.org', '+79' || lpad(n::text, 9, '0')
from generate_series(1, 100000) n`, lib)
	}
	if err == nil {
		_, err = pool.Exec(ctx, `analyze readers`)
	}
	if err != nil {
		b.Fatal(err)
	}
	for name, n := range map[string]int{"usual": 50_001, "crowded": 50_000} {
		b.Run(name, func(b *testing.B) {
			var id contacts.ReaderID
			if err := pool.QueryRow(ctx, `select id from readers where email = $1`, fmt.Sprintf("reader%d@example.org", n)).Scan(&id); err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			for b.Loop() {
				if _, err := contacts.Alike(ctx, pool, lib, id); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(time.Since(start).Milliseconds())/float64(b.N), "ms/look-up")
		})
	}
}
