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

// TestPagesFollowTheSlipShownLast: what comes after an album with two slips is for the second, and not for the order that was made first.
func TestPagesFollowTheSlipShownLast(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.chatting()
	second := s.placed("9")
	s.await("the second slip is in the chat", func() bool { return s.toKeeper("№ "+second.Code()) != "" })
	s.shows("к заказу № "+second.Code(), s.snap("slip1.jpg", 20, first.SlipMark()), s.snap("q.jpg", 50, ""), s.snap("slip2.jpg", 40, second.SlipMark()), s.snap("r.jpg", 60, ""))
	s.shows("Принята 1 страница к заказу № "+second.Code(), s.snap("late.jpg", 80, ""))
	if one, two := s.of(first), s.of(second); one != "(slip1.jpg) q.jpg" || two != "(slip2.jpg) r.jpg late.jpg" {
		t.Errorf("they have %q and %q", one, two)
	}
}

// TestPagesAfterASlipThatWantsNone: the slip of an order that is over, or of one that is nobody's here, ends what was shown before; the bot asks for which
// order the next pictures are, also where one order alone is open.
func TestPagesAfterASlipThatWantsNone(t *testing.T) {
	t.Parallel()
	for name, many := range map[string]bool{"one order open": false, "two open": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			first := s.chatting()
			over := s.placed("9")
			last := over
			if many {
				last = s.placed("11")
			}
			s.await("the slips are in the chat", func() bool { return s.toKeeper("№ "+over.Code()) != "" && s.toKeeper("№ "+last.Code()) != "" })
			s.exec(`update orders set state = 'cancelled', slip_at = null where id = $1`, over.ID)
			for i, mark := range []string{over.SlipMark(), "LR1.O.9999-AAAAAAAA"} {
				grey := byte(10 + 50*i)
				s.shows("№ "+first.Code(), s.snap("slip.jpg", grey, first.SlipMark()))
				s.shows("", s.snap("other.jpg", grey+10, mark))
				s.shows("К какому заказу", s.snap("p.jpg", grey+20, ""))
				s.shows("К какому заказу", s.snap("q.jpg", grey+30, ""))
			}
			if got := s.of(first); got != "(slip.jpg) (slip.jpg)" {
				t.Errorf("the order shown before has %q", got)
			}
			s.pass(2 * time.Hour)
			want := "К какому заказу"
			if !many {
				want = "Принята 1 страница"
			}
			s.shows(want, s.snap("z.jpg", 200, ""))
		})
	}
}

// TestShownOrderEnds: when the order whose slip was shown is over, what comes for it goes to no other.
func TestShownOrderEnds(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.chatting()
	second := s.placed("9")
	s.await("the second slip is in the chat", func() bool { return s.toKeeper("№ "+second.Code()) != "" })
	s.shows("№ "+second.Code(), s.snap("slip.jpg", 20, second.SlipMark()))
	s.exec(`update orders set state = 'cancelled', slip_at = null where id = $1`, second.ID)
	s.shows("К какому заказу", s.snap("p.jpg", 30, ""))
	if got := s.of(first); got != "" {
		t.Errorf("the other order has %q", got)
	}
}
