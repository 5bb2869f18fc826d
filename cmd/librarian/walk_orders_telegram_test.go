package main

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"librarian/bots/telegram/telegramtest"
	"librarian/contacts/library"
)

// TestWalkOrdersTelegram: pages are ordered by buttons in Telegram, and come there as one document.
func TestWalkOrdersTelegram(t *testing.T) {
	t.Parallel()
	const name = "Слепцова Туяра Ильинична"
	w := newWorldWith(t, map[string]any{"registration": library.Registration{
		Consent: library.Consent{Version: "1", Text: map[library.Lang]string{library.Russian: "Текст согласия."}},
	}})
	w.must("stock", "import", "--library", "demo", written(t, filepath.Join(t.TempDir(), "books.csv"), []byte(sampleBooks)))
	w.serve("--public-url", "http://"+w.listen)
	r := w.telegramReader(7004)
	librarian := w.colleague("librarian")
	r.becomesReader(librarian, name, "YK-000421")
	r.taps("Заказать фрагмент книги")
	r.hears("Какая книга нужна?")
	r.server.UserSays(r.chat, "шолохв тихий дон")
	r.tapsWhat(r.hears("нашлось в каталоге"), "Тихий Дон")
	r.hears("Какие страницы нужны?")
	r.server.UserSays(r.chat, "с. 120-122")
	r.hears("Как прислать?")
	r.taps("Фото")
	r.hears("Копия делается лично для вас")
	r.taps("Принимаю, заказать")
	r.hears("Пришлём сюда, самое позднее")

	keeper := w.colleague("department")
	if _, err := w.pool().Exec(t.Context(), `update staff set department_id = (select department_id from sigla where siglum = 'КХ2') where role = 'department'`); err != nil {
		t.Fatal(err)
	}
	task := keeper.task("Тихий Дон")
	if page := keeper.get(task); strings.Contains(page, name) {
		t.Error("the department may know who asks")
	}
	order := "/desk/orders/1"
	keeper.brings(order, pagePhoto(t, 120, 0), pagePhoto(t, 121, 1), pageScan(t, 122))
	keeper.post(order+"/hand-over", nil)
	librarian.task("Тихий Дон")
	for range 3 { // round to where its head is up
		librarian.post(order+"/parts/2/turn", nil)
	}
	r.heardAll()
	librarian.post(order+"/release", nil)
	said := r.hears("Копия лично для вас")
	if said.File == nil || said.File.Photo || said.File.Name != "Страницы 1.pdf" || !offers(said, "Плохо видно страницу") {
		t.Fatalf("sent %+v with %+v", said.File, said.Buttons)
	}
	comes(t, said.File.Data, 120, 121, 122)
	r.taps("Мои заказы")
	r.tapsWhat(r.hears("Ваши заказы, новые сверху"), "Тихий Дон")
	r.hears("Заказ отправлен:")
	r.taps("Прислать ещё раз")
	if again := r.hears("Ещё раз заказ № 1"); again.File == nil || !bytes.Equal(again.File.Data, said.File.Data) {
		t.Errorf("sent again %+v", again.File)
	}
}

// tapsWhat presses the first button of the message with the words on it.
func (r *correspondent) tapsWhat(m telegramtest.Message, words string) {
	r.w.Helper()
	for _, b := range m.Buttons {
		if strings.Contains(b.Label, words) {
			r.taps(b.Label)
			return
		}
	}
	r.w.Fatalf("no button with %q among %+v", words, m.Buttons)
}

// becomesReader registers the reader, up to the card.
func (r *correspondent) becomesReader(librarian *colleague, name, number string) {
	r.w.Helper()
	r.registers(name)
	task := librarian.task(name)
	librarian.post(task+"/take", nil)
	librarian.post(task+"/accept", nil)
	registrar := r.w.colleague("registrar")
	task = registrar.task(name)
	registrar.post(task+"/take", nil)
	registrar.post(task+"/card", url.Values{"number": {number}, "password": {"white-winter-11"}})
	r.cardGiven(number)
}

// registers goes from the first word to the request that was sent.
func (r *correspondent) registers(name string) {
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
		{"Проверьте, пожалуйста", "", "Всё верно, отправить"},
	} {
		r.hears(step.hears)
		if step.taps != "" {
			r.taps(step.taps)
		} else {
			r.server.UserSays(r.chat, step.says)
		}
	}
	r.hears("Заявка отправлена")
}

// cardGiven waits for the number, after which the menu offers orders.
func (r *correspondent) cardGiven(number string) {
	r.w.Helper()
	r.hears(number)
	r.server.UserSays(r.chat, "меню")
	ctx, cancel := context.WithTimeout(r.w.Context(), patienceOfTests)
	defer cancel()
	_, err := r.server.Await(ctx, r.chat, func(all []telegramtest.Message) bool {
		return offers(all[len(all)-1], "Заказать фрагмент книги")
	})
	if err != nil {
		r.w.Fatalf("nothing can be ordered: %v", err)
	}
}

// brings uploads photos and scans to the order.
func (c *colleague) brings(order string, files ...[]byte) {
	c.w.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i, data := range files {
		part, err := form.CreateFormFile("files", fmt.Sprintf("IMG_%04d", i+1))
		if err != nil {
			c.w.Fatal(err)
		}
		if _, err := part.Write(data); err != nil {
			c.w.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		c.w.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.w.Context(), http.MethodPost, "http://"+c.w.listen+order+"/parts", &body)
	if err != nil {
		c.w.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := c.client.Do(r)
	if err != nil {
		c.w.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		c.w.Fatalf("pages of %s: %s, %v", order, answer.Status, err)
	}
}
