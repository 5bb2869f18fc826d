package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestWalkOrders walks the way of ordered pages: the reader in the chat, the department on a phone, the librarian at the desk; what comes, and what does not.
func TestWalkOrders(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	w := &orderWalk{browser: b, d: startDemo(t)}
	w.reader, w.librarian, w.keeper = b.person("reader", phone), b.person("librarian", desktop), b.person("department", narrowest)
	w.librarian.signsIn(w.d, "librarian")
	w.becomesReader("Никифорова Айыына Петровна", "aiyyna@example.org")
	w.keeper.signsIn(w.d, "storage")
	w.looksAtTheSample()
	for _, step := range []struct {
		name string
		walk func(*orderWalk)
	}{
		{"pages", (*orderWalk).pagesCome},
		{"complaint", (*orderWalk).pageIsMadeAnew},
		{"lost", (*orderWalk).bookIsLost},
		{"question", (*orderWalk).readerIsAsked},
		{"limit", (*orderWalk).tooMuchIsOrdered},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.walk(w.in(t)) }) {
			return // each step stands on those before
		}
	}
}

// looksAtTheSample: the demo begins with an order for each kind of work, and one that is done.
func (w *orderWalk) looksAtTheSample() {
	w.Helper()
	w.librarian.open(w.d.url + "/desk/orders")
	for book, state := range map[string]string{"Узоры на бересте": "выбрать отдел", "Записки охотника": "ищет отдел", "Стихотворения и поэмы": "проверить"} {
		w.librarian.await(book+": "+state, fmt.Sprintf(`[...document.querySelectorAll("a.row")].some((e) => e.textContent.includes(%q) && e.textContent.includes(%q))`, book, state))
	}
	w.librarian.look("sample")
	w.librarian.open(w.d.url + "/desk")
	w.librarian.look("sample-queue")
	w.librarian.opensTask("Узоры на бересте")
	w.librarian.sees("Какому отделу передать")
	w.librarian.look("sample-route")
}

// orderWalk is who takes part, and what has been photographed.
type orderWalk struct {
	*browser
	d                         *exhibit
	reader, librarian, keeper *page
	taken                     int // photos
}

// in is the same walk as a part of the test.
func (w *orderWalk) in(t *testing.T) *orderWalk {
	b := &browser{T: t, ctx: w.ctx, shots: w.shots}
	of := func(p *page) *page { return &page{browser: b, ctx: p.ctx, who: p.who} }
	return &orderWalk{browser: b, d: &exhibit{t, w.d.url}, reader: of(w.reader), librarian: of(w.librarian), keeper: of(w.keeper)}
}

// becomesReader registers the reader, up to the card.
func (w *orderWalk) becomesReader(name, email string) {
	w.Helper()
	w.reader.asksRussian(w.d)
	w.reader.registers(w.d, name, email)
	w.librarian.opensTask(name)
	w.librarian.takes()
	w.librarian.presses("Принять")
	w.reader.hears("всё в порядке")
	registrar := w.person("registrar", desktop)
	registrar.signsIn(w.d, "registrar")
	registrar.opensTask(name)
	registrar.takes()
	registrar.presses("Выдать билет")
	w.reader.hears("Билет готов")
}

// orders asks for pages of a book, from the menu to the promise.
func (w *orderWalk) orders(words, book, pages string) {
	w.Helper()
	w.wants(words, book, pages)
	w.reader.presses("Принимаю, заказать")
	w.reader.hears("самое позднее")
}

// wants asks for pages of a book, up to the terms.
func (w *orderWalk) wants(words, book, pages string) {
	w.Helper()
	r := w.reader
	r.says("меню")
	r.hears("Чем вам помочь?")
	r.presses("Заказать фрагмент книги")
	r.hears("Какая книга нужна?")
	r.says(words)
	r.hears("нашлось в каталоге")
	r.look("found")
	r.press(book, fmt.Sprintf(`[...document.querySelectorAll("#log button")].findLast((e) => e.checkVisibility() && e.textContent.includes(%q))`, book))
	r.hears("Какие страницы нужны?")
	r.says(pages)
	r.hears("Как прислать?")
	r.look("want")
	r.presses("Фото")
	r.hears("Копия делается лично для вас")
	r.look("terms")
}

// pagesCome is the way of the first order.
func (w *orderWalk) pagesCome() {
	r, keeper, librarian := w.reader, w.keeper, w.librarian
	w.orders("шолохв тихий дон", "Тихий Дон", "120–124")
	r.look("ordered")

	keeper.opensTask("Тихий Дон")
	keeper.sees("Добавить страницы")
	keeper.fits("task")
	if answer[bool](keeper, `document.documentElement.outerHTML.includes("Никифорова")`) {
		keeper.fail("the department may know who asks")
	}
	keeper.takes()
	shots := []string{w.photo(122, 0), w.photo(121, 3), w.photo(120, 0), w.photo(999, 0)}
	keeper.brings(append(shots, w.scan(123, 124))...)
	keeper.await("six pages", `document.querySelectorAll(".sheet").length === 6`)
	keeper.fits("brought")
	keeper.shows("parts-title")
	keeper.fits("brought-pages")

	librarian.open(w.d.url + "/desk")
	librarian.do("mark the page", chromedp.Evaluate[chromedp.Void]("window.sameLoad = true"))
	keeper.presses("Всё прислано")
	keeper.sees("Страницы переданы библиотекарю.")
	keeper.fits("handed-over")
	librarian.await("the task", `[...document.querySelectorAll("a.row")].some((e) => e.textContent.includes("Тихий Дон") && e.textContent.includes("Проверка"))`)
	if !answer[bool](librarian, "window.sameLoad === true") {
		librarian.fail("the queue was loaded anew")
	}
	librarian.look("queue")
	librarian.opensTask("Тихий Дон")
	librarian.takes()
	librarian.look("check")
	w.arranges()
	librarian.presses("Отправить читателю")
	librarian.sees("Собираем PDF")
	r.hears("Копия лично для вас")
	r.await("the PDF", `document.querySelector('#log a[href]') && [...document.querySelectorAll("#log a[href]")].filter((a) => a.textContent.includes("Страницы")).length === 1`)
	r.look("sent")
	all := r.received()
	comes(w.T, all[len(all)-1], 120, 121, 122, 123, 124)
	w.checksMyOrders()
}

// arranges puts the pages in order: one is turned, one is dropped, one is dragged, one is moved by the keyboard.
func (w *orderWalk) arranges() {
	w.Helper()
	p := w.librarian
	p.press("turn the second", sheetButton(2, "Повернуть"))
	p.await("the second lies upright", `document.querySelectorAll(".sheet")[1].querySelector(".photo").dataset.lies === "1"`)
	p.press("drop the fourth", sheetButton(4, "Убрать"))
	p.await("the fourth is out", `document.querySelectorAll(".sheet")[3].classList.contains("is-dropped")`)
	p.await("the drop keeps the focus", `document.activeElement.closest(".sheet") === document.querySelectorAll(".sheet")[3]`)
	p.look("dropped")
	third := answer[string](p, `document.querySelectorAll(".sheet")[2].id`)
	p.do("bring the sheets into the window", chromedp.Evaluate[chromedp.Void](`document.querySelector(".sheets").scrollIntoView({ block: "start", behavior: "instant" })`))
	p.do("drag the third to the first", chromedp.DragAndDrop(chromedp.CSS("#"+third+" img"), chromedp.CSS(".sheet:first-child img")))
	p.await("the third is the first", fmt.Sprintf(`document.querySelectorAll(".sheet")[0].id === %q`, third))
	p.look("dragged")
	p.do("focus on the heading", chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".sheet")[2].focus()`))
	p.reaches("earlier", `node.ariaLabel === "Поставить раньше, сейчас 3-я по порядку"`)
	moved := answer[string](p, `document.activeElement.closest(".sheet").id`)
	p.key(kb.Enter)
	p.await("it is the second", fmt.Sprintf(`document.querySelectorAll(".sheet")[1].id === %q`, moved))
	p.await("the focus goes with the page", fmt.Sprintf(`document.activeElement.closest(".sheet")?.id === %q && document.activeElement.matches("button")`, moved))
	p.look("arranged")
}

func (w *orderWalk) checksMyOrders() {
	w.Helper()
	r := w.reader
	r.presses("Мои заказы")
	r.hears("Ваши заказы, новые сверху")
	r.look("my-orders")
	r.press("the order", `[...document.querySelectorAll("#log button")].findLast((e) => e.checkVisibility() && e.textContent.includes("Тихий Дон"))`)
	r.hears("Заказ отправлен:")
	r.look("my-order")
}

// pageIsMadeAnew: the reader complains, the department is asked again, a new page replaces the bad one.
func (w *orderWalk) pageIsMadeAnew() {
	r, keeper, librarian := w.reader, w.keeper, w.librarian
	r.presses("Плохо видно страницу")
	r.hears("какие страницы и что с ними не так")
	r.says("Страница 124 обрезана справа")
	r.hears("сделают заново")
	r.look("complained")
	librarian.open(w.d.url + "/desk")
	librarian.opensTask("Тихий Дон")
	librarian.sees("Страница 124 обрезана справа")
	librarian.look("complaint")
	librarian.takes()
	librarian.presses("Попросить отдел ещё раз")
	librarian.writes("form[action$='/return'] textarea", "Снимите, пожалуйста, страницу 124 целиком")
	librarian.presses("Вернуть в отдел")
	librarian.sees("Заказ вернулся в отдел.")

	keeper.open(w.d.url + "/desk")
	keeper.opensTask("Тихий Дон")
	keeper.sees("Страница 124 обрезана справа")
	keeper.sees("страницу 124 целиком")
	keeper.fits("asked-again")
	keeper.brings(w.photo(125, 0))
	keeper.await("seven pages", `document.querySelectorAll(".sheet").length === 7`)
	keeper.presses("Всё прислано")
	keeper.sees("Страницы переданы библиотекарю.")

	librarian.opensTask("Тихий Дон")
	librarian.press("drop the bad one", sheetButton(6, "Убрать"))
	librarian.await("it is out", `document.querySelectorAll(".sheet")[5].classList.contains("is-dropped")`)
	librarian.presses("Отправить читателю")
	r.await("the second PDF", `new Set([...document.querySelectorAll("#log a[href]")].filter((a) => a.textContent.includes("Страницы")).map((a) => a.href)).size === 2`)
	r.look("sent-again")
	all := r.received()
	comes(w.T, all[len(all)-1], 120, 121, 122, 123, 125)
}

// bookIsLost: the department says why there is nothing, and the reader what can be done instead.
func (w *orderWalk) bookIsLost() {
	w.orders("Ахматова Реквием", "Реквием", "10-12")
	keeper := w.keeper
	keeper.open(w.d.url + "/desk")
	keeper.opensTask("Реквием")
	keeper.presses("Отказать")
	keeper.do("choose the reason", chromedp.SetValue(chromedp.CSS("form[action$='/refuse'] select"), "lost"))
	keeper.shows("decision")
	keeper.fits("refuse")
	keeper.presses("Отказать и сообщить")
	keeper.sees("Читателю сообщён отказ с причиной.")
	w.reader.hears("Это издание утрачено.")
	w.reader.hears("Можно заказать другое издание")
	w.reader.look("lost")
}

// readerIsAsked: the promise waits for the reader's answer; the department takes its last step back.
func (w *orderWalk) readerIsAsked() {
	r, keeper, librarian := w.reader, w.keeper, w.librarian
	w.orders("тихий дон", "Тихий Дон", "глава 3")
	librarian.open(w.d.url + "/desk/orders")
	librarian.look("orders")
	librarian.press("the order", `[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes("глава 3"))`)
	librarian.presses("Спросить читателя")
	librarian.writes("form[action$='/ask'] textarea", "Третья глава какой части?")
	librarian.presses("Отправить вопрос")
	librarian.sees("Вопрос отправлен читателю.")
	librarian.look("asked")
	r.hears("Третья глава какой части?")
	r.look("question")
	r.presses("Ответить")
	r.says("Второй части")
	r.hears("Спасибо, передали сотруднику")
	r.look("answered")
	librarian.await("the clock goes on", `!document.body.innerText.includes("срок стоит")`)
	librarian.look("goes-on")

	keeper.open(w.d.url + "/desk")
	keeper.opensTask("глава 3")
	keeper.sees("Второй части")
	keeper.brings(w.photo(201, 0))
	keeper.await("a page", `document.querySelectorAll(".sheet").length === 1`)
	keeper.presses("Всё прислано")
	keeper.sees("Страницы переданы библиотекарю.")
	keeper.open(w.d.url + "/desk/orders")
	keeper.fits("orders")
	keeper.press("the order", `[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes("глава 3"))`)
	keeper.presses("Отменить мой последний шаг")
	keeper.sees("Последний шаг отменён.")
	keeper.await("it is theirs again", `[...document.querySelectorAll("button")].some((e) => e.textContent === "Всё прислано")`)
	keeper.fits("undone")
}

// tooMuchIsOrdered: more than the rules allow is answered before anything is ordered.
func (w *orderWalk) tooMuchIsOrdered() {
	r := w.reader
	w.wants("тихий дон", "Тихий Дон", "1-400")
	r.presses("Принимаю, заказать")
	r.hears("Всего разрешено страниц: 216, заказано раньше: 5.")
	r.look("limit")
	r.presses("Отмена")
	r.says("мои заказы")
	r.hears("Ваши заказы, новые сверху")
	if n := answer[int](r, `[...document.querySelectorAll("#log .entry:not(.reader)")].at(-1).querySelectorAll("button").length`); n != 4 { // three orders and the menu
		r.fail("%d buttons", n)
	}
	r.look("all")
}

// sheetButton is the button with the label on the page at the place.
func sheetButton(place int, label string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".sheet")[%d].querySelectorAll("button")].find((e) => e.textContent.trim() === %q)`, place-1, label)
}

// brings uploads files to the order that is open.
func (p *page) brings(paths ...string) {
	p.Helper()
	p.do("choose files", chromedp.SetUploadFiles(chromedp.CSS("form[data-upload] input[type=file]"), paths))
	p.presses("Загрузить")
}

// shows scrolls to a part of the page.
func (p *page) shows(id string) {
	p.Helper()
	p.do("scroll to "+id, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.getElementById(%q).scrollIntoView({ block: "start", behavior: "instant" })`, id)))
}

// photo is a file with a photo of the page, held so many quarters clockwise. Its name is the camera's, which counts.
func (w *orderWalk) photo(number, quarters int) string {
	w.Helper()
	w.taken++
	return written(w.T, filepath.Join(w.TempDir(), fmt.Sprintf("IMG_%04d.jpg", w.taken)), pagePhoto(w.T, number, quarters))
}

// scan is a PDF of the pages.
func (w *orderWalk) scan(numbers ...int) string {
	w.Helper()
	return written(w.T, filepath.Join(w.TempDir(), "scan.pdf"), pageScan(w.T, numbers...))
}
