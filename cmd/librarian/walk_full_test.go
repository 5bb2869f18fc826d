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
	reader.await("a picture of how to sign", `[...document.querySelectorAll("#log img")].some((i) => i.alt.includes("Где подписать") && i.naturalWidth === 960)`)
	reader.look("unsigned")
	reader.presses("Пришлю другую фотографию")
	reader.sendsPhotos(photos[1:])
	reader.hears("все бумаги у нас")
	reader.look("all-came")

	librarian := b.person("full-librarian", desktop)
	librarian.signsIn(d, "full-librarian")
	librarian.opensTask(name)
	librarian.sees("учитель")
	librarian.takes()
	librarian.look("papers")
	librarian.setsRight(d, reader)
	librarian.decides("form", "принята", "Принять страницу")
	librarian.decides("application", "возвращена", "Вернуть", "Вернуть эту страницу")
	librarian.decides("consent", "принята", "Принять страницу")
	librarian.look("decided")
	librarian.presses("Отправить читателю на доработку")
	librarian.sees("Страницы возвращены")
	reader.hears("Пришлите, пожалуйста, ещё раз только это")
	reader.hears("не разобрать слов")
	reader.look("sent-back")
	reader.sendsPhotos(photos[1:2])
	reader.hears("все бумаги у нас")

	librarian.open(d.url + "/desk")
	librarian.opensTask(name)
	librarian.takes()
	librarian.decides("application", "принята", "Принять страницу")
	librarian.presses("Принять регистрацию")
	reader.hears("всё в порядке")
	registrar := b.person("full-registrar", desktop)
	registrar.signsIn(d, "full-registrar")
	registrar.opensTask(name)
	registrar.takes()
	registrar.sees("677000")
	registrar.look("package")
	registrar.presses("Выдать билет")
	reader.hears("Билет готов")
	reader.await("the card as a picture and as a PDF", `[...document.querySelectorAll("#log a[href]")].some((a) => a.textContent.includes("card.pdf"))`)
	reader.look("card")
}

func (p *page) opensTask(name string) {
	p.Helper()
	p.press("the task", fmt.Sprintf(`[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes(%q))`, name))
}

// decides presses the buttons of one page of the papers, one after the other, and waits for its state.
func (p *page) decides(kind, state string, buttons ...string) {
	p.Helper()
	section := fmt.Sprintf(`[...document.querySelectorAll("section.paper")].find((s) => s.querySelector("input[name=kind]")?.value === %q)`, kind)
	for _, label := range buttons {
		p.press(label+" of the "+kind, fmt.Sprintf(`[...(%s).querySelectorAll("button, summary")].find((e) => e.textContent.trim() === %q)`, section, label))
	}
	p.await("the "+kind+" is "+state, fmt.Sprintf(`[...document.querySelectorAll("section.paper")].some((s) => s.id.startsWith(%q) && s.textContent.includes(%q))`, "page-"+kind, state))
}
