package runner_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots/email"
	"librarian/contacts/library"
	"librarian/queue/fragments"
)

// said is what the order's open task says.
func (s *shelf) said() (note string) {
	s.Helper()
	s.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, s.last().ID)
	return note
}

// TestDepartmentAsksByLetter: a question in answer to a slip is no page and no word that ends the order: the letter lies in the tray, and the task keeps its
// words.
func TestDepartmentAsksByLetter(t *testing.T) {
	t.Parallel()
	c := correspond(t)
	c.knows("anna")
	c.placed("5")
	slip := c.server.Letters(t, "storage", 1)[0]
	c.album("two@storage.test", &slip, "Здесь два тома, который нужен?")
	c.letters("tray", email.ReasonWords, 1)
	if got := c.said(); strings.Count(got, "Здесь два тома") != 1 {
		t.Errorf("the task says %q", got)
	}
	if got := c.last(); got.State != fragments.Asked {
		t.Errorf("the order is %s", got.State)
	}
}

// TestWordsBesideASlipAlone: a photo of the slip with a question, in a letter of its own, is a question too.
func TestWordsBesideASlipAlone(t *testing.T) {
	t.Parallel()
	c := correspond(t)
	c.knows("anna")
	c.placed("5")
	slip := c.server.Letters(t, "storage", 1)[0]
	c.album("alone@storage.test", nil, "Который том?", photo{"s", photographed(t, rendered(t, slip.Files[0].Content), 7)})
	c.letters("tray", email.ReasonWords, 1)
	if got := c.said(); !strings.Contains(got, "Который том?") {
		t.Errorf("the task says %q", got)
	}
}

// TestWordsAreKeptOnce: a crash lets a letter be offered again, and the task says its words once.
func TestWordsAreKeptOnce(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	_, slip := s.mailed()
	for range 2 {
		if _, err := s.answered(slip, "hranenie@lib.test", "Книга на реставрации\nдо мая"); !errors.Is(err, email.ForPerson(email.ReasonWords)) {
			t.Errorf("a sentence: %v", err)
		}
	}
	if got := s.said(); strings.Count(got, "на реставрации") != 1 {
		t.Errorf("the task says %q", got)
	}
	page := s.page("1.jpg", 90)
	for range 2 {
		s.answer(slip, "hranenie@lib.test", "Прилагаю", page)
	}
	if got := s.said(); strings.Count(got, "Прилагаю") != 1 {
		t.Errorf("the task says %q", got)
	}
}

// TestSamePageThatWasLeftOut: a department that is asked again sends the page once more that the librarian has left out. It is not new: a person reads why.
func TestSamePageThatWasLeftOut(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o, slip := s.mailed()
	page := s.page("1.jpg", 90)
	s.answer(slip, "hranenie@lib.test", "Прилагаю", page)
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		parts, err := fragments.Parts(ctx, tx, lib.ID, o.ID)
		if err == nil {
			err = fragments.Drop(ctx, tx, lib.ID, o.ID, s.librarian, parts[0].ID, true)
		}
		if err == nil {
			_, err = fragments.Return(ctx, tx, lib, o.ID, s.librarian, "срезан край", s.Now())
		}
		return err
	})
	taken, err := s.answered(slip, "hranenie@lib.test", "Край срезан в самой книге", page)
	if !taken || !errors.Is(err, email.ForPerson(email.ReasonWords)) {
		t.Errorf("taken %v, %v", taken, err)
	}
	if got := s.last(); got.State != fragments.Asked || !strings.Contains(s.said(), "в самой книге") {
		t.Errorf("the order is %s, its task says %q", got.State, s.said())
	}
	if s.answer(slip, "hranenie@lib.test", "Другой экземпляр", s.page("2.jpg", 120)); s.last().State != fragments.Came {
		t.Errorf("a new page came, and the order is %s", s.last().State)
	}
}
