package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue/fragments"
)

// again asks for the order's files in "my orders" and gives what comes.
func (s *shelf) again(o fragments.Order, want int) (out []files.ID) {
	s.Helper()
	before := len(s.web.delivered())
	s.say(s.instance, "anna", "мои заказы")
	s.press(s.instance, "anna", fmt.Sprintf("order:%d", o.ID))
	s.press(s.instance, "anna", "orders:files")
	s.await("the files come again", func() bool {
		out = nil
		for _, m := range s.web.delivered()[before:] {
			for _, f := range m.Files {
				out = append(out, files.ID(f))
			}
		}
		return len(out) >= want
	})
	return out
}

// narrowTo lets the chat take files of so many noisy pages and a first page.
func (s *shelf) narrowTo(pages int64) {
	s.Helper()
	page, err := s.store.Find(s.Context(), s.lib, s.noise("1.jpg").File.ID)
	if err != nil {
		s.Fatal(err)
	}
	s.web.limit(func(l *bots.Limits) { l.File = pages*page.Size + 60000 })
}

// TestPartsAreHadAgain, where no link can be given, though the clock goes on.
func TestPartsAreHadAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.runs()
	s.PublicURL = ""
	s.narrowTo(2)
	o := s.placed("1-4")
	s.released(o, s.noises(4)...)
	s.await("the parts have gone", func() bool { return slices.Equal(s.fates(o), []string{"sent"}) })
	sends, err := fragments.Sends(t.Context(), s.pool, s.lib, o.ID)
	if err != nil || len(sends) != 1 || len(sends[0].Files) < 2 {
		t.Fatalf("sent %+v, %v", sends, err)
	}
	if got := s.again(o, len(sends[0].Files)); !slices.Equal(got, sends[0].Files) {
		t.Errorf("had again: %v, sent were %v", got, sends[0].Files)
	}
}

// TestOldPartsAreNoLink: of an order that is kept in parts alone a link would give the first only.
func TestOldPartsAreNoLink(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.placed("5")
	s.released(o, s.page("1.jpg", 90))
	s.await("it is sent", func() bool { return s.last().State == fragments.Sent })
	parts := []files.ID{s.noise("1.jpg").File.ID, s.noise("2.jpg").File.ID}
	s.exec(`update files set state = 'clean' where id = any($1)`, parts)
	s.exec(`delete from order_sends where order_id = $1`, o.ID)
	s.exec(`update orders set file_ids = $2 where id = $1`, o.ID, parts)
	s.web.limit(func(l *bots.Limits) { l.File = 1000 }) // another chat than the one they were cut for
	if got := s.again(o, 2); !slices.Equal(got, parts) {
		t.Errorf("had again: %v, want %v", got, parts)
	}
	if n := s.count(`select count(*) from order_links`); n != 0 {
		t.Errorf("%d links to a part", n)
	}
}

// note is what the open task of the order says.
func (s *shelf) note(o fragments.Order) (note string) {
	s.Helper()
	s.await("it is given back", func() bool { return s.last().State == fragments.Came })
	s.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	return note
}

// TestMoreThanAHandfulWithoutAnAddress goes back to the librarian: nobody is sent seven parts.
func TestMoreThanAHandfulWithoutAnAddress(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.PublicURL = ""
	s.narrowTo(1)
	o := s.placed("1-7")
	s.released(o, s.noises(7)...)
	if got, want := s.note(o), s.ru("desk_send.fault_parts"); !strings.Contains(got, want) {
		t.Errorf("the task says %q", got)
	}
}

// TestMailIsGoneBeforeItIsSent: what was to go by letter alone waits for a librarian; by another way it goes, and the order's page tells of the letter.
func TestMailIsGoneBeforeItIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first int // of the ways, from which on they are chosen
		gone  string
	}{
		"not proven any more": {1, `update readers set email_proven = false`},
		"the channel is off":  {1, `update channels set state = 'off' where kind = 'email'`},
		"with another way":    {0, `update readers set email_proven = false`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.proven("anna@reader.test")
			o := s.placed("5")
			ways, err := fragments.Ways(t.Context(), s.pool, s.accounts, o)
			if err != nil || len(ways) != 2 {
				t.Fatalf("ways %+v, %v", ways, err)
			}
			s.releasedBy(o, ways[c.first:], s.page("1.jpg", 90), c.gone)
			if c.first == 1 {
				if got, want := s.note(o), s.ru("desk_send.fault_no_mail"); !strings.Contains(got, want) {
					t.Errorf("the task says %q", got)
				}
				return
			}
			s.await("the chat has it", func() bool { return slices.Equal(s.fates(o), []string{"sent", "no_mail"}) })
		})
	}
}

// releasedBy is released by these ways, of which one has gone meanwhile.
func (s *shelf) releasedBy(o fragments.Order, ways []fragments.Way, page fragments.Brought, gone string) {
	s.Helper()
	s.exec(gone)
	s.accounts.Forget()
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		if _, err := fragments.Bring(ctx, tx, lib.ID, o.ID, page); err != nil {
			return err
		}
		if _, err := fragments.HandOver(ctx, tx, lib, o.ID, s.librarian, s.Now()); err != nil {
			return err
		}
		out, err := fragments.Release(ctx, tx, lib, o.ID, s.librarian, false, s.Now())
		if err != nil {
			return err
		}
		return fragments.SendTo(ctx, tx, out, ways, s.Now())
	})
}
