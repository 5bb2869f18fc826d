package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"librarian/bots/telegram/telegramtest"
	"librarian/contacts/library"
)

// TestWalkFullTelegram walks the registration with papers over Telegram: drawn, "printed", signed, sent in an album and as a document, one page without its
// code, one sent back by the librarian, and the card at the end.
func TestWalkFullTelegram(t *testing.T) {
	t.Parallel()
	const name, number, password = "Слепцова Туяра Ильинична", "YK-000418", "green-autumn-27"
	w := newWorldWith(t, map[string]any{"registration": fullRegistration()})
	w.serve("--public-url", "http://"+w.listen)
	r := w.telegramReader(7002)
	r.answersInFull(name)
	form, application, consent := r.threePapers()

	r.heardAll()
	r.sendsPage(form, 2, "set")
	r.sendsPage(withoutCode(application), -1.5, "set")
	r.hears("Получили: анкета, лист 1")
	if which := r.hears("Какой это лист?"); !offers(which, "Заявление, лист 1") || !offers(which, "Согласие, лист 1") || offers(which, "Анкета, лист 1") {
		t.Errorf("asked which page it is, with %+v", which.Buttons)
	}
	r.taps("Заявление, лист 1")
	r.hears("Получили: заявление, лист 1")
	if left := r.hears("Осталось прислать"); !strings.Contains(left.Text, "Согласие, лист 1") || strings.Contains(left.Text, "Заявление") {
		t.Errorf("what is left: %q", left.Text)
	}
	r.server.UserSendsDocument(r.chat, "consent.jpg", "image/jpeg", picture(t, consent, 180))
	r.hears("все бумаги у нас")

	librarian := w.colleague("librarian")
	task := librarian.takesPapers(name, 3)
	librarian.decides(task, "form", "accept", nil)
	librarian.decides(task, "application", "accept", nil)
	librarian.decides(task, "consent", "return", url.Values{"cause": {"cut_off"}})
	r.heardAll()
	librarian.post(task+"/papers/send-back", nil)
	again := r.hears("Пришлите, пожалуйста, ещё раз только это")
	if !strings.Contains(again.Text, "Согласие, лист 1: лист виден не целиком") || strings.Contains(again.Text, "Анкета") || strings.Contains(again.Text, "Заявление") {
		t.Errorf("asked for again: %q", again.Text)
	}
	r.sendsPage(consent, 90, "")
	r.hears("все бумаги у нас")
	task = librarian.takesPapers(name, 1)
	librarian.decides(task, "consent", "accept", nil)
	librarian.post(task+"/accept", nil)
	r.hears("всё в порядке")

	registrar := w.colleague("registrar")
	task = registrar.task(name)
	registrar.post(task+"/take", nil)
	r.heardAll()
	registrar.post(task+"/card", url.Values{"number": {number}, "password": {password}})
	r.hears(password)
	r.cardComes(number)
	pool := w.pool()
	if n := w.count(pool, `select count(*) from paper_pages where state = 'accepted' and not unsigned and how = 'code'`); n != 2 {
		t.Errorf("%d pages were known by their code", n)
	}
	if n := w.count(pool, `select count(*) from paper_pages where state = 'accepted' and how = 'reader'`); n != 1 {
		t.Errorf("%d pages were named by the reader", n)
	}
	if n := w.count(pool, `select count(*) from registrations r join paper_orders o on o.registration_id = r.id where r.state = 'done' and o.state = 'closed'`); n != 1 {
		t.Errorf("%d registrations are done", n)
	}
	if strings.Contains(w.log.String(), password) {
		t.Error("a secret stands in the log")
	}
}

// fullRegistration asks all that the sample library does.
func fullRegistration() library.Registration {
	r := fullSettings().Registration
	r.Consent = library.Consent{Version: "1", Text: map[library.Lang]string{library.Russian: "Текст согласия."}}
	return r
}

// telegramReader gives the library a bot and a reader who is about to write to it.
func (w *world) telegramReader(chat int64) *correspondent {
	w.Helper()
	server, err := telegramtest.Start("4712:AAH-telegram-token", time.Now)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(server.Close)
	token := filepath.Join(w.TempDir(), "token")
	if err := os.WriteFile(token, []byte(server.Token+"\n"), 0o600); err != nil {
		w.Fatal(err)
	}
	w.must("channel", "add", "telegram", "--library", "demo", "--token-file", token, "--api-url", server.URL)
	server.Introduce(chat, telegramtest.User{FirstName: "Туяра", Language: "ru"})
	return &correspondent{w: w, server: server, chat: chat}
}

// answersInFull goes from the first word to the request that waits for its papers.
func (r *correspondent) answersInFull(name string) {
	r.w.Helper()
	r.server.UserSays(r.chat, "/start")
	for _, step := range []struct{ hears, says, taps string }{
		{"На каком языке", "", "Русский"},
		{"Чем вам помочь?", "", "Записаться в библиотеку"},
		{"Кого записываем", "", "Меня"},
		{"Вы согласны?", "", "Согласен / согласна"},
		{"Напишите фамилию", name, ""},
		{"дату рождения", "3 марта 1985", ""},
		{"Выберите «Передать мой номер»", "+79141234567", ""},
		{"Книги берегут", "", "Принимаю правила"},
		{"Какой документ", "", "Паспорт"},
		{"Можно выбрать несколько", "", "Дальше"},
		{"регистрация по месту", "", "В этом городе"},
		{"Какое образование", "", "Высшее"},
		{"Что подходит", "", "Работает"},
		{"Какая профессия", "учитель", ""},
		{"учёное звание", "", "Пропустить"},
		{"адрес", "677000, Якутск, ул. Ленина, 40, кв. 12", ""},
		{"Проверьте, пожалуйста", "", "Всё верно, отправить"},
	} {
		r.hears(step.hears)
		switch {
		case step.taps != "":
			r.taps(step.taps)
		case strings.HasPrefix(step.says, "+"):
			r.server.UserSharesPhone(r.chat, step.says)
		default:
			r.server.UserSays(r.chat, step.says)
		}
	}
	r.hears("Через минуту пришлём сюда бумаги")
}

// heardAll: what is heard next comes after what was sent so far.
func (r *correspondent) heardAll() { r.heard = len(r.server.Sent(r.chat)) }

// threePapers waits for the documents and gives the one page of each as it comes from the printer, signed.
func (r *correspondent) threePapers() (form, application, consent *image.RGBA) {
	r.w.Helper()
	ctx, cancel := context.WithTimeout(r.w.Context(), patienceOfTests)
	defer cancel()
	pdfs := map[string][]byte{}
	sent, err := r.server.Await(ctx, r.chat, func(all []telegramtest.Message) bool {
		for _, m := range all {
			if m.File != nil && strings.HasSuffix(m.File.Name, ".pdf") && !m.File.Photo {
				pdfs[m.File.Name] = m.File.Data
			}
		}
		return len(pdfs) == 3
	})
	if err != nil {
		r.w.Fatalf("the papers did not come, but %+v: %v\n%s", sent, err, r.w.log)
	}
	signed := map[string]*image.RGBA{}
	for name, pdf := range pdfs {
		pages := printed(r.w.T, pdf)
		if len(pages) != 1 {
			r.w.Fatalf("%s has %d pages", name, len(pages))
		}
		scrawl(pages[0])
		signed[name] = pages[0]
	}
	form, application, consent = signed["Регистрационная анкета.pdf"], signed["Заявление на регистрацию в информационных базах данных.pdf"], signed["Согласие на обработку персональных данных.pdf"]
	if form == nil || application == nil || consent == nil {
		r.w.Fatalf("these came: %v", signed)
	}
	return form, application, consent
}

// withoutCode cuts the foot off the page, with the code and the signature.
func withoutCode(page *image.RGBA) *image.RGBA {
	b := page.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()*258/297))
	draw.Draw(out, out.Bounds(), page, image.Point{}, draw.Src)
	return out
}

// picture is a photo of the page, held at this angle.
func picture(t *testing.T, page *image.RGBA, degrees float64) []byte {
	t.Helper()
	data, err := os.ReadFile(photographed(t, page, degrees, 0.8, "photo.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func offers(m telegramtest.Message, label string) bool {
	for _, b := range m.Buttons {
		if b.Label == label {
			return true
		}
	}
	return false
}

// sendsPage takes a photo of the page and sends it, alone or in the album.
func (r *correspondent) sendsPage(page *image.RGBA, degrees float64, album string) {
	r.w.Helper()
	r.server.UserSendsPhoto(r.chat, picture(r.w.T, page, degrees), album)
}

var fieldOnPage = regexp.MustCompile(`name="(kind|number|file|sheet)" value="([^"]*)"`)

// takesPapers takes the reader's task, in which so many pages wait for a decision, each with its picture.
func (c *colleague) takesPapers(name string, waiting int) (task string) {
	c.w.Helper()
	task = c.task(name)
	page := c.post(task+"/take", nil)
	if n := strings.Count(page, task+`/papers/accept"`); n != 2*waiting { // each form names it twice: for browsers with scripts and without
		c.w.Errorf("%d addresses to accept a page, wanted %d pages", n, waiting)
	}
	previews := regexp.MustCompile(`<div class="frame"><img src="(/desk/files/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(previews) != 3 {
		c.w.Errorf("%d pictures of three pages", len(previews))
	}
	for _, p := range previews {
		if preview := c.get(p[1]); !strings.HasPrefix(preview, "\xff\xd8") || len(preview) < 10_000 {
			c.w.Errorf("the picture of a page has %d bytes", len(preview))
		}
	}
	return task
}

// decides accepts or returns the first page of a paper as it stands on the page of the task.
func (c *colleague) decides(task, kind, act string, extra url.Values) {
	c.w.Helper()
	_, section, found := strings.Cut(c.get(task), fmt.Sprintf(`id="page-%s-1"`, kind))
	_, form, offered := strings.Cut(section, fmt.Sprintf(`action="%s/papers/%s"`, task, act))
	fields := fieldOnPage.FindAllStringSubmatch(form, 4)
	if !found || !offered || len(fields) != 4 || fields[0][2] != kind {
		c.w.Fatalf("the page offers no %s of %s: %v", act, kind, fields)
	}
	values := url.Values{}
	for _, f := range fields {
		values.Set(f[1], f[2])
	}
	for k, v := range extra {
		values[k] = v
	}
	c.post(task+"/papers/"+act, values)
}

// cardComes waits for the card's picture with the number, and for the sheet to print it from.
func (r *correspondent) cardComes(number string) {
	r.w.Helper()
	if card := r.hears(number); card.File == nil || !card.File.Photo || len(card.File.Data) < 5000 {
		r.w.Errorf("the card came without its picture: %+v", card.File)
	}
	ctx, cancel := context.WithTimeout(r.w.Context(), patienceOfTests)
	defer cancel()
	_, err := r.server.Await(ctx, r.chat, func(all []telegramtest.Message) bool {
		for _, m := range all[r.heard:] {
			if m.File != nil && m.File.Name == "card.pdf" && bytes.HasPrefix(m.File.Data, []byte("%PDF")) {
				return true
			}
		}
		return false
	})
	if err != nil {
		r.w.Errorf("the card to print did not come: %v", err)
	}
}
