package email

import (
	"testing"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
)

func TestWhatALetterSays(t *testing.T) {
	t.Parallel()
	long := "Прошу продлить обе книги, которые я брала в прошлом месяце."
	cases := map[string]struct {
		letter Letter
		want   string
	}{
		"subject and text":         {Letter{Subject: "Продление", Text: long}, "Продление\n\n" + long},
		"a word that answers":      {Letter{Subject: "Вопрос", Text: "отмена"}, "отмена"},
		"an answer":                {Letter{Subject: "Продление", Answer: true, Text: long}, long},
		"subject alone":            {Letter{Subject: "Есть ли у вас Кулаковский?"}, "Есть ли у вас Кулаковский?"},
		"an answer without words":  {Letter{Subject: "Вопрос", Answer: true}, ""},
		"the subject said already": {Letter{Subject: "Прошу продлить обе книги", Text: long}, long},
	}
	for name, c := range cases {
		if got := said(&c.letter); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLetterAsMessages(t *testing.T) {
	t.Parallel()
	s := Stored{Letter: Letter{Text: "Вот"}}
	for i := range maxLetterFiles + 5 {
		content := []byte("x")
		if i == 3 {
			content = make([]byte, bots.MaxFile+1)
		}
		s.Letter.Files = append(s.Letter.Files, Attachment{Name: "f", Content: content})
		s.Files = append(s.Files, files.ID("id"))
	}
	all := inbounds(&s, arrival{})
	if len(all) != maxLetterFiles/bots.MaxFiles || all[0].Text != "Вот" || len(all[0].Refused) != 5 || all[0].Album == "" {
		t.Fatalf("%d messages, the first is %q with %d refused", len(all), all[0].Text, len(all[0].Refused))
	}
	seen := map[string]bool{}
	for i, m := range all {
		if seen[m.ID] || len(m.Files) != bots.MaxFiles || i > 0 && (m.Text != "" || m.Refused != nil) {
			t.Errorf("message %d: %q with %d files", i, m.ID, len(m.Files))
		}
		seen[m.ID] = true
	}
	if got := inbounds(&Stored{}, arrival{}); got != nil {
		t.Errorf("a letter that says nothing is %v", got)
	}
}

func TestLocale(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]library.Lang{
		"Есть ли у вас Кулаковский?": library.Russian, "Чи є у вас «Кобзар»?": library.Ukrainian, "Олоҥхо кинигэтэ баар дуо?": library.Sakha,
		"Do you have anything by Kulakovsky?": library.English, "12-14": "", "меню": library.Russian, "ok": "",
	} {
		if got := locale(text); got != want {
			t.Errorf("%q is in %q, want %q", text, got, want)
		}
	}
}
