package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots/whatsapp/whatsapptest"
)

// TestWalkFullWhatsApp walks the registration with papers over WhatsApp: drawn, "printed", signed, sent in an album and as documents, one page sent back by the
// librarian, and the card at the end. WhatsApp names one of the readers by an id of its own, the other by their number.
func TestWalkFullWhatsApp(t *testing.T) {
	t.Parallel()
	for name, named := range map[string]whatsapptest.Options{"id": {}, "number": {ByNumber: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walkFullWhatsApp(t, named)
		})
	}
}

func walkFullWhatsApp(t *testing.T, named whatsapptest.Options) {
	const name, card, password = "Слепцова Туяра Ильинична", "YK-000431", "quiet-meadow-52"
	w := newWorldWith(t, map[string]any{"registration": fullRegistration()})
	n := w.whatsApp()
	w.serve("--public-url", "http://"+w.listen)
	n.link()
	r := n.reader("+79141234567", "Туяра", named)
	t.Cleanup(r.keeps)
	r.answersInFull(name)
	form, application, consent := r.threePapers()

	r.heardAll()
	r.album(picture(t, form, 2), picture(t, withoutCode(application), -1.5))
	r.hears("Получили: анкета, лист 1")
	if which := r.hears("Какой это лист?"); place(which, "Заявление, лист 1") == "" || place(which, "Согласие, лист 1") == "" || place(which, "Анкета, лист 1") != "" {
		t.Errorf("asked which page it is:\n%s", which.Text())
	}
	r.picks("Заявление, лист 1")
	r.hears("Получили: заявление, лист 1")
	if left := r.hears("Осталось прислать"); !strings.Contains(left.Text(), "Согласие, лист 1") || strings.Contains(left.Text(), "Заявление") {
		t.Errorf("what is left: %q", left.Text())
	}
	r.sendsFile("IMG_0044.HEIC", "image/heic", moduleSample(t, "github.com/gen2brain/heic", "test.heic")) // a photo, and of no page
	r.hears("лист")
	r.heardAll()
	r.sendsFile("согласие.pdf", "application/pdf", scannedPage(t, consent))
	r.hears("все бумаги у нас")

	librarian := w.colleague("librarian")
	task := librarian.takesPapers(name, 3)
	if page := librarian.get(task); !strings.Contains(page, "+79141234567") || !strings.Contains(page, "подтверждено") {
		t.Error("the number that WhatsApp gave is not there, or not proven")
	}
	librarian.decides(task, "form", "accept", nil)
	librarian.decides(task, "application", "accept", nil)
	librarian.decides(task, "consent", "return", url.Values{"cause": {"cut_off"}})
	r.heardAll()
	librarian.post(task+"/papers/send-back", nil)
	again := r.hears("Пришлите, пожалуйста, ещё раз только это").Text()
	if !strings.Contains(again, "Согласие, лист 1: лист виден не целиком") || strings.Contains(again, "Анкета") || strings.Contains(again, "Заявление") {
		t.Errorf("asked for again: %q", again)
	}
	r.sends(r.made(r.server.Image("image/jpeg", picture(t, consent, 90), "")))
	r.hears("все бумаги у нас")
	task = librarian.takesPapers(name, 1)
	librarian.decides(task, "consent", "accept", nil)
	librarian.post(task+"/accept", nil)
	r.hears("всё в порядке")

	registrar := w.colleague("registrar")
	task = registrar.task(name)
	registrar.post(task+"/take", nil)
	r.heardAll()
	registrar.post(task+"/card", url.Values{"number": {card}, "password": {password}})
	r.cardComes(card, password)
	n.keepsNoSecret(w.pool(), password)
	n.onePerson(w.pool())
}

// answersInFull goes from the first word to the request that waits for its papers: by numbers, words, and words with a mistake.
func (r *whatsappReader) answersInFull(name string) {
	r.Helper()
	first := r.says("Здравствуйте")
	for _, step := range []struct{ hears, says, picks string }{
		{"На каком языке", "1", ""},
		{"Чем вам помочь?", "записаться в библиотеку", ""},
		{"Кого записываем", "", "Меня"},
		{"Вы согласны?", "Согласна", ""},
		{"Напишите фамилию", name, ""},
		{"дату рождения", "3 марта 1985", ""},
		{"Куда сообщить номер билета?", "", "Передать мой номер"},
		{"Книги берегут", "принимаю правила.", ""},
		{"Какой документ", "паспрот", ""},
		{"Можно выбрать несколько", "", "Дальше"},
		{"регистрация по месту", "", "В этом городе"},
		{"Какое образование", "вышее", ""},
		{"Что подходит", "", "Работает"},
		{"Какая профессия", "учитель", ""},
		{"учёное звание", "пропустить", ""},
		{"адрес", "677000, Якутск, ул. Ленина, 40, кв. 12", ""},
		{"Проверьте, пожалуйста", "", "Всё верно, отправить"},
	} {
		r.hears(step.hears)
		if step.picks != "" {
			r.picks(step.picks)
		} else {
			r.answers(step.says)
		}
	}
	r.hears("Через минуту пришлём сюда бумаги")
	if r.phone.Typing() == 0 {
		r.Error("nobody was seen typing")
	}
	if delivered, read := r.phone.Ticks(first); !delivered || !read {
		r.Errorf("ticks: delivered %t, read %t", delivered, read)
	}
}

// threePapers waits for the documents and gives the one page of each as it comes from the printer, signed.
func (r *whatsappReader) threePapers() (form, application, consent *image.RGBA) {
	r.Helper()
	signed := map[string]*image.RGBA{}
	for _, name := range []string{
		"Регистрационная анкета.pdf", "Заявление на регистрацию в информационных базах данных.pdf", "Согласие на обработку персональных данных.pdf",
	} {
		m := r.document(name)
		if d := m.Message.GetDocumentMessage(); d.GetMimetype() != "application/pdf" {
			r.Errorf("%s is sent as %s", name, d.GetMimetype())
		}
		pages := printed(r.T, r.file(m))
		if len(pages) != 1 {
			r.Fatalf("%s has %d pages", name, len(pages))
		}
		scrawl(pages[0])
		signed[name] = pages[0]
	}
	return signed["Регистрационная анкета.pdf"], signed["Заявление на регистрацию в информационных базах данных.pdf"], signed["Согласие на обработку персональных данных.pdf"]
}

// cardComes waits for the card's picture with the number, the sheet to print it from, and the password; then their reader looks at them.
func (r *whatsappReader) cardComes(card, password string) {
	r.Helper()
	r.hears(password)
	picture := r.hears(card)
	if picture.Message.GetImageMessage() == nil || !bytes.HasPrefix(r.file(picture), []byte("\x89PNG")) && !bytes.HasPrefix(r.file(picture), []byte("\xff\xd8")) {
		r.Errorf("the card came without its picture: %+v", picture)
	}
	if sheet := r.document("card.pdf"); !bytes.HasPrefix(r.file(sheet), []byte("%PDF")) {
		r.Error("the card to print is no PDF")
	}
	pool := r.pool()
	r.await("all is on the phone", func() bool {
		return r.count(pool, `select count(*) from outbox where state not in ('confirmed', 'withdrawn')`) == 0
	})
	r.phone.Read(picture.ID)
	r.await("the card is seen", func() bool { return r.count(pool, `select count(*) from outbox where read_at is not null`) == 1 })
	conversation := fmt.Sprintf("/desk/conversations/%d", r.count(pool, `select id from conversations`))
	if page := r.head.get(conversation); !strings.Contains(page, "прочитано") || !strings.Contains(page, "доставлено") {
		r.Errorf("the desk does not see what was read and what was delivered")
	}
}

// keepsNoSecret holds that what was a secret stands nowhere once it was delivered: in no column of the database, the client's own included, and not in the log.
func (n *linkedNumber) keepsNoSecret(pool *pgxpool.Pool, secret string) {
	n.Helper()
	columns, err := pool.Query(n.Context(), `select format('select count(*) from %I where strpos(%s, $1) > 0', table_name,
  case data_type when 'bytea' then format('encode(%I, ''escape'')', column_name) else format('%I::text', column_name) end)
from information_schema.columns join information_schema.tables using (table_schema, table_name)
where table_schema = 'public' and table_type = 'BASE TABLE' and data_type in ('text', 'jsonb', 'json', 'bytea', 'character varying', 'ARRAY')`)
	if err != nil {
		n.Fatal(err)
	}
	var looks []string
	for columns.Next() {
		var sql string
		if err := columns.Scan(&sql); err != nil {
			n.Fatal(err)
		}
		looks = append(looks, sql)
	}
	if err := columns.Err(); err != nil || len(looks) < 50 {
		n.Fatalf("%d columns: %v", len(looks), err)
	}
	whatsmeow := 0
	for _, sql := range looks {
		if strings.Contains(sql, "from whatsmeow_") {
			whatsmeow++
		}
		if n.count(pool, sql, secret) > 0 {
			n.Errorf("the secret stands in the database: %s", sql)
		}
	}
	if whatsmeow == 0 {
		n.Error("the client's own tables were not looked at")
	}
	if n.count(pool, `select count(*) from secrets where ciphertext is not null`) > 0 {
		n.Error("the secret is still kept")
	}
	if strings.Contains(n.log.String(), secret) {
		n.Error("the secret stands in the log")
	}
}

// onePerson holds that one reader wrote, in one conversation.
func (n *linkedNumber) onePerson(pool *pgxpool.Pool) {
	n.Helper()
	for _, table := range []string{"contacts", "addresses", "conversations", "readers"} {
		if got := n.count(pool, "select count(*) from "+table); got != 1 {
			n.Errorf("%d %s", got, table)
		}
	}
	if got := n.count(pool, `select count(*) from registrations r join paper_orders o on o.registration_id = r.id where r.state = 'done' and o.state = 'closed'`); got != 1 {
		n.Errorf("%d registrations are done", got)
	}
}

func (r *whatsappReader) album(pictures ...[]byte) {
	r.Helper()
	if _, err := r.phone.SendsAlbum(r.account, "image/jpeg", "", pictures...); err != nil {
		r.Fatal(err)
	}
}

func (r *whatsappReader) sendsFile(name, mediaType string, data []byte) {
	r.Helper()
	r.sends(r.made(r.server.Document(name, mediaType, data, "")))
}

// moduleSample is a file that a module carries for its own tests.
func moduleSample(t *testing.T, module, name string) []byte {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// scannedPage is the page as a PDF of a scanner.
func scannedPage(t *testing.T, page *image.RGBA) []byte {
	t.Helper()
	const width, height = 210, 297 // mm
	var photo, out bytes.Buffer
	if err := jpeg.Encode(&photo, page, nil); err != nil {
		t.Fatal(err)
	}
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: width, Ht: height}})
	doc.AddPage()
	doc.RegisterImageOptionsReader("page", fpdf.ImageOptions{ImageType: "JPEG"}, &photo)
	doc.ImageOptions("page", 0, 0, width, height, false, fpdf.ImageOptions{}, 0, "")
	if err := doc.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
