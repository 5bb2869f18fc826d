package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"librarian/bots/whatsapp/whatsapptest"
	"librarian/contacts/library"
)

// TestWalkOrdersWhatsApp: a question is answered by a person who takes the conversation over, and pages are ordered by numbers and words and come as one
// document. WhatsApp does not tell the reader's number at first, and later it does: they stay one person.
func TestWalkOrdersWhatsApp(t *testing.T) {
	t.Parallel()
	const name = "Слепцова Туяра Ильинична"
	w := newWorldWith(t, map[string]any{"registration": library.Registration{
		Consent: library.Consent{Version: "1", Text: map[library.Lang]string{library.Russian: "Текст согласия."}},
	}})
	w.must("stock", "import", "--library", "demo", written(t, filepath.Join(t.TempDir(), "books.csv"), []byte(sampleBooks)))
	n := w.whatsApp()
	w.serve("--public-url", "http://"+w.listen)
	n.link()
	r := n.reader("+79141234567", "Туяра", whatsapptest.Options{NumberHidden: true})
	t.Cleanup(r.keeps)
	librarian := w.colleague("librarian")
	r.registers(name)
	r.asksAPerson(librarian)
	r.named = whatsapptest.Options{ByNumber: true}
	r.getsCard(librarian, name, "YK-000432")
	r.ordersPages(librarian, name)
	if got := w.count(w.pool(), `select (select count(*) from contacts) + (select count(*) from conversations) + (select count(*) from readers)`); got != 3 {
		t.Errorf("%d in place of one person with one conversation", got)
	}
}

// registers goes from the first word to the request that was sent; without a number that WhatsApp tells, the reader is asked to write one.
func (r *whatsappReader) registers(name string) {
	r.Helper()
	r.says("меню")
	for _, step := range []struct{ hears, says, picks string }{
		{"На каком языке", "", "Русский"},
		{"Чем вам помочь?", "", "Записаться в библиотеку"},
		{"Кого записываем", "меня", ""},
		{"Вы согласны?", "", "Согласен / согласна"},
		{"Напишите фамилию", name, ""},
		{"дату рождения", "3 марта 1985", ""},
		{"Напишите электронную почту или телефон", "+7 914 123-45-67", ""},
		{"Проверьте, пожалуйста", "", "Всё верно, отправить"},
	} {
		r.hears(step.hears)
		if step.picks != "" {
			r.picks(step.picks)
		} else {
			r.answers(step.says)
		}
	}
	r.hears("Заявка отправлена")
}

var epochOnPage = regexp.MustCompile(`name="epoch" value="(\d+)"`)

// asksAPerson: a question goes to the desk, where the conversation is taken over, answered and handed back.
func (r *whatsappReader) asksAPerson(librarian *colleague) {
	r.Helper()
	r.answers("библиотекарь")
	r.hears("Напишите ваш вопрос")
	r.answers("Есть ли у вас Каменский?")
	r.hears("Вопрос передан библиотекарю")
	conversation := fmt.Sprintf("/desk/conversations/%d", r.count(r.pool(), `select id from conversations`))
	librarian.post(conversation+"/take-over", url.Values{"epoch": {epochOnPage.FindStringSubmatch(librarian.get(conversation))[1]}})
	typing := r.phone.Typing()
	r.heardAll()
	librarian.post(conversation+"/say", url.Values{"text": {"Да, в читальном зале. Приходите!"}})
	r.hears("Да, в читальном зале. Приходите!")
	if r.phone.Typing() == typing {
		r.Error("the librarian was not seen typing")
	}
	id := r.answers("Спасибо, а до какого часа?")
	r.await("the desk shows it", func() bool { return strings.Contains(librarian.get(conversation), "а до какого часа?") })
	r.await("it is seen", func() bool { _, read := r.phone.Ticks(id); return read })
	librarian.post(conversation+"/say", url.Values{"text": {"До восьми."}})
	r.hears("До восьми.")
	if chat := r.chat(r.heard); strings.Contains(chat, "Вопрос") || strings.Contains(chat, "Ответьте номером") {
		r.Errorf("the service talks while a person does:\n%s", chat)
	}
	librarian.post(conversation+"/hand-back", nil)
}

// getsCard has the request accepted and the card given; then the menu offers orders.
func (r *whatsappReader) getsCard(librarian *colleague, name, number string) {
	r.Helper()
	task := librarian.task(name)
	librarian.post(task+"/take", nil)
	librarian.post(task+"/accept", nil)
	registrar := r.colleague("registrar")
	task = registrar.task(name)
	registrar.post(task+"/take", nil)
	registrar.post(task+"/card", url.Values{"number": {number}, "password": {"white-winter-11"}})
	r.hears(number)
	r.hears("white-winter-11")
	r.answers("меню")
	r.picks("Заказать фрагмент книги")
}

// ordersPages orders pages and gets them; a page is asked for again by a word from the list.
func (r *whatsappReader) ordersPages(librarian *colleague, name string) {
	r.Helper()
	r.hears("Какая книга нужна?")
	r.answers("шолохв тихий дон")
	r.hears("нашлось в каталоге")
	r.picks("Тихий Дон")
	r.hears("Какие страницы нужны?")
	r.answers("с. 120-122")
	r.hears("Как прислать?")
	r.answers("фото")
	r.hears("Копия делается лично для вас")
	r.picks("Принимаю, заказать")
	r.hears("Пришлём сюда, самое позднее")

	keeper := r.colleague("department")
	if _, err := r.pool().Exec(r.Context(), `update staff set department_id = (select department_id from sigla where siglum = 'КХ2') where role = 'department'`); err != nil {
		r.Fatal(err)
	}
	if page := keeper.get(keeper.task("Тихий Дон")); strings.Contains(page, name) {
		r.Error("the department may know who asks")
	}
	const order = "/desk/orders/1"
	keeper.brings(order, pagePhoto(r.T, 120, 0), pagePhoto(r.T, 121, 0), pageScan(r.T, 122))
	keeper.post(order+"/hand-over", nil)
	librarian.task("Тихий Дон")
	r.heardAll()
	librarian.post(order+"/release", nil)
	sent := r.document("Страницы 1.pdf")
	if !strings.Contains(sent.Text(), "Копия лично для вас") || place(sent, "Плохо видно страницу") == "" {
		r.Errorf("the document comes with %q", sent.Text())
	}
	comes(r.T, r.file(sent), 120, 121, 122)
}
