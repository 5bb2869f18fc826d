package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"librarian/bots/whatsapp/whatsapptest"
)

// TestWalkKindsWhatsApp: whatever a person can do in WhatsApp, something sensible happens, and there is a way on.
func TestWalkKindsWhatsApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.whatsApp()
	w.serve("--public-url", "http://"+w.listen)
	n.link()
	r := n.reader("+79141234567", "Туяра", whatsapptest.Options{})
	t.Cleanup(r.keeps)
	r.says("Здравствуйте!")
	r.hears("На каком языке")
	r.picks("Русский")
	r.hears("Чем вам помочь?")
	desk := fmt.Sprintf("/desk/conversations/%d", w.count(w.pool(), `select id from conversations`))
	r.talksWithoutWords(desk)
	r.pointsToThings()
	r.changesTheirMind(desk)
	r.sendsFilesThatDoNotFit()
	r.answers("меню")
	r.hears("Чем вам помочь?")
}

// does makes sure that what is heard next comes after that.
func (r *whatsappReader) does(act func(to *whatsapptest.Account) (string, error)) string {
	r.Helper()
	r.heardAll()
	id, err := act(r.account)
	if err != nil {
		r.Fatalf("%v\n%s", err, r.log)
	}
	return id
}

// shows waits until the desk shows it.
func (r *whatsappReader) shows(desk, words string) {
	r.Helper()
	r.await("the desk shows "+words, func() bool { return strings.Contains(r.head.get(desk), words) })
}

// talksWithoutWords: a voice is for a person, a sticker is no answer; what was asked is asked again.
func (r *whatsappReader) talksWithoutWords(desk string) {
	r.Helper()
	r.does(func(to *whatsapptest.Account) (string, error) {
		return r.phone.SendsVoice(to, []byte("OggS, three seconds of it"), 3)
	})
	r.hears("Голосовое сообщение программа понять не может")
	r.hears("Передать то, что вы прислали, библиотекарю?")
	r.shows(desk, "его можно послушать на телефоне библиотеки")
	r.picks("Нет, не нужно")
	r.picks("Задать вопрос")
	r.hears("Напишите ваш вопрос")
	r.does(func(to *whatsapptest.Account) (string, error) { return r.phone.SendsSticker(to, []byte("RIFF, a cat")) })
	r.hears("Напишите ваш вопрос")
	r.shows(desk, "стикер")
	r.does(func(to *whatsapptest.Account) (string, error) { return r.phone.SendsViewOnce(to) })
	r.hears("Фото «на один просмотр» нам не видно")
	r.answers("отмена")
	r.hears("Хорошо, остановились")
}

// pointsToThings: a place and a contact are words as good as others; an answer to an older message of ours is an answer.
func (r *whatsappReader) pointsToThings() {
	r.Helper()
	r.heardAll()
	r.sends(whatsapptest.Location(62.0281, 129.7326, "Национальная библиотека"))
	r.hears("«Национальная библиотека»")
	r.picks("Нет, не нужно")
	r.hears("Чем вам помочь?")
	r.heardAll()
	r.sends(whatsapptest.Contact("Анна Иванова", "+79145550000"))
	r.hears("«Анна Иванова +79145550000»")
	r.picks("Нет, не нужно")
	first := r.phone.Inbox()[0]
	r.hears("Чем вам помочь?")
	r.does(func(to *whatsapptest.Account) (string, error) {
		return r.phone.Answers(to, first.ID, "А в воскресенье вы открыты?")
	})
	r.hears("«А в воскресенье вы открыты?»")
	r.picks("Нет, не нужно")
	r.hears("Чем вам помочь?")
}

// changesTheirMind: a message that was changed counts as it is now, one that was taken back is marked so at the desk, and a sign is shown and not answered.
func (r *whatsappReader) changesTheirMind(desk string) {
	r.Helper()
	id := r.answers("А в субботу вы аткрыты?")
	r.hears("«А в субботу вы аткрыты?»")
	r.does(func(to *whatsapptest.Account) (string, error) {
		return r.phone.Edits(to, id, "А в субботу вы открыты?")
	})
	r.hears("А в субботу вы открыты?")
	sign := r.waits("a list", func(m whatsapptest.Sent) bool { return place(m, "Нет, не нужно") != "" })
	before := len(r.phone.Inbox())
	r.does(func(to *whatsapptest.Account) (string, error) { return r.phone.Deletes(to, id) })
	r.shows(desk, "Читатель удалил это сообщение")
	r.does(func(to *whatsapptest.Account) (string, error) { return r.phone.Reacts(to, sign.ID, "👍") })
	r.shows(desk, "Читатель отметил: 👍")
	if got := len(r.phone.Inbox()); got != before {
		r.Errorf("a deletion or a sign is answered:\n%s", r.chat(before))
	}
	r.answers("нет")
	r.hears("Чем вам помочь?")
}

// sendsFilesThatDoNotFit: too large, too many, empty.
func (r *whatsappReader) sendsFilesThatDoNotFit() {
	r.Helper()
	r.answers("задать вопрос")
	r.hears("Напишите ваш вопрос")
	r.heardAll()
	r.sendsFile("Диссертация.pdf", "application/pdf", bytes.Repeat([]byte("%PDF "), 21<<20/5))
	r.hears("Файл слишком велик")
	r.heardAll()
	r.sendsFile("пусто.pdf", "application/pdf", nil)
	r.hears("Файл оказался пустым")
	r.heardAll()
	const many = 40
	var pictures [][]byte
	for i := range many {
		pictures = append(pictures, photo(r.T, i))
	}
	r.album(pictures...)
	r.hears("библиотекар")
	pool := r.pool()
	r.await("the whole album is with the librarian", func() bool {
		return r.count(pool, `select count(*) from events where body ->> 'album' <> '' and state = 'done'`) == many
	})
	r.answered(pool)
}
