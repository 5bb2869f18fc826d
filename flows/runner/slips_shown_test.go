package runner_test

import (
	"strings"
	"testing"
	"time"

	"librarian/bots/files"
	"librarian/queue/fragments"
)

// snap is a photo in the store on which this code was read, if any.
func (s *shelf) snap(name string, grey byte, code string) files.ID {
	s.Helper()
	f := s.page(name, grey).File
	s.exec(`update files set state = 'clean' where id = $1`, f.ID)
	s.exec(`insert into file_sheets (library_id, file_id, number, code) values ($1, $2, 1, $3)`, s.lib, f.ID, code)
	return f.ID
}

// shows sends the photos in the chat of the department's responsible, without a word, and waits for these words in answer.
func (s *shelf) shows(words string, photos ...files.ID) {
	s.Helper()
	before := len(s.web.delivered())
	s.brings(s.instance, s.message("keeper", "", ""), photos...)
	s.await("answered "+words, func() bool {
		for _, m := range s.web.delivered()[before:] {
			if m.Conversation == s.conv("keeper") && strings.Contains(m.Text, words) {
				return true
			}
		}
		return false
	})
}

// of are the names of the order's pages; those left out in brackets.
func (s *shelf) of(o fragments.Order) (names string) {
	s.Helper()
	s.scan(&names, `select coalesce(string_agg(case when dropped then '(' || name || ')' else name end, ' ' order by place), '') from order_parts where order_id = $1`, o.ID)
	return names
}

// TestSlipShownInAChat: with two orders open the photo of a slip says for which the pictures after it are, in the same album and in those that follow.
func TestSlipShownInAChat(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.chatting()
	second := s.placed("9")
	s.await("the second slip is in the chat", func() bool { return s.toKeeper("№ "+second.Code()) != "" })
	if !strings.Contains(s.toKeeper("№ "+first.Code()), first.SlipCode()) {
		t.Error("the slip does not say its code")
	}
	s.shows("К какому заказу", s.snap("x.jpg", 10, ""))
	s.shows("Вижу лист заказа № "+second.Code(), s.snap("slip.jpg", 20, second.SlipMark()))
	s.shows("Принята 1 страница к заказу № "+second.Code(), s.snap("p.jpg", 30, ""))
	s.shows("Приняты 2 страницы к заказу № "+first.Code(), s.snap("slip.jpg", 40, first.SlipMark()), s.snap("q.jpg", 50, ""), s.snap("r.jpg", 60, ""))
	s.shows("Часть снимков не принята", s.snap("slip.jpg", 70, "LR1.O."+first.Code()+"-AAAAAAAA"), s.snap("y.jpg", 80, ""))
	if one, two := s.of(first), s.of(second); one != "(slip.jpg) q.jpg r.jpg" || two != "(slip.jpg) p.jpg" {
		t.Errorf("they have %q and %q", one, two)
	}
	s.pass(2 * time.Hour)
	s.shows("К какому заказу", s.snap("z.jpg", 90, ""))
	s.press(s.instance, "keeper", "slip-all:"+second.Code())
	if got := s.last(); got.State != fragments.Came {
		t.Errorf("the second order is %s", got.State)
	}
}
