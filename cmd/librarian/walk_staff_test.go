package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"
)

// oneTimeCode is what the app of the secret's owner shows some half minutes later than now.
func oneTimeCode(t *testing.T, secret string, later int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(later)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrols goes from the first password to the queue: second factor, then a password of one's own. It gives the secret of the factor.
func (p *page) enrols(login, first, own string) (secret string) {
	p.Helper()
	p.writes("input[name=login]", login)
	p.writes("input[name=password]", first)
	p.look("sign-in")
	p.presses("Войти")
	p.sees("Второй ключ к учётной записи")
	p.await("the picture for the app", `(() => { const i = document.querySelector("img.qr"); return i.complete && i.naturalWidth > 100; })()`)
	p.look("enrol")
	secret = answer[string](p, `document.querySelector(".secret").textContent.replaceAll(" ", "")`)
	p.writes("input[name=code]", "000000")
	p.presses("Подтвердить")
	p.sees("Код не подошёл")
	p.writes("input[name=code]", oneTimeCode(p.T, secret, 0))
	p.presses("Подтвердить")
	p.sees("Придумайте свой")
	p.writes("input[name=old]", first)
	p.writes("input[name=new]", own)
	p.writes("input[name=again]", own)
	p.look("password")
	p.presses("Сменить пароль")
	p.sees("Пароль сменён")
	return secret
}

// walkNewColleague is a director who adds a member of staff, and their first two days.
func walkNewColleague(b *browser, d *exhibit) {
	const login, own = "nadezhda", "three green herons wade"
	director := b.person("director", desktop)
	director.signsIn(d, "director")
	director.presses("Сотрудники")
	director.presses("Добавить сотрудника")
	director.writes("input[name=name]", "Надежда Соколова")
	director.writes("form[action='/desk/staff'] input[name=login]", login)
	director.do("choose the role", chromedp.SetValue(chromedp.CSS("select[name=role]"), "librarian"))
	director.look("add")
	director.presses("Добавить")
	director.sees("Одноразовый пароль")
	director.look("added")
	first := answer[string](director, `document.querySelector(".secret").textContent`)

	colleague := b.person("colleague", desktop)
	colleague.open(d.url + "/desk")
	secret := colleague.enrols(login, first, own)
	colleague.look("queue")
	colleague.press("the menu", `document.querySelector("details.menu summary")`)
	colleague.look("menu")
	colleague.presses("Выйти")
	colleague.writes("input[name=login]", login)
	colleague.writes("input[name=password]", first)
	colleague.presses("Войти")
	colleague.sees("Логин или пароль неверны")
	colleague.look("wrong-password")
	colleague.writes("input[name=password]", own)
	colleague.presses("Войти")
	colleague.sees("Код из приложения")
	colleague.look("code")
	colleague.writes("input[name=code]", oneTimeCode(b.T, secret, 1)) // the one of this half minute has been used
	colleague.presses("Войти")
	colleague.await("the queue", `document.querySelector("nav.tabs")`)
}

// walkKeyboard uses neither mouse nor finger.
func walkKeyboard(b *browser, d *exhibit) {
	const question = "Можно ли взять книги на всё лето?"
	reader := b.person("reader", desktop)
	reader.open(d.url + "/chat/demo")
	reader.sees("Українська")
	reader.reaches("the language", `node.textContent === "Русский"`)
	reader.look("choice")
	reader.key(kb.Enter)
	reader.hears("Чем вам помочь?")
	reader.reaches("the text field", `node.id === "text"`)
	reader.key(question)
	reader.enter()
	reader.hears("Передать это библиотекарю?")
	reader.look("question")
	reader.do("to the beginning", chromedp.Evaluate[chromedp.Void]("document.activeElement.blur()"))
	reader.reaches("the button", `node.textContent === "Да, передать"`)
	reader.key(kb.Enter)
	reader.hears("Вопрос передан библиотекарю")
	reader.await("the keyboard can go on", `document.activeElement.id === "text"`)

	librarian := b.person("librarian", desktop)
	librarian.open(d.url + "/desk")
	librarian.reaches("the account", `node.form?.querySelector("[value=librarian]")`)
	librarian.key(kb.Enter)
	librarian.await("the queue", `document.querySelector("nav.tabs")`)
	librarian.reaches("the way to the content", `node.matches("a.skip")`)
	librarian.look("skip")
	librarian.key(kb.Enter)
	librarian.reaches("the task", fmt.Sprintf(`node.matches("a.row") && node.textContent.includes(%q)`, question))
	librarian.look("row")
	librarian.key(kb.Enter)
	librarian.await("the task", `document.querySelector("#task-side")`)
	librarian.reaches("to take it", `node.textContent === "Взять"`)
	librarian.key(kb.Enter)
	librarian.await("the field for the answer", `document.querySelector("#reply textarea")`)
	librarian.reaches("the field for the answer", `node.matches("#reply textarea")`)
	librarian.key("Да, до первого сентября.")
	librarian.reaches("to send and finish", `node.name === "finish"`)
	librarian.look("answer")
	librarian.key(kb.Enter)
	reader.hears("Да, до первого сентября.")
	reader.look("answer")
}

// walkNarrow looks at every page on the narrowest phone.
func walkNarrow(b *browser, d *exhibit) {
	reader := b.person("reader", narrowest)
	reader.asksRussian(d)
	reader.says("Длинное слово: " + "рентгеноэлектрокардиографического" + "рентгеноэлектрокардиографического" + " и адрес https://library.example/" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	reader.hears("Передать это библиотекарю?")
	reader.fits("chat")
	reader.open(d.url + "/demo/mail")
	reader.fits("letters")
	desk := b.person("desk", narrowest)
	desk.open(d.url + "/desk")
	desk.fits("sign-in")
	desk.signsIn(d, "director")
	desk.fits("queue")
	first := `document.querySelector("a.row").getAttribute("href")`
	task := answer[string](desk, first)
	for _, of := range []struct{ step, path string }{
		{"task", task}, {"staff", "/desk/staff"}, {"account", "/desk/account"}, {"audit", "/desk/audit"}, {"late", "/desk?tab=late"},
	} {
		desk.open(d.url + of.path)
		desk.await("the page", `document.readyState === "complete"`)
		desk.fits(of.step)
	}
	desk.open(d.url + task)
	conversation := answer[string](desk, `document.querySelector('a[href^="/desk/conversations/"]')?.getAttribute("href") ?? ""`)
	if conversation == "" {
		desk.fail("the task leads to no conversation")
	}
	desk.open(d.url + conversation)
	desk.fits("conversation")
}
