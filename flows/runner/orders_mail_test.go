package runner_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/email/mailtest"
	"librarian/queue/pickup"
)

// correspondence is a reader with a card who writes letters to a library whose department answers letters.
type correspondence struct {
	*office
	*shelf
}

func correspond(t *testing.T) *correspondence {
	t.Helper()
	o := newOffice(t, mailtest.User)
	c := &correspondence{office: o, shelf: shelfIn(o.world)}
	c.shelf.instance = o.instance
	o.config.Listed = o.ListedSender
	o.config.Returned = func(ctx context.Context, l email.Stored) (bool, error) { return o.Returned(ctx, o.lib, l) }
	o.open()
	o.exec(`update departments set way = 'email', email = 'storage@lib.test' where id = $1`, c.department)
	return c
}

// narrow is the mailbox of a provider that takes small letters.
type narrow struct{ bots.Channel }

func (n narrow) Limits() bots.Limits {
	l := n.Channel.Limits()
	l.File = 100 << 10
	return l
}

// TestOrderByChatAndLetter: asked for in the web chat, sent there and by letter to the proven e-mail; a page too large for letters comes as a link, which
// opens.
func TestOrderByChatAndLetter(t *testing.T) {
	t.Parallel()
	c := correspond(t)
	s := c.shelf
	s.say(s.instance, "anna", "меню")
	s.exec(`with r as (insert into readers (library_id, name, card, email, email_proven) values ($1, 'Анна', '000200', $2, true) returning library_id, id)
insert into contact_readers (library_id, contact_id, reader_id, relation) select r.library_id, a.contact_id, r.id, 'self' from r, addresses a where a.external = 'anna'`, s.lib, ada)
	o := s.placed("5")
	s.releasedTo(o, 2, s.page("1.jpg", 220))
	letters := c.server.Letters(t, "ada", 1)
	if len(letters[0].Files) != 1 || !strings.Contains(letters[0].Text, "готов") {
		t.Fatalf("the letter has %d files:\n%s", len(letters[0].Files), letters[0].Text)
	}
	if got := greys(t, letters[0].Files[0].Content); len(got) != 1 || got[0] < 200 {
		t.Errorf("the pages are of the greys %v", got)
	}
	s.await("both have gone", func() bool { return slices.Equal(s.fates(o), []string{"sent", "sent"}) && s.pdf() != nil })

	mail, _ := s.registry.Get(s.mail)
	s.registry.Set(s.mail, narrow{mail})
	o = s.placed("7")
	s.releasedTo(o, 2, s.noise("1.jpg"))
	letters = c.server.Letters(t, "ada", 2)
	token := addressOfLink.FindStringSubmatch(letters[1].Text)
	if token == nil || len(letters[1].Files) != 0 {
		t.Fatalf("the second letter has %d files:\n%s", len(letters[1].Files), letters[1].Text)
	}
	counter, err := pickup.New(pickup.Deps{
		Pool: s.pool, Texts: s.texts, Library: s.libraries.ByID, Find: s.store.Find, Open: s.store.Open, Now: s.Now, Log: s.logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	counter.Routes(mux)
	for _, ask := range []struct{ method, begins string }{{http.MethodGet, "<!doctype html>"}, {http.MethodPost, "%PDF"}} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), ask.method, "/get/"+token[1], nil))
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), ask.begins) {
			t.Errorf("%s: %d, %d bytes", ask.method, w.Code, w.Body.Len())
		}
	}
}

// greys are the mean greys of the document's pages after the first.
func greys(t *testing.T, pdf []byte) (out []int) {
	t.Helper()
	program, err := exec.LookPath("pdftoppm")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("pdftoppm is not on this machine")
	}
	cmd := exec.CommandContext(t.Context(), program, "-gray", "-f", "2", "-scale-to", "40", "-", filepath.Join(t.TempDir(), "p"))
	cmd.Stdin = bytes.NewReader(pdf)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	names, err := filepath.Glob(cmd.Args[len(cmd.Args)-1] + "*.pgm")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head := bytes.SplitN(data, []byte("\n"), 4)
		sum := 0
		for _, p := range head[3] {
			sum += int(p)
		}
		out = append(out, sum/max(1, len(head[3])))
	}
	return out
}
