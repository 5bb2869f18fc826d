package runner_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

// shelf is a book in the catalogue that a department holds, and a librarian.
type shelf struct {
	*world
	*instance
	department int64
	librarian  fragments.Actor
}

// newShelf has a reader with a card in the conversation "anna".
func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := shelfIn(newWorld(t))
	s.instance = s.start()
	s.send(s.instance)
	s.register(s.instance, "anna")
	s.exec(`update readers set card = '000123'`)
	s.exec(`update registrations set state = 'done'`)
	return s
}

// shelfIn puts the book into the world's catalogue.
func shelfIn(w *world) *shelf {
	w.Helper()
	s := &shelf{world: w, librarian: fragments.Actor{Role: queue.RoleLibrarian}}
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		s.department, err = queue.AddDepartment(ctx, tx, queue.Console(), queue.Department{Library: w.lib, Name: map[library.Lang]string{library.Russian: "Книгохранение"}})
		return err
	})
	w.exec(`insert into sigla (library_id, siglum, fund, department_id, rank) values ($1, 'КХ2', '', $2, 1)`, w.lib, s.department)
	w.scan(&s.librarian.Staff, `insert into staff (library_id, login, name, role, password_hash) values ($1, 'olga', 'Ольга', 'librarian', '') returning id`, w.lib)
	record := stock.Record{
		Number: 1, Source: "1", Title: "Сказки народов Севера", Author: "Иванов, И. И.", Kind: stock.Book, Year: 1951, Pages: 100,
		Copies: []stock.Copy{{Siglum: "КХ2", Fund: "основной", Inventory: "77"}},
	}
	sum, err := stock.New(w.pool).Import(context.Background(), w.lib, func(yield func(stock.Record, error) bool) { yield(record, nil) }, nil)
	if err != nil || sum.Added != 1 {
		w.Fatalf("catalogue: %+v, %v", sum, err)
	}
	return s
}

// order asks for the pages in the chat.
func (s *shelf) order(pages string) []string {
	s.Helper()
	s.say(s.instance, "anna", "меню")
	s.press(s.instance, "anna", "fragment")
	s.say(s.instance, "anna", "иванов сказки севера")
	s.say(s.instance, "anna", "1")
	return s.say(s.instance, "anna", pages)
}

// placed orders the pages, whatever they are, to the end.
func (s *shelf) placed(pages string) fragments.Order {
	s.Helper()
	s.order(pages)
	s.say(s.instance, "anna", "1")
	if got := strings.Join(s.say(s.instance, "anna", "1"), " "); !strings.Contains(got, "принят") {
		s.Fatalf("the order is answered by %q", got)
	}
	return s.last()
}

func (s *shelf) last() fragments.Order {
	s.Helper()
	var id fragments.ID
	s.scan(&id, `select max(id) from orders`)
	o, err := fragments.ByID(context.Background(), s.pool, s.lib, id)
	if err != nil {
		s.Fatal(err)
	}
	return o
}

// page is a photo in the store, of one grey.
func (s *shelf) page(name string, grey byte) fragments.Brought {
	s.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 400))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		s.Fatal(err)
	}
	f, err := s.store.Put(context.Background(), s.lib, &out, files.Meta{Name: name}, 1<<20)
	if err != nil {
		s.Fatal(err)
	}
	return fragments.Brought{File: f, Finding: files.Finding{FileID: f.ID, Kind: files.Image}, Source: fragments.FromDesk, At: s.Now()}
}

func (s *shelf) act(do func(ctx context.Context, tx pgx.Tx, lib library.Library) error) {
	s.Helper()
	lib, err := s.libraries.ByID(context.Background(), s.lib)
	if err != nil {
		s.Fatal(err)
	}
	s.tx(func(ctx context.Context, tx pgx.Tx) error { return do(ctx, tx, lib) })
}

// released brings the pages and lets them go out.
func (s *shelf) released(o fragments.Order, pages ...fragments.Brought) {
	s.Helper()
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		for _, p := range pages {
			if _, err := fragments.Bring(ctx, tx, lib.ID, o.ID, p); err != nil {
				return err
			}
		}
		if _, err := fragments.HandOver(ctx, tx, lib, o.ID, s.librarian, s.Now()); err != nil {
			return err
		}
		_, err := fragments.Release(ctx, tx, lib, o.ID, s.librarian, false, s.Now())
		return err
	})
}

// TestFragmentComesAsOnePDF: found in the catalogue, ordered, given to the department that has it, brought, released, joined, in the same chat (F1 to F4).
func TestFragmentComesAsOnePDF(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.placed("с. 5–8")
	if o.State != fragments.Asked || o.Department != s.department || o.Edition == 0 || o.Count != 4 || o.Pages != "5–8" {
		t.Fatalf("placed %+v", o)
	}
	s.released(o, s.page("1.jpg", 200), s.page("2.jpg", 90))
	s.await("the PDF is sent", func() bool { return s.pdf() != nil })
	m := s.pdf()
	body, f, err := s.store.Open(t.Context(), s.lib, files.ID(m.Files[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	if err != nil || !bytes.HasPrefix(data, []byte("%PDF")) || f.Kind != files.PDF || f.Name != "Страницы "+o.Code()+".pdf" {
		t.Errorf("sent %s, %s, %d bytes, %v", f.Name, f.Kind, len(data), err)
	}
	if got := s.last(); got.State != fragments.Sent || len(got.Files) != 1 || string(got.Files[0]) != m.Files[0] {
		t.Errorf("the order is %+v", got)
	}
	if got := strings.Join(s.say(s.instance, "anna", "мои заказы"), " "); !strings.Contains(got, "Сказки народов Севера") {
		t.Errorf("my orders: %q", got)
	}
}

// pdf is the message with files that went to the reader, if it has gone.
func (s *shelf) pdf() *bots.Outbound {
	for _, m := range s.web.delivered() {
		if len(m.Files) > 0 && strings.Contains(m.Text, "Сказки") {
			return &m
		}
	}
	return nil
}

// TestPageThatCannotBeJoined goes back to the librarian, who is told which it is.
func TestPageThatCannotBeJoined(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.placed("5")
	broken := s.page("good.jpg", 90)
	var err error
	broken.File, err = s.store.Put(t.Context(), s.lib, strings.NewReader("\xff\xd8\xff\xe0 no picture at all"), files.Meta{Name: "bad.jpg"}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	s.released(o, s.page("1.jpg", 200), broken)
	s.await("it is given back", func() bool { return s.last().State == fragments.Came })
	var note string
	s.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	if !strings.Contains(note, "не читается страница 2") {
		t.Errorf("the task says %q", note)
	}
}

// TestReaderAndStaffTalkAboutAnOrder: a question stops the clock, the reader's next words answer it; then the reader cancels.
func TestReaderAndStaffTalkAboutAnOrder(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.placed("5")
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		if err := s.Hold(ctx, tx, lib.ID, o.Conversation); err != nil {
			return err
		}
		asked, err := fragments.Ask(ctx, tx, lib, o.ID, "Какое издание?", s.Now())
		if err != nil {
			return err
		}
		news := queue.News{Kind: queue.NewsOrderQuestion, Reader: int64(o.Reader), Fields: map[string]string{
			"code": o.Code(), "order": o.Code(), "title": o.Title, "pages": o.Pages, "words": asked.Question,
		}}
		return s.Tell(ctx, tx, lib.ID, o.Conversation, news)
	})
	s.await("the question is asked", func() bool {
		for _, m := range s.web.delivered() {
			if strings.Contains(m.Text, "Какое издание?") {
				return true
			}
		}
		return false
	})
	s.pass(24 * time.Hour)
	s.say(s.instance, "anna", "Второе, 1951 года")
	after := s.last()
	if after.Question != "" || !after.Due.After(o.Due) {
		t.Errorf("answered: question %q, due %s after %s", after.Question, after.Due, o.Due)
	}
	var note string
	s.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	if !strings.Contains(note, "Второе, 1951 года") {
		t.Errorf("the task says %q", note)
	}
}

// TestLimitOfABook: more than 30 of a hundred pages are answered before anything is ordered (F5).
func TestLimitOfABook(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.placed("1–20")
	s.order("50–90")
	s.say(s.instance, "anna", "1")
	got := strings.Join(s.say(s.instance, "anna", "1"), " ")
	if !strings.Contains(got, "30") || !strings.Contains(got, "20") {
		t.Errorf("41 pages after 20 of 30: %q", got)
	}
	if n := s.count(`select count(*) from orders`); n != 1 {
		t.Errorf("%d orders", n)
	}
	s.say(s.instance, "anna", "1")
	s.settle("anna")
	if n := s.count(`select coalesce(sum(count), 0)::int from orders`); n > 30 {
		t.Errorf("%d pages were ordered", n)
	}
}

// TestOnlyReadersAskQuestions, where the library's table says so: somebody unknown is told how to become one (F11).
func TestOnlyReadersAskQuestions(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.exec(`update libraries set settings = jsonb_set(settings, '{policy}', '{"asks": {"unknown": []}}') where id = $1`, s.lib)
	i := s.start()
	s.send(i)
	s.register(i, "anna")
	s.exec(`update readers set card = '000123'`)
	s.exec(`update registrations set state = 'done'`)
	s.say(i, "stranger", "меню")
	s.press(i, "stranger", "lang:ru")
	s.say(i, "stranger", "Где вы находитесь?")
	if got := strings.Join(s.press(i, "stranger", "yes"), " "); !strings.Contains(got, "записан в библиотеку") {
		t.Errorf("somebody unknown is told %q", got)
	}
	if n := s.count(`select count(*) from tasks where kind = 'question'`); n != 0 {
		t.Errorf("%d questions", n)
	}
	s.say(i, "anna", "Где вы находитесь?")
	s.press(i, "anna", "yes")
	if n := s.count(`select count(*) from tasks where kind = 'question'`); n != 1 {
		t.Errorf("%d questions of a reader", n)
	}
}

// TestArticleOfABook: who calls the whole of a book an article gets no more of it, and a magazine of that name comes first.
func TestArticleOfABook(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	article := func() (got string) {
		s.say(s.instance, "anna", "отмена")
		s.say(s.instance, "anna", "меню")
		s.press(s.instance, "anna", "article")
		s.say(s.instance, "anna", "Сказки народов Севера, 1951, № 1, с. 1–100")
		for range 3 { // the first that was found, how, agreed
			got = strings.Join(s.say(s.instance, "anna", "1"), " ")
		}
		return got
	}
	if got := article(); !strings.Contains(got, "Всего разрешено страниц: 30") {
		t.Errorf("the whole book as an article is answered by %q", got)
	}
	record := stock.Record{Number: 1, Source: "2", Title: "Сказки народов Севера", Kind: stock.Periodical, Volume: "1951, № 1", Year: 1951, Pages: 100}
	_, err := stock.New(s.pool).Import(t.Context(), s.lib, func(yield func(stock.Record, error) bool) { yield(record, nil) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := article(); !strings.Contains(got, "принят") {
		t.Errorf("an article of a magazine is answered by %q", got)
	}
}
