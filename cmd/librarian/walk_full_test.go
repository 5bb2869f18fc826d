package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWalkFull walks the registration with papers: answered, drawn, "printed", signed, photographed, one page sent back and repeated, the card in the chat.
func TestWalkFull(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d := startDemo(t)
	walkFull(b, d)
}

// answersInFull goes from the menu to the request that waits for its papers.
func (p *page) answersInFull(name string) {
	p.Helper()
	for _, step := range []struct{ hears, says, presses string }{
		{"Чем вам помочь?", "", "Записаться в библиотеку"},
		{"Кого записываем", "", "Меня"},
		{"Вы согласны?", "", "Согласен / согласна"},
		{"Напишите фамилию", name, ""},
		{"дату рождения", "14 мая 1990", ""},
		{"Куда сообщить", "+7 914 222-33-44", ""},
		{"Книги берегут", "", "Принимаю правила"},
		{"Какой документ", "", "Паспорт"},
		{"Можно выбрать несколько", "", "Дальше"},
		{"регистрация по месту", "", "В этом городе"},
		{"Какое образование", "", "Высшее"},
		{"Что подходит", "", "Работает"},
		{"Какая профессия", "учитель", ""},
		{"учёное звание", "", "Пропустить"},
		{"адрес", "677000, Якутск, ул. Ленина, 40, кв. 12", ""},
	} {
		p.hears(step.hears)
		if step.says != "" {
			p.says(step.says)
		} else {
			p.presses(step.presses)
		}
	}
	p.hears("Проверьте, пожалуйста")
	p.look("review")
	p.presses("Всё верно, отправить")
	p.hears("Через минуту пришлём сюда бумаги")
}

// sendsPhotos attaches the files and sends them in one message.
func (p *page) sendsPhotos(paths []string) {
	p.Helper()
	p.do("attach photos", chromedp.SetUploadFiles(chromedp.CSS("#files"), paths))
	p.await("the photos wait to be sent", fmt.Sprintf(`document.querySelectorAll("#tray li").length === %d`, len(paths)))
	p.presses("Отправить")
}

func walkFull(b *browser, d *exhibit) {
	const name = "Тимофеева Сайыына Ильинична"
	reader := b.person("full-reader", phone)
	reader.open(d.url + "/chat/full")
	reader.presses("Русский")
	reader.answersInFull(name)
	reader.hears("бумаги готовы")
	reader.await("three papers", `[...document.querySelectorAll("#log a[href]")].filter((a) => a.textContent.includes(".pdf")).length === 3`)
	reader.look("papers")
	photos := photographs(b.T, reader.received())
	reader.sendsPhotos(photos[:1])
	reader.hears("Получили: анкета, лист 1")
	reader.hears("Осталось прислать")
	reader.look("one-came")
	unsigned := photographed(b.T, printed(b.T, reader.received()[2])[0], 1, 0.9, "unsigned.jpg")
	reader.sendsPhotos([]string{unsigned})
	reader.hears("лист не подписан")
	reader.look("unsigned")
	reader.presses("Пришлю другую фотографию")
	reader.sendsPhotos(photos[1:])
	reader.hears("все бумаги у нас")
	reader.look("all-came")

	librarian := b.person("full-librarian", desktop)
	librarian.signsIn(d, "full-librarian")
	librarian.press("the task", fmt.Sprintf(`[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes(%q))`, name))
	librarian.sees("учитель")
	librarian.takes()
	librarian.look("papers")
}
