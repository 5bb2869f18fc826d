package runner_test

import (
	"fmt"
	"slices"
	"testing"

	"librarian/bots/files"
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
	s.web.limits.File = pages*page.Size + 60000
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
	s.web.limits.File = 1000 // another chat than the one they were cut for
	if got := s.again(o, 2); !slices.Equal(got, parts) {
		t.Errorf("had again: %v, want %v", got, parts)
	}
	if n := s.count(`select count(*) from order_links`); n != 0 {
		t.Errorf("%d links to a part", n)
	}
}
