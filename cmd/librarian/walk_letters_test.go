package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWalkLetters walks the way of letters with nothing but the demo: a reader and a department write on the page of the letter box, the library answers by
// the mail that they would use; and all of it goes on after a restart.
func TestWalkLetters(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	dir := t.TempDir()
	d, stop := startDemoIn(t, dir)
	w := &orderWalk{browser: b, d: d}
	w.reader, w.librarian, w.keeper = b.person("reader", phone), b.person("librarian", desktop), b.person("department", narrowest)
	w.readerWrites()
	w.departmentAnswers()
	stop()
	w.d, _ = startDemoIn(t, dir)
	w.lettersGoOn()
}

// readerWrites: a question by e-mail goes to a librarian, and the answer comes by e-mail.
func (w *orderWalk) readerWrites() {
	w.Helper()
	const question, answered = "Есть ли у вас газета «Кыым» за 1938 год?", "Да, на плёнке. Приходите в среду."
	r := w.person("correspondent", narrowest)
	r.open(w.d.url + "/demo/mail")
	r.sees("Писем пока нет")
	r.fits("empty")
	r.presses("Написать библиотеке")
	r.sees("Напишите как читатель или как отдел")
	r.fits("write")
	r.writes("#from", "semyon@reader.example")
	r.writes("#subject", "Старая газета")
	r.writes("#text", question)
	r.fits("written")
	r.reaches("the button", `node.textContent.trim() === "Отправить"`)
	r.key("\r")
	r.sees("Письмо отправлено.")
	r.opensLetter("Re: Старая газета", "semyon@reader.example")
	r.sees("1. Да, передать")
	r.fits("asked-back")
	r.answers("1")
	r.opensLetter("Re: Старая газета", "Вопрос передан библиотекарю")
	r.fits("handed-on")

	librarian := w.librarian
	librarian.signsIn(w.d, "librarian")
	librarian.opensTask("1938")
	librarian.takes()
	librarian.presses("Говорить самому")
	librarian.sees("говорите вы")
	librarian.writes("#reply textarea", answered)
	librarian.do("send the answer", chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	librarian.sees(answered)
	r.open(w.d.url + "/demo/mail")
	r.opensLetter("Re: Старая газета", answered)
	r.fits("answered")
}

// departmentAnswers: an order goes to the department by e-mail, and its answer with two photos is the pages of the order.
func (w *orderWalk) departmentAnswers() {
	w.Helper()
	w.librarian.open(w.d.url + "/desk")
	w.becomesReader("Никифорова Айыына Петровна", "aiyyna@example.org")
	w.orders("Ойуунускай Кыһыл Ойуун", "Кыһыл Ойуун", "12-13")
	keeper := w.keeper
	keeper.open(w.d.url + "/demo/mail")
	keeper.opensLetter("", "Кыһыл Ойуун")
	keeper.sees(demoWriterEmail)
	keeper.fits("slip")
	keeper.do("choose files", chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{w.photo(13, 0), w.photo(12, 0)}))
	keeper.writes("#text", "Посылаем обе страницы.")
	keeper.shows("answer")
	keeper.fits("answer")
	keeper.answers("")
	keeper.fits("sent")
	w.comeToTheOrder(2)
	w.librarian.look("pages")
	w.librarian.open(w.d.url + "/demo/mail")
	w.librarian.sees("Re: ")
	w.librarian.look("letters")
}

// lettersGoOn: after a restart the letters are there, the same slip takes one more page, and the reader's conversation its next letter.
func (w *orderWalk) lettersGoOn() {
	w.Helper()
	keeper := w.keeper
	keeper.open(w.d.url + "/demo/mail")
	keeper.opensLetter("", "Кыһыл Ойуун")
	keeper.do("choose a file", chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{w.photo(14, 0)}))
	keeper.answers("")
	w.comeToTheOrder(3)
	r := w.person("correspondent", phone)
	r.open(w.d.url + "/demo/mail")
	r.opensLetter("Re: Старая газета", "Приходите в среду")
	r.answers("Спасибо!")
	w.librarian.open(w.d.url + "/desk")
	w.librarian.opensTask("1938")
	w.librarian.sees("Спасибо!")
	w.librarian.look("goes-on")
}

// comeToTheOrder waits until the librarian sees so many pages.
func (w *orderWalk) comeToTheOrder(pages int) {
	w.Helper()
	p := w.librarian
	p.open(w.d.url + "/desk/orders")
	p.press("the order", `[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes("Кыһыл Ойуун"))`)
	p.await(fmt.Sprint(pages, " pages"), fmt.Sprintf(`document.querySelectorAll(".sheet").length === %d`, pages))
	p.await("their pictures", `[...document.querySelectorAll(".sheet img")].every((i) => i.complete && i.naturalWidth > 0)`)
}

// opensLetter waits in the list for a letter with the subject and the words in it, and opens it.
func (p *page) opensLetter(subject, words string) {
	p.Helper()
	p.await("a letter with "+words, fmt.Sprintf(`(async () => {
		for (const row of document.querySelectorAll(".letters a")) {
			if (!row.querySelector("strong").textContent.startsWith(%q)) continue;
			const text = await (await fetch(row.href)).text();
			if (!new DOMParser().parseFromString(text, "text/html").querySelector("form") || !text.includes(%q)) continue;
			row.click();
			return true;
		}
	})()`, subject, words))
	p.await("the letter", fmt.Sprintf(`document.querySelector("article")?.innerText.includes(%q)`, words))
}

// answers sends the answer to the letter that is open.
func (p *page) answers(text string) {
	p.Helper()
	if text != "" {
		p.writes("#text", text)
	}
	p.presses("Отправить")
	p.sees("Письмо отправлено.")
}
