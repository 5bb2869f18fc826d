package main

import (
	"fmt"
	"testing"
)

// TestWalkLesson walks a student from the first word to the card: registered, papers by post, accepted, a lesson chosen and changed, certified, card.
func TestWalkLesson(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d := startDemo(t)
	const name = "Винокурова Нарыйа Егоровна"
	reader := b.person("student", phone)
	reader.open(d.url + "/chat/full")
	reader.presses("Русский")
	reader.answersAsStudent(name)
	reader.hears("бумаги готовы")

	librarian := b.person("full-librarian", desktop)
	librarian.signsIn(d, "full-librarian")
	librarian.open(d.url + "/desk/papers")
	librarian.opensTask(name)
	librarian.presses("Бумаги пришли по почте")
	librarian.presses("Принять страницы на бумаге")
	librarian.takes()
	librarian.presses("Принять регистрацию")
	librarian.sees("Билет ждёт занятия для новых читателей")
	reader.hears("До билета осталось одно")
	reader.look("one-is-left")
	reader.presses("Выбрать время")
	reader.hears("ближайшие занятия")
	reader.look("times")
	reader.pressesSlot()
	reader.hears("вы записаны на занятие")
	reader.look("chosen")
	reader.presses("Занятие для новых читателей")
	reader.presses("Другое время")
	reader.hears("ближайшие занятия")
	reader.pressesSlot()
	reader.hears("вы записаны на занятие")
	reader.presses("Моя заявка")
	reader.hears("Занятие для новых читателей в")

	department := b.person("department", desktop)
	department.signsIn(d, "full-biblio")
	department.look("queue")
	department.opensTask(name)
	department.sees("Придёт на занятие")
	department.look("task")
	department.presses("Занятия")
	department.sees(name)
	department.sees("Семёнова Дайаана")
	department.look("lessons")
	department.size(narrowest)
	department.fits("lessons-narrow")
	department.size(phone)
	department.look("lessons-phone")
	department.size(desktop)
	department.press("the lesson is passed", fmt.Sprintf(
		`[...document.querySelectorAll("li.newcomer")].find((e) => e.textContent.includes(%q))?.querySelector("button[value=lesson]")`, name))
	department.sees("Задача на билет передана регистратору")
	department.look("certified")
	reader.hears("скоро придёт номер билета")

	director := b.person("full-director", desktop)
	director.signsIn(d, "full-director")
	director.open(d.url + "/desk/lessons")
	director.press("waive", `[...document.querySelectorAll("li.newcomer")].find((e) => e.textContent.includes("Дайаана"))?.querySelector("summary")`)
	director.writes("li.newcomer details[open] textarea", "Ведёт такие занятия сама")
	director.look("waive")
	director.presses("Выдать без занятия")
	director.sees("Записано. Задача на билет передана регистратору")

	registrar := b.person("full-registrar", desktop)
	registrar.signsIn(d, "full-registrar")
	registrar.opensTask(name)
	registrar.takes()
	registrar.presses("Выдать билет")
	reader.hears("Билет готов")
	reader.look("card")
}

// answersAsStudent goes from the menu to the request that waits for its papers, with a look at the advice that is offered beside the rules.
func (p *page) answersAsStudent(name string) {
	p.Helper()
	for _, step := range []struct{ hears, says, presses string }{
		{"Чем вам помочь?", "", "Записаться в библиотеку"},
		{"Кого записываем", "", "Меня"},
		{"Вы согласны?", "", "Согласен / согласна"},
		{"Напишите фамилию", name, ""},
		{"дату рождения", "14 мая 2007", ""},
		{"Куда сообщить", "+7 914 222-33-44", ""},
		{"Книги берегут", "", "Нужна консультация"},
		{"Напишите ваш вопрос", "Можно ли фотографировать страницы?", ""},
		{"Книги берегут", "", "Принимаю правила"},
		{"Какой документ", "", "Паспорт"},
		{"Можно выбрать несколько", "", "Студенческий билет"},
		{"Можно выбрать несколько", "", "Дальше"},
		{"регистрация по месту", "", "В этом городе"},
		{"Какое образование", "", "Неоконченное высшее"},
		{"Что подходит", "", "Студент вуза"},
		{"место учёбы", "СВФУ", ""},
		{"акультет", "", "Пропустить"},
		{"Какой курс", "", "1"},
		{"адрес", "677000, Якутск, ул. Белинского, 58", ""},
	} {
		p.hears(step.hears)
		if step.says != "" {
			p.says(step.says)
		} else {
			p.presses(step.presses)
		}
	}
	p.hears("Проверьте, пожалуйста")
	p.presses("Всё верно, отправить")
	p.hears("Через минуту пришлём сюда бумаги")
}

// pressesSlot chooses the first lesson that is offered last.
func (p *page) pressesSlot() {
	p.Helper()
	p.press("a lesson", `(() => {
		const offered = [...document.querySelectorAll("#log .entry")].findLast((e) => e.innerText.includes("ближайшие занятия"));
		return [...(offered?.querySelectorAll("button") ?? [])].find((e) => e.textContent.includes("мест:") && e.checkVisibility());
	})()`)
}
