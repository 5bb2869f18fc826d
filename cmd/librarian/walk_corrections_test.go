package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/chromedp/chromedp"
)

// setsRight puts an answer right, asks the reader beside the papers, and takes a decision back; the same page stands on a phone too.
func (p *page) setsRight(d *exhibit, reader *page) {
	p.Helper()
	p.presses("Исправить данные")
	p.writes(`input[name="text.answer.profession"]`, "учитель истории")
	p.look("correct")
	p.presses("Исправить и сообщить читателю")
	p.sees("было «учитель», стало «учитель истории»")
	reader.hears("Профессия: было «учитель», стало «учитель истории»")
	reader.look("corrected")

	p.presses("Разговор с читателем")
	const question = "Адрес точно прежний, а квартира 12?" // its letters are keys of the papers beside it
	p.writes("#talk textarea", question)
	p.presses("Отправить")
	reader.hears(question)
	reader.says("Да, 12")
	p.await("the answer comes in beside the papers", `document.querySelector("#talk .talk").innerText.includes("Да, 12")`)
	p.await("no page was decided by typing", `document.querySelectorAll("section.paper.is-received").length === 3 && !document.querySelector(".photo.showing")`)
	p.look("talk")
	if p.shots != "" && os.Getenv("LIBRARIAN_SCREENSHOTS") != "" {
		p.size(phone)
		p.look("facts-phone")
		p.do("go to the talk", chromedp.Evaluate[chromedp.Void](`document.querySelector("#talk").scrollIntoView()`))
		p.look("talk-phone")
		p.size(desktop)
	}
	p.presses("Вернуть боту")
	p.sees("говорит бот")

	p.decides("form", "принята", "Принять страницу")
	p.press("the way back", `document.querySelector("#page-form-1 form[action$=reopen] button")`)
	p.await("the page waits again", `document.querySelector("#page-form-1.is-received")`)
	p.look("reopened")
	if width := answer[int](p, "document.documentElement.scrollWidth"); width > desktop {
		p.Errorf("the page is %d pixels wide", width)
	}
	if problem := strings.TrimSpace(answer[string](p, `document.querySelector(".note.bad")?.textContent ?? ""`)); problem != "" {
		p.Error(fmt.Sprint("the page complains: ", problem))
	}
}
