package runner_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue/fragments"
)

// photographs sends one page of the order's in the responsible's chat.
func (s *shelf) photographs(grey byte) {
	s.Helper()
	one := s.page("1.jpg", grey)
	s.exec(`update files set state = 'clean' where id = $1`, one.File.ID)
	before := len(s.web.delivered())
	s.brings(s.instance, s.message("keeper", "", ""), []files.ID{one.File.ID}...)
	s.await("the page is taken", func() bool {
		for _, m := range s.web.delivered()[before:] {
			if strings.Contains(m.Text, "Принята 1 страница") {
				return true
			}
		}
		return false
	})
}

// TestOldButtonEndsNobodysWork: a department that no longer has the order says "all sent" with the button of before: the one that has it works on.
func TestOldButtonEndsNobodysWork(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.chatting()
	s.photographs(200)
	var other int64
	s.scan(&other, `insert into departments (library_id, name) values ($1, '{"ru": "Периодика"}') returning id`, s.lib)
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		_, err := fragments.Route(ctx, tx, lib, o.ID, s.librarian, other, s.Now())
		return err
	})
	if got := strings.Join(s.press(s.instance, "keeper", "slip-all:"+o.Code()), " "); !strings.Contains(got, "ничего не нужно") {
		t.Errorf("they are told %q", got)
	}
	n := s.count(`select count(*) from tasks where order_id = $1 and state <> 'done' and kind = 'find' and department_id = $2`, o.ID, other)
	if got := s.last(); got.State != fragments.Asked || got.Department != other || n != 1 {
		t.Errorf("the order is %s of %d, which has %d tasks", got.State, got.Department, n)
	}
}
