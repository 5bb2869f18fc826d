package main

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"librarian/bots/email/mailtest"
)

// TestWalkOrdersWhole is the way of ordered pages through every channel at once, with the program itself and real servers: a reader in the web chat and one
// who writes letters order; one department answers by three letters, the other in Telegram, both out of order and one page on its side; a librarian looks at
// the pages, puts them in order and sends them; the PDFs in the chat and in the mailbox show the pages that were sent (issue 4, Show 2).
func TestWalkOrdersWhole(t *testing.T) {
	t.Parallel()
	w := &wholeWalk{world: newWorld(t), post: mailtest.New(t)}
	w.must("stock", "import", "--library", "demo", written(t, filepath.Join(t.TempDir(), "books.csv"), []byte(sampleBooks)))
	w.addMailbox(w.post)
	w.serve("--public-url", "http://"+w.listen)
	librarian := w.colleague("librarian")
	keeper := w.departmentsWork()
	inChat, byMail := w.chatReader("anna"), &mailReader{w: w.world, post: w.post, user: "ada"}
	inChat.chooses("start")
	inChat.presses("Русский")
	byMail.says("Здравствуйте")
	w.cards()
	keeper.heardAll()
	inChat.orders("шолохв тихий дон", "Тихий Дон", "120-122")
	byMail.orders("Кыһыл Ойуун", "Кыһыл Ойуун", "с. 31-33")

	slip := w.post.Letters(t, "storage", 1)[0]
	if !strings.Contains(slip.Text, "Тихий Дон") || !strings.Contains(slip.Text, "120–122") {
		t.Fatalf("the department is asked\n%s", slip.Text)
	}
	answers := mailAddress.FindString(slip.Header.Get("Reply-To"))
	w.scans(answers, "In-Reply-To: <"+slip.MessageID+">\r\n", attached{"IMG_0012.jpg", pagePhoto(t, 122, 0)})
	w.scans(answers, "", attached{"IMG_0031.jpg", pagePhoto(t, 120, 0)})
	w.scans(ourAddress, "References: <"+slip.MessageID+">\r\n", attached{"IMG_0011.jpg", pagePhoto(t, 121, 1)}, attached{"IMG_0012.jpg", pagePhoto(t, 122, 0)})

	keeper.hears("Кыһыл Ойуун")
	keeper.server.UserSendsPhoto(keeper.chat, pagePhoto(t, 33, 0), "later")
	keeper.server.UserSendsPhoto(keeper.chat, pagePhoto(t, 31, 3), "earlier")
	keeper.server.UserSendsPhoto(keeper.chat, pagePhoto(t, 32, 0), "earlier")
	pool := w.pool()
	w.await("all pages are here", func() bool {
		return w.count(pool, `select count(*) from order_parts where source = 'chat'`) == 3 && w.count(pool, `select count(*) from letters where state = 'returned'`) == 3
	})
	keeper.taps("Всё прислано")
	keeper.hears("Страницы заказа № 2 у библиотекаря")
	librarian.sends("Тихий Дон", "/desk/orders/1", 120, 121, 122)
	librarian.sends("Кыһыл Ойуун", "/desk/orders/2", 31, 32, 33)
	comes(t, inChat.file(inChat.hears("Копия лично для вас")), 120, 121, 122)
	letter := byMail.next()
	if len(letter.Files) != 1 || !strings.Contains(letter.Text, "Копия лично для вас") {
		t.Fatalf("a letter with %d files:\n%s", len(letter.Files), letter.Text)
	}
	comes(t, letter.Files[0].Content, 31, 32, 33)
	if n := w.count(pool, `select count(*) from orders where state = 'sent'`); n != 2 {
		t.Errorf("%d orders are sent", n)
	}
}

// wholeWalk is a library that all channels lead to.
type wholeWalk struct {
	*world
	post    *mailtest.Server
	letters int // of the department that is asked by e-mail
}

const ourAddress = "library@" + mailtest.Domain

// departmentsWork sets at the desk how departments work: one by letters, one in a chat, which its responsible binds.
func (w *wholeWalk) departmentsWork() *correspondent {
	w.Helper()
	director := w.colleague("director")
	for name, as := range map[string]url.Values{
		"Отдел хранения документов": {"way": {"email"}, "email": {"storage@" + mailtest.Domain}},
		"Фонд «Сандалы-Бичик»":      {"way": {"telegram"}},
	} {
		as.Set("name.ru", name)
		as.Set("base", "1")
		as.Set("on", "yes")
		as.Set("purpose", "fragment")
		as.Set("hours", "library")
		director.post(director.link("/desk/settings/departments", name), as)
	}
	responsible := w.telegramReader(7005)
	own := w.colleague("department")
	pool := w.pool()
	director.post(fmt.Sprintf("/desk/staff/%d/department", w.count(pool, `select id from staff where login = 'department'`)), url.Values{
		"department": {fmt.Sprint(w.count(pool, `select id from departments where name ->> 'ru' = 'Фонд «Сандалы-Бичик»'`))},
	})
	responsible.server.UserSays(responsible.chat, regexp.MustCompile(`desk-[a-z2-7]{10}`).FindString(own.post("/desk/account/binding", nil)))
	responsible.hears("Сюда теперь будут приходить")
	return responsible
}

// cards makes everybody who has written, but for staff, a reader with a card.
func (w *wholeWalk) cards() {
	w.Helper()
	_, err := w.pool().Exec(w.Context(), `with r as (
  insert into readers (library_id, name, card) select library_id, 'Ада ' || id, lpad(id::text, 6, '0') from addresses a
  where exists (select from conversations c where c.id = a.id) and not exists (select from staff s where s.notify_at = a.id) returning library_id, id, card)
insert into contact_readers (library_id, contact_id, reader_id, relation)
select r.library_id, a.contact_id, r.id, 'self' from r join addresses a on a.library_id = r.library_id and lpad(a.id::text, 6, '0') = r.card`)
	if err != nil {
		w.Fatal(err)
	}
}

// scans is a letter of the department with photos.
func (w *wholeWalk) scans(to, headers string, photos ...attached) {
	w.Helper()
	w.letters++
	w.post.Post(w.T, "storage@"+mailtest.Domain, to, letterOf("storage@"+mailtest.Domain, to,
		fmt.Sprintf("Message-ID: <%d@storage.test>\r\nSubject: Scans, part %d\r\n%s", w.letters, w.letters, headers), "Прилагаю", photos...))
}

// link is the address behind the row with these words on the page.
func (c *colleague) link(page, words string) string {
	c.w.Helper()
	found := regexp.MustCompile(`href="(` + page + `/\d+)"><span class="row-main">` + regexp.QuoteMeta(words)).FindStringSubmatch(c.get(page))
	if found == nil {
		c.w.Fatalf("no %s on %s", words, page)
	}
	return found[1]
}

// sends takes the task of the book, looks at the pages that have come, puts them upright and in this order, and sends them.
func (c *colleague) sends(book, order string, numbers ...int) {
	c.w.Helper()
	c.post(c.task(book)+"/take", nil)
	parts := regexp.MustCompile(`id="part-(\d+)"`).FindAllStringSubmatch(c.get(order), -1)
	if len(parts) != len(numbers) {
		c.w.Fatalf("%s has %d pages of %d", order, len(parts), len(numbers))
	}
	at, moved := map[int]string{}, false
	for i, p := range parts {
		number, quarters := c.looks(order+"/parts/"+p[1], numbers)
		for range (4 - quarters) % 4 {
			c.post(order+"/parts/"+p[1]+"/turn", nil)
		}
		at[number] = p[1]
		moved = moved || number != numbers[i]
	}
	if !moved {
		c.w.Errorf("%s came in order: nothing is to be done", order)
	}
	for i, n := range numbers {
		c.post(order+"/parts/"+at[n]+"/move", url.Values{"place": {fmt.Sprint(i + 1)}})
	}
	c.post(order+"/release", nil)
}

// looks tells by its picture at the desk which of the pages it is, and by how many quarters it lies turned.
func (c *colleague) looks(part string, numbers []int) (number, quarters int) {
	c.w.Helper()
	img, err := jpeg.Decode(bytes.NewReader(c.raw(http.MethodGet, part, nil)))
	if err != nil {
		c.w.Fatalf("%s: %v", part, err)
	}
	number, quarters, _ = nearest(c.w.T, img, numbers)
	return number, quarters
}
