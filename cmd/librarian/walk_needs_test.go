package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWalkNeeds: a reader says in the chat what they miss; a librarian notes the same for a group, puts another way of writing to it, sees who asked, and
// decides; who asks again brings it back (V5).
func TestWalkNeeds(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d := startDemo(t)
	reader := b.person("reader", phone)
	reader.open(d.url + "/chat/full")
	reader.presses("Русский")
	reader.look("menu")
	reader.presses("Предложить книгу или тему")
	reader.hears("Чего вам не хватает?")
	reader.look("which")
	reader.presses("Подписаться на базу или ресурс")
	reader.hears("Какая база")
	reader.says("scopus база")
	reader.hears("Спасибо, записали: scopus база")
	reader.look("thanks")
	reader.presses("Предложить книгу или тему")
	reader.presses("Добавить книги: автор, тема")
	reader.hears("Каких книг не хватает?")
	reader.says("Якутские народные сказки о животных и птицах в пересказе для самых маленьких, с картинками")
	reader.hears("Спасибо, записали: Якутские")

	librarian := b.person("full-librarian", desktop)
	librarian.signsIn(d, "full-librarian")
	librarian.presses("Пожелания")
	librarian.sees("3 человека")
	librarian.presses("Записать пожелание за кого-то")
	librarian.do("choose what it is", chromedp.SetValue(chromedp.CSS("form[method=post] select[name=kind]"), "resource"))
	librarian.writes("input[name=words]", "Подписка на Скопус")
	librarian.writes("input[name=who]", "Кафедра биологии СВФУ")
	librarian.writes("input[name=category]", "Студент вуза")
	librarian.look("note")
	librarian.presses("Записать")
	librarian.sees("Пожелание записано.")
	librarian.look("list")
	librarian.size(narrowest)
	librarian.fits("list-narrow")
	librarian.size(phone)
	librarian.look("list-phone")
	librarian.size(desktop)

	librarian.press("the other way of writing", `[...document.querySelectorAll("a.row")].find((e) => e.textContent.includes("Скопус"))`)
	librarian.sees("Кафедра биологии СВФУ")
	librarian.chooses("select[name=same]", "3 человека")
	librarian.presses("Объединить")
	librarian.sees("Теперь они считаются вместе.")
	librarian.sees("4 человека")
	librarian.look("group")
	librarian.size(narrowest)
	librarian.fits("group-narrow")
	librarian.size(phone)
	librarian.look("group-phone")
	librarian.size(desktop)
	librarian.writes("input[name=note]", "Подписались до конца 2027 года")
	librarian.presses("Решено")
	librarian.sees("Решение записано")
	librarian.await("it left the list", `!document.body.innerText.includes("4 человека")`)

	reader.presses("Предложить книгу или тему")
	reader.presses("Подписаться на базу или ресурс")
	reader.hears("Какая база")
	reader.says("Подписка на Скопус")
	reader.hears("Спасибо, записали: Подписка")
	librarian.presses("Пожелания")
	librarian.sees("Раньше решили: Подписались до конца 2027 года. Спросили снова.")
	librarian.look("back")

	head := b.person("head", desktop)
	head.signsIn(d, "head")
	head.open(d.url + "/desk/needs")
	head.sees("Ойуун түүлэ")
	head.press("the first", `document.querySelector("a.row")`)
	head.sees("Сколько человек")
	head.await("nobody is shown", `!document.body.innerText.includes("Кто спрашивал")`)
}

// chooses the option of a list whose label includes the text.
func (p *page) chooses(selector, text string) {
	p.Helper()
	p.await("the option "+text, fmt.Sprintf(`(() => {
		const list = document.querySelector(%q);
		const option = [...list.options].find((o) => o.text.includes(%q));
		if (option) list.value = option.value;
		return Boolean(option);
	})()`, selector, text))
}
