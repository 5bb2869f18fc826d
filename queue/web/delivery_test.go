package web

import (
	"strings"
	"testing"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

func TestWhatThePhoneTellsIsShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conv := h.conversation(h.lib, "Сардана")
	one := h.talks.all[conv]
	one.add(bots.Entry{Side: bots.SideReader, Text: "Удалённые слова", Written: h.clock.Now(), Deleted: true, Files: []bots.EntryFile{{Name: "паспорт.jpg", MediaType: "image/jpeg"}}})
	one.add(bots.Entry{Side: bots.SideBot, Text: "Здравствуйте", Written: h.clock.Now(), State: "read", Reaction: "👍"})
	for lang, want := range map[library.Lang][]string{
		library.Russian:   {"прочитано", "Читатель удалил это сообщение.", "Читатель отметил: 👍"},
		library.Sakha:     {"ааҕыллыбыт", "Ааҕааччы бу суругун соппут.", "Ааҕааччы бэлиэтээбит: 👍"},
		library.Ukrainian: {"прочитано", "Читач видалив це повідомлення.", "Читач відзначив: 👍"},
		library.English:   {"read</p>", "The reader deleted this message.", "The reader&#39;s sign: 👍"},
	} {
		page := h.signedIn(h.lib, queue.RoleLibrarian, lang).get(conversationAddress(conv)).body
		for _, words := range append(want, "Удалённые слова", "паспорт.jpg") {
			if !strings.Contains(page, words) {
				t.Errorf("in %s the page lacks %s", lang, words)
			}
		}
		if strings.Contains(page, `"/desk/files/"`) || strings.Contains(page, `/desk/files//original`) {
			t.Errorf("in %s a file that was never fetched is a link", lang)
		}
	}
}
