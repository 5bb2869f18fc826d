package runner_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/email/letter"
	"librarian/bots/email/mailtest"
	"librarian/queue/fragments"
	"librarian/queue/pickup"
)

// correspondence is a reader with a card who writes letters to a library whose department answers letters.
type correspondence struct {
	*office
	*shelf
	heard int // letters that the reader has read
	wrote int
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

// says answers the library's last letter and gives what it says to that.
func (c *correspondence) says(words string) letter.Letter {
	c.office.Helper()
	to := desk
	if c.heard > 0 {
		last := c.server.Letters(c.office, "ada", c.heard)[c.heard-1]
		to = address.FindString(last.Header.Get("Reply-To"))
	}
	c.wrote++
	c.write(ada, to, fmt.Sprintf("%d@reader.test", c.wrote), "Subject: Книга\r\n", words)
	c.heard++
	return c.server.Letters(c.office, "ada", c.heard)[c.heard-1]
}

var address = regexp.MustCompile(`[\w+.-]+@[\w.]+`)

// numberOf is the number of the choice that begins so.
func (c *correspondence) numberOf(of letter.Letter, words string) string {
	c.office.Helper()
	found := regexp.MustCompile(`(?m)^(\d+)\. ` + regexp.QuoteMeta(words)).FindStringSubmatch(of.Text)
	if found == nil {
		c.office.Fatalf("the letter offers no %q:\n%s", words, of.Text)
	}
	return found[1]
}

// photos is a letter with pictures of these greys, by name.
func (c *correspondence) photos(id string, answers letter.Letter, greys ...byte) {
	c.office.Helper()
	var raw strings.Builder
	fmt.Fprintf(&raw, "From: storage@lib.test\r\nTo: %s\r\nMessage-ID: <%s>\r\nIn-Reply-To: <%s>\r\nSubject: nothing to do with it\r\n", desk, id, answers.MessageID)
	raw.WriteString("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nПрилагаю\r\n")
	for _, grey := range greys {
		img := image.NewGray(image.Rect(0, 0, 700, 900))
		for i := range img.Pix {
			img.Pix[i] = grey
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, nil); err != nil {
			c.office.Fatal(err)
		}
		fmt.Fprintf(&raw, "--b\r\nContent-Type: image/jpeg; name=%d.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n", grey, base64.StdEncoding.EncodeToString(out.Bytes()))
	}
	raw.WriteString("--b--\r\n")
	c.server.Post(c.office, "storage@lib.test", desk, []byte(raw.String()))
}

// TestWholeOrderByLetters: a reader orders by e-mail, the department answers its slip by two letters, the librarian puts the pages in order, and the PDF comes
// by e-mail: its pages are those that were sent (issue 4, Shows 1 and 2).
func TestWholeOrderByLetters(t *testing.T) {
	t.Parallel()
	c := correspond(t)
	c.says("Здравствуйте")
	c.office.exec(`with r as (insert into readers (library_id, name, card) values ($1, 'Ада', '000200') returning library_id, id)
insert into contact_readers (library_id, contact_id, reader_id, relation) select r.library_id, a.contact_id, r.id, 'self' from r, addresses a where a.external = $2`, c.office.lib, ada)
	menu := c.says("меню")
	c.says(c.numberOf(menu, "Заказать фрагмент"))
	found := c.says("иванов сказки")
	c.says(c.numberOf(found, "Иванов. Сказки"))
	want := c.says("с. 5-7")
	notice := c.says(c.numberOf(want, "Фото"))
	if placed := c.says(c.numberOf(notice, "Принимаю")); !strings.Contains(placed.Text, "принят") {
		t.Fatalf("answered %q", placed.Text)
	}
	slip := c.server.Letters(t, "storage", 1)[0]
	c.photos("one@storage.test", slip, 40, 220)
	c.letters("returned", "", 1)
	c.photos("two@storage.test", slip, 130)
	c.letters("returned", "", 2)
	o := c.last()
	parts, err := fragments.Parts(t.Context(), c.office.pool, c.office.lib, o.ID)
	if err != nil || len(parts) != 3 || o.State != fragments.Came {
		t.Fatalf("%d pages, the order is %s, %v", len(parts), o.State, err)
	}
	c.sorted(o, parts[2], parts[1], parts[0])
	c.heard++
	last := c.server.Letters(t, "ada", c.heard)[c.heard-1]
	if len(last.Files) != 1 {
		t.Fatalf("the last letter has %d files:\n%s", len(last.Files), last.Text)
	}
	if got := greys(t, last.Files[0].Content); len(got) != 3 || got[0] < 200 || got[1] < 110 || got[1] > 150 || got[2] > 60 {
		t.Errorf("the pages are of the greys %v", got)
	}
}

// narrow is the mailbox of a provider that takes small letters.
type narrow struct{ bots.Channel }

func (n narrow) Limits() bots.Limits {
	l := n.Channel.Limits()
	l.File = 100 << 10
	return l
}

// TestOrderByChatAndLetter: asked for in the web chat, sent there and by letter to the proven e-mail; a page too large for letters comes as a link, which opens.
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

// sorted puts the pages in this order and lets them go out.
func (c *correspondence) sorted(o fragments.Order, parts ...fragments.Part) {
	c.office.Helper()
	lib, err := c.office.libraries.ByID(context.Background(), c.office.lib)
	if err != nil {
		c.office.Fatal(err)
	}
	c.office.tx(func(ctx context.Context, tx pgx.Tx) error {
		for i, p := range parts {
			if err := fragments.Move(ctx, tx, lib.ID, o.ID, c.librarian, p.ID, i+1); err != nil {
				return err
			}
		}
		_, err := fragments.Release(ctx, tx, lib, o.ID, c.librarian, false, c.office.Now())
		return err
	})
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
