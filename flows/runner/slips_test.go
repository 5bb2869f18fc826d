package runner_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue/fragments"
)

// mailed lets the department work by letters, orders a page and gives the slip that went out.
func (s *shelf) mailed() (fragments.Order, *bots.Outbound) {
	s.Helper()
	s.exec(`update departments set way = 'email', email = 'hranenie@lib.test', listed = '{@store.lib.test}' where id = $1`, s.department)
	o := s.placed("5")
	var slip *bots.Outbound
	s.await("the slip is sent", func() bool {
		for _, m := range s.post.delivered() {
			if m.Address == "hranenie@lib.test" {
				slip = &m
			}
		}
		return slip != nil
	})
	return o, slip
}

// answer is the department's letter to the slip, with photos.
func (s *shelf) answer(slip *bots.Outbound, from, text string, photos ...fragments.Brought) (taken bool) {
	s.Helper()
	taken, err := s.answered(slip, from, text, photos...)
	var left email.ForPerson
	if err != nil && !errors.As(err, &left) {
		s.Fatal(err)
	}
	return taken
}

// answered is answer with what a person is to know of the letter.
func (s *shelf) answered(slip *bots.Outbound, from, text string, photos ...fragments.Brought) (taken bool, err error) {
	letter := email.Stored{ID: 1, Letter: email.Letter{From: from, Text: text}, Sent: &bots.Sent{Library: s.lib, Conversation: slip.Conversation, Seq: slip.Seq}}
	for _, p := range photos {
		letter.Files = append(letter.Files, p.File.ID)
	}
	return s.Returned(context.Background(), s.lib, letter)
}

// TestDepartmentAnswersByMail: the slip says what is wanted and nothing of the reader; pages come in several letters, one of them twice (F3).
func TestDepartmentAnswersByMail(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o, slip := s.mailed()
	for _, want := range []string{"№ " + o.Code(), "Сказки народов Севера", "КХ2 основной 77", "Страницы: 5"} {
		if !strings.Contains(slip.Text, want) {
			t.Errorf("the slip lacks %q:\n%s", want, slip.Text)
		}
	}
	if strings.Contains(slip.Text, "Иванова") || !strings.Contains(slip.Subject, o.Code()) {
		t.Errorf("the slip names the reader, or its subject has no number: %q\n%s", slip.Subject, slip.Text)
	}
	first, second := s.page("1.jpg", 200), s.page("2.jpg", 90)
	if s.answer(slip, "stranger@else.test", "Вот", first) {
		t.Error("a stranger's letter was taken")
	}
	for i, photos := range [][]fragments.Brought{{first}, {second}, {first}} {
		if !s.answer(slip, "anna@store.lib.test", "Прилагаю", photos...) {
			t.Errorf("letter %d was not taken", i)
		}
	}
	if got := s.last(); got.State != fragments.Came {
		t.Errorf("the order is %s", got.State)
	}
	if n := s.count(`select count(*) from order_parts where order_id = $1`, o.ID); n != 2 {
		t.Errorf("%d pages", n)
	}
}

// TestLetterIsOfferedAgain: a crash lets a letter be offered again that was taken, though its order went on meanwhile.
func TestLetterIsOfferedAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o, slip := s.mailed()
	page := s.page("1.jpg", 200)
	s.answer(slip, "hranenie@lib.test", "Прилагаю", page)
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		_, err := fragments.Release(ctx, tx, lib, o.ID, s.librarian, false, s.Now())
		return err
	})
	if !s.answer(slip, "hranenie@lib.test", "Прилагаю", page) {
		t.Error("pages that the order has were not taken")
	}
	if s.answer(slip, "hranenie@lib.test", "Прилагаю", page, s.page("2.jpg", 90)) {
		t.Error("a new page of an order that is over was taken")
	}
	if n := s.count(`select count(*) from order_parts where order_id = $1`, o.ID); n != 1 {
		t.Errorf("%d pages", n)
	}
}

// TestDepartmentSaysThereIsNothing: one word ends the order, and the reader reads the reason (F9). A sentence is left to a person.
func TestDepartmentSaysThereIsNothing(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o, slip := s.mailed()
	if !s.answer(slip, "hranenie@lib.test", "Посмотрю завтра, книга на реставрации") || s.last().State != fragments.Asked {
		t.Errorf("a sentence: the order is %s", s.last().State)
	}
	var note string
	s.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	if !strings.Contains(note, "на реставрации") {
		t.Errorf("the task says %q", note)
	}
	if !s.answer(slip, "hranenie@lib.test", "Утеряна.") {
		t.Error("the word was not taken")
	}
	if got := s.last(); got.State != fragments.Refused || got.Reason != fragments.Lost {
		t.Errorf("the order is %s for %s", got.State, got.Reason)
	}
	if !s.answer(slip, "hranenie@lib.test", "Утеряна.") {
		t.Error("the word was not taken when it was offered again")
	}
	s.await("the reader is told", func() bool {
		for _, m := range s.web.delivered() {
			if strings.Contains(m.Text, "Сказки") && strings.Contains(m.Text, "утрачен") {
				return true
			}
		}
		return false
	})
	if s.answer(slip, "hranenie@lib.test", "Нашлась!", s.page("1.jpg", 90)) {
		t.Error("pages of an order that is over have to wait for a person")
	}
}

// TestLetterWithoutPages: what is no picture is no page; the words are kept.
func TestLetterWithoutPages(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	_, slip := s.mailed()
	f, err := s.store.Put(t.Context(), s.lib, strings.NewReader("Смотрите в другом томе"), files.Meta{Name: "note.txt"}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !s.answer(slip, "hranenie@lib.test", "Записка во вложении", fragments.Brought{File: f}) {
		t.Error("not taken")
	}
	if got := s.last(); got.State != fragments.Asked {
		t.Errorf("the order is %s", got.State)
	}
}

// TestTwoDepartmentsAnswer: who is asked no more brings pages, which a person sees, but cannot end what another looks for (issue 4, bad input).
func TestTwoDepartmentsAnswer(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o, slip := s.mailed()
	var other int64
	s.scan(&other, `insert into departments (library_id, name) values ($1, '{"ru": "Краеведение"}') returning id`, s.lib)
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		_, err := fragments.Route(ctx, tx, lib, o.ID, s.librarian, other, s.Now())
		return err
	})
	if !s.answer(slip, "hranenie@lib.test", "не найдено") {
		t.Error("the word was not taken")
	}
	if got := s.last(); got.State != fragments.Asked || got.Department != other {
		t.Errorf("the order is %s of %d", got.State, got.Department)
	}
	var note string
	s.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	if !strings.Contains(note, "не найдено") {
		t.Errorf("the task says %q", note)
	}
	if !s.answer(slip, "hranenie@lib.test", "Нашлось", s.page("1.jpg", 90)) || s.of(o) != "1.jpg" {
		t.Errorf("of the pages of the former department the order has %q", s.of(o))
	}
	if n := s.count(`select count(*) from tasks where order_id = $1 and state <> 'done' and kind = 'find' and department_id = $2`, o.ID, other); n != 1 || s.last().State != fragments.Asked {
		t.Errorf("the pages of the former department ended the work of the other: %s, %d tasks", s.last().State, n)
	}
}

// TestDepartmentWantsAScan: the department has the book and says in a word that others are to scan it; these are asked, and their scan is taken (F3).
func TestDepartmentWantsAScan(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o, slip := s.mailed()
	if s.answer(slip, "hranenie@lib.test", "На сканирование") || s.last().State != fragments.Asked {
		t.Error("nobody scans: the letter has to wait for a person")
	}
	s.exec(`insert into departments (library_id, name, way, email, purposes) values ($1, '{"ru": "Лаборатория"}', 'email', 'lab@lib.test', '{digitisation}')`, s.lib)
	if !s.answer(slip, "hranenie@lib.test", "На сканирование.\n\nС уважением, Петров") {
		t.Error("the word was not taken")
	}
	var lab *bots.Outbound
	s.await("the digitiser is asked", func() bool {
		for _, m := range s.post.delivered() {
			if m.Address == "lab@lib.test" {
				lab = &m
			}
		}
		return lab != nil
	})
	if !strings.Contains(lab.Text, "Книгу принёс отдел: Книгохранение") || !strings.Contains(lab.Text, "№ "+o.Code()) {
		t.Errorf("the digitiser reads:\n%s", lab.Text)
	}
	s.answer(slip, "hranenie@lib.test", "утеряна")
	s.answer(slip, "hranenie@lib.test", "Вот ещё", s.page("1.jpg", 30))
	if got := s.last(); got.State != fragments.Asked {
		t.Errorf("who has it no more ends it: %s", got.State)
	}
	if !s.answer(lab, "lab@lib.test", "Готово", s.page("scan.jpg", 90)) || s.last().State != fragments.Came {
		t.Errorf("the scan came, and the order is %s", s.last().State)
	}
}
