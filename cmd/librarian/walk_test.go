package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// promptly is how soon news of the desk are in the reader's chat, a busy machine included.
const promptly = time.Second

// TestWalk walks through the demo as its people do, in a real browser.
func TestWalk(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d := startDemo(t)
	for _, step := range []struct {
		name string
		walk func(*browser, *exhibit)
	}{
		{"registration", walkRegistration},
		{"takeover", walkTakeOver},
		{"newcolleague", walkNewColleague},
		{"keyboard", walkKeyboard},
		{"narrow", walkNarrow},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.walk(&browser{T: t, ctx: b.ctx, shots: b.shots}, &exhibit{t, d.url})
		})
	}
}

// asksRussian opens the chat and chooses the language.
func (p *page) asksRussian(d *exhibit) {
	p.Helper()
	p.open(d.url + "/chat/demo")
	p.sees("Українська")
	p.look("languages")
	p.presses("Русский")
	p.hears("Чем вам помочь?")
}

// registers goes all the way of the registration, up to the request that was sent.
func (p *page) registers(d *exhibit, name, email string) {
	p.Helper()
	p.presses("Записаться в библиотеку")
	p.presses("Меня")
	p.hears("Вы согласны?")
	p.look("consent")
	p.presses("Согласен / согласна")
	p.hears("пришлите сюда фотографию")
	p.do("attach a photo", chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{paper(p.T)}))
	p.await("the photo waits to be sent", `document.querySelector("#tray li")`)
	p.look("photo")
	p.presses("Отправить")
	p.hears("Напишите фамилию")
	p.says(name)
	p.hears("дату рождения")
	p.says("31.02.1990")
	p.hears("Такого дня в календаре нет")
	p.says("14 мая 1990")
	p.hears("Куда сообщить")
	p.says(email)
	p.hears("шесть цифр")
	p.look("code")
	p.says(d.code(email))
	p.hears("Проверьте, пожалуйста")
	p.look("review")
	p.presses("Всё верно, отправить")
	p.hears("Заявка отправлена")
	p.look("sent")
}

func walkRegistration(b *browser, d *exhibit) {
	const name, email = "Никифорова Айыына Петровна", "aiyyna@example.org"
	librarian := b.person("librarian", desktop)
	librarian.signsIn(d, "librarian")
	librarian.do("mark the page", chromedp.Evaluate[chromedp.Void]("window.sameLoad = true"))

	reader := b.person("reader", phone)
	reader.asksRussian(d)
	reader.registers(d, name, email)

	librarian.sees(name)
	if !answer[bool](librarian, "window.sameLoad === true") {
		librarian.fail("the queue was loaded anew")
	}
	librarian.look("queue")
	librarian.press("the task", fmt.Sprintf(`[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes(%q))`, name))
	librarian.sees("Чтобы действовать, возьмите задачу.")
	librarian.look("task")
	librarian.takes()
	librarian.presses("Увеличить")
	librarian.await("the photo fills the window", `(() => { const box = document.querySelector(".photo.showing img")?.getBoundingClientRect(); return box && box.height > innerHeight * 0.7; })()`)
	librarian.look("photo-large")
	librarian.key("\u001b")
	librarian.presses("Принять")
	reader.hears("всё в порядке")
	librarian.sees("Регистрация принята и передана регистратору.")
	librarian.look("accepted")

	registrar := b.person("registrar", desktop)
	registrar.signsIn(d, "registrar")
	registrar.look("queue")
	registrar.press("the task", fmt.Sprintf(`[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes(%q))`, name))
	registrar.takes()
	registrar.await("the form of the card", `document.querySelector("input[name=number]")`)
	number := answer[string](registrar, `document.querySelector("input[name=number]").value`)
	password := answer[string](registrar, `document.querySelector("input[name=password]").value`)
	if number != "000002" || len(password) < 8 { // the sample reader has the first of the series
		registrar.fail("proposed: number %q, password of %d characters", number, len(password))
	}
	registrar.look("card")
	reader.do("watch for the password", chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`window.cardAt = 0; new MutationObserver(() => {
		if (!window.cardAt && document.getElementById("log").innerText.includes(%q)) window.cardAt = Date.now();
	}).observe(document.getElementById("log"), { childList: true, subtree: true })`, password)))
	pressed := time.Now()
	registrar.presses("Выдать билет")
	registrar.await("the card is issued", `!document.querySelector("input[name=number]") && document.readyState === "complete"`)
	issued := time.Now()
	reader.await("the card comes by itself", "window.cardAt")
	if took := time.UnixMilli(answer[int64](reader, "window.cardAt")).Sub(issued); took > promptly {
		reader.Errorf("the card came %v after it was issued", took)
	} else {
		reader.Logf("the card came %v after the button was to be pressed, page loads of the desk included", took+issued.Sub(pressed))
	}
	reader.await("the picture of the card", `(() => { const i = document.querySelector("#log .entry.notice img"); return i && i.complete && i.naturalWidth > 300; })()`)
	reader.sees(number)
	reader.look("card")
	registrar.look("issued")
	librarian.open(d.url + "/desk?tab=done")
	librarian.press("the task that is done", fmt.Sprintf(`[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes(%q))`, name))
	librarian.presses("Открыть разговор")
	librarian.await("the picture of the card", `[...document.querySelectorAll(".talk .from-bot img")].some((i) => i.complete && i.naturalWidth > 300)`)
	librarian.look("conversation")
	if text := d.letter(email, number); strings.Contains(text, password) {
		d.Error("the password stands in a letter")
	}
	readerReturns(reader, d, number, password)
}

// readerReturns loads the chat anew: all is there but the password, which has been shown.
func readerReturns(reader *page, d *exhibit, number, password string) {
	reader.Helper()
	deadline := time.Now().Add(patienceOfTests)
	for {
		reader.open(d.url + "/chat/demo")
		reader.sees(number)
		reader.sees("Первый пароль")
		if !answer[bool](reader, fmt.Sprintf("document.body.innerText.includes(%q)", password)) {
			break
		}
		if time.Now().After(deadline) {
			reader.fail("the password is still shown")
		}
	}
	reader.sees("14 мая 1990")
	reader.look("reloaded")
	reader.presses("Мой билет")
	reader.hears("читательский билет № " + number)
	reader.await("the whole card", `(() => { const i = [...document.querySelectorAll("#log .entry.bot img")].at(-1); const box = i.getBoundingClientRect(); return i.complete && Math.abs(box.width / box.height - i.naturalWidth / i.naturalHeight) < 0.05; })()`)
	reader.look("my-card")
}

func walkTakeOver(b *browser, d *exhibit) {
	const question, more, answered, thanks = "Есть ли у вас подшивка газеты «Кыым» за 1938 год?", "Мне нужен март.", "Здравствуйте! Да, март есть целиком.", "Спасибо большое!"
	reader := b.person("reader", phone)
	reader.asksRussian(d)
	reader.says(question)
	reader.hears("Передать это библиотекарю?")
	reader.presses("Да, передать")
	reader.hears("Вопрос передан библиотекарю")
	reader.look("asked")

	librarian := b.person("librarian2", desktop)
	librarian.signsIn(d, "librarian2")
	librarian.press("the question", fmt.Sprintf(`[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes(%q))`, "1938"))
	librarian.takes()
	librarian.writes("#reply textarea", answered)
	librarian.presses("Говорить самому")
	librarian.sees("говорите вы")
	librarian.do("press as who clicks twice", chromedp.DoubleClick(chromedp.CSS("#speaker button"))) // the conversation is not handed back
	librarian.look("taken-over")
	reader.says(more)
	librarian.sees(more)
	bot := answer[int](reader, `document.querySelectorAll("#log .entry.bot").length`)
	librarian.do("go on writing", chromedp.Focus(chromedp.CSS("#reply textarea")))
	librarian.do("send the answer", chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	reader.hears(answered)
	reader.hears("Пётр Николаев")
	reader.says(thanks)
	librarian.sees(thanks)
	if now := answer[int](reader, `document.querySelectorAll("#log .entry.bot").length`); now != bot {
		reader.fail("the bot spoke while the librarian did")
	}
	reader.look("answered")
	librarian.look("answered")
	librarian.presses("Вернуть боту")
	librarian.sees("говорит бот")
	reader.says("меню")
	reader.hears("Чем вам помочь?")
	reader.presses("О библиотеке")
	reader.hears("library@library.example")
	reader.look("handed-back")
	librarian.look("handed-back")
}
