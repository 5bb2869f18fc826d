package runner_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue/fragments"
)

// chatting lets the department's responsible be asked in a chat of theirs, and orders a page.
func (s *shelf) chatting() fragments.Order {
	s.Helper()
	s.say(s.instance, "keeper", "меню")
	s.exec(`insert into staff (library_id, login, name, role, password_hash, department_id, notify_library, notify_at) values ($1, 'keeper', 'Пётр', 'department', '', $2, $1, $3)`,
		s.lib, s.department, s.conv("keeper"))
	s.exec(`update departments set way = 'telegram' where id = $1`, s.department)
	o := s.placed("5")
	s.await("the slip is in the chat", func() bool { return s.toKeeper("№ "+o.Code()) != "" })
	return o
}

// toKeeper is a message to the department's responsible with these words.
func (s *shelf) toKeeper(words string) string {
	for _, m := range s.web.delivered() {
		if m.Conversation == s.conv("keeper") && strings.Contains(m.Text, words) {
			return m.Text
		}
	}
	return ""
}

// TestDepartmentAnswersInAChat: the responsible is asked in their chat, sends photos in answer and says that it is all (F3).
func TestDepartmentAnswersInAChat(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.chatting()
	slip := s.toKeeper("№ " + o.Code())
	if !strings.Contains(slip, "Сказки народов Севера") || strings.Contains(slip, "Иванова") {
		t.Errorf("the slip says %q", slip)
	}
	if got := strings.Join(s.press(s.instance, "keeper", "slip-all:"+o.Code()), " "); !strings.Contains(got, "пока ничего не пришло") || s.last().State != fragments.Asked {
		t.Errorf("all is here before anything has come: %q, the order is %s", got, s.last().State)
	}
	one, two := s.page("1.jpg", 200), s.page("2.jpg", 90)
	s.exec(`update files set state = 'clean' where id = any($1)`, []files.ID{one.File.ID, two.File.ID})
	s.brings(s.instance, s.message("keeper", "", ""), one.File.ID, two.File.ID)
	s.await("the pages are here", func() bool {
		return s.count(`select count(*) from order_parts where order_id = $1 and source = 'chat'`, o.ID) == 2
	})
	s.await("they are told so", func() bool { return s.toKeeper("Приняты 2 страницы") != "" })
	s.press(s.instance, "keeper", "slip-all:"+o.Code())
	if got := s.last(); got.State != fragments.Came {
		t.Errorf("the order is %s", got.State)
	}
	if got := strings.Join(s.press(s.instance, "keeper", "slip-why:"+o.Code()+":lost"), " "); !strings.Contains(got, "ничего не нужно") {
		t.Errorf("refused after all had come: %q", got)
	}
}

func TestDepartmentSaysInAChatThatThereIsNothing(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.chatting()
	s.say(s.instance, "keeper", "утеряна")
	if got := s.last(); got.State != fragments.Refused || got.Reason != fragments.Lost {
		t.Errorf("the order is %s for %q", got.State, got.Reason)
	}
	if strings.Contains(strings.Join(s.say(s.instance, "keeper", "меню"), " "), "№ "+o.Code()) {
		t.Error("asked for what is over")
	}
}

// TestWhoLeftTheDepartment brings nothing any more.
func TestWhoLeftTheDepartment(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.chatting()
	s.exec(`update staff set state = 'off' where login = 'keeper'`)
	s.press(s.instance, "keeper", "slip-why:"+o.Code()+":lost")
	if got := s.last(); got.State != fragments.Asked {
		t.Errorf("the order is %s", got.State)
	}
	err := s.do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := fragments.SlipIn(ctx, tx, s.lib, s.conv("anna"), o.ID)
		return err
	})
	if err == nil {
		t.Error("the reader has a slip")
	}
}

// TestDepartmentAsksInAChatForAScan hands the order to those who scan.
func TestDepartmentAsksInAChatForAScan(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.chatting()
	if got := strings.Join(s.say(s.instance, "keeper", "нужен скан"), " "); !strings.Contains(got, "некому отсканировать") || s.last().State != fragments.Asked {
		t.Errorf("nobody scans: %q, the order is %s", got, s.last().State)
	}
	var lab int64
	s.scan(&lab, `insert into departments (library_id, name, purposes) values ($1, '{"ru": "Лаборатория"}', '{digitisation}') returning id`, s.lib)
	if got := strings.Join(s.say(s.instance, "keeper", "нужен скан"), " "); !strings.Contains(got, "№ "+o.Code()+" передан") {
		t.Errorf("they are told %q", got)
	}
	if got := s.last(); got.State != fragments.Asked || got.Department != lab {
		t.Errorf("the order is %s with department %d", got.State, got.Department)
	}
}

// TestAnsweredSecretIsNotKept: who answers the message with their first password brings it with them, in the words that they answer.
func TestAnsweredSecretIsNotKept(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	m := s.message("reader", s.newID(), "спасибо")
	m.Answers = "Первый пароль: qwerty-77-zx. Заказ № 12"
	s.receive(s.instance, m)
	if n := s.count(`select count(*) from events where body::text like '%qwerty%'`); n != 0 {
		t.Errorf("%d events hold it", n)
	}
	if n := s.count(`select count(*) from events where body::text like '%№ 12%'`); n != 1 {
		t.Errorf("%d events hold the order", n)
	}
}

// TestSlipIsAnswered: with several orders open, photos and words go to that whose slip they answer; the number in the caption says more.
func TestSlipIsAnswered(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.chatting()
	second := s.placed("7")
	s.await("the second slip is in the chat", func() bool { return s.toKeeper("№ "+second.Code()) != "" })
	answer := func(o fragments.Order, text, page string, grey uint8) {
		brought := s.page(page, grey)
		s.exec(`update files set state = 'clean' where id = $1`, brought.File.ID)
		m := s.message("keeper", "", text)
		m.Answers = s.toKeeper("№ " + o.Code())
		s.brings(s.instance, m, brought.File.ID)
	}
	pages := func(o fragments.Order) int {
		return s.count(`select count(*) from order_parts where order_id = $1`, o.ID)
	}
	answer(second, "", "1.jpg", 50)
	answer(first, "", "2.jpg", 100)
	answer(first, "№ "+second.Code(), "3.jpg", 150)
	if pages(first) != 1 || pages(second) != 2 {
		t.Errorf("%d and %d pages, want 1 and 2", pages(first), pages(second))
	}
	m := s.message("keeper", s.newID(), "утеряна")
	m.Answers = s.toKeeper("№ " + second.Code())
	s.receive(s.instance, m)
	s.await("it is refused", func() bool {
		return s.count(`select count(*) from orders where id = $1 and state = 'refused'`, second.ID) == 1
	})
}
