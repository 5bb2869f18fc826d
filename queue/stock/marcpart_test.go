package stock

import (
	"fmt"
	"strings"
	"testing"
)

func TestPartTitle(t *testing.T) {
	t.Parallel()
	for want, titles := range map[bool][]string{
		true: {
			"Т. 2", "Т.2", "т. 12", "Том 2", "Том II", "Т. II", "Т.IV", "Ч. III : Проза", "Ч. 1. Проза", "Часть 1-я", "Вып. 39 (2'2015)", "Выпуск 3", "№ 3", "№3", "N 5", "No. 4",
			"Vol. 12", "Vol. XII", "vol. 3: Poems", "Кн. 1, ч. 2", "Т. 1, 2", "Книга 2. Возвращение", "Том 3 Повести", "Ч. 1-2", "Т. 1–3", "Т. I—II", "Частина 2", "Вип. 7", "Кинигэ 2", "Part II",
		},
		false: {
			"Vocabulary", "Volume", "Victory", "Titanic", "Ivanhoe", "Nixon", "Novel", "Novum organum", "Nix", "No, I will not", "No 2 pencils", "No. 1 Ladies' Detective Agency",
			"Виктория", "Тихий Дон", "Том и Джерри", "Томск", "Часть речи", "Человек", "Т. И. Петрова", "N. I. Vavilov", "N. V. Gogol", "V. I. Lenin", "Т. Х. Шевченко", "Книга 1001 ночи",
			"Книга 100-летия", "№ 44, или Таинственный незнакомец", "Книга Иова", "Book Ivory", "Vol Victor", "1984", "2 капитана", "Тiti", "Part Intro", "Книгаведение", "Т",
		},
	} {
		for _, title := range titles {
			if partTitle.MatchString(title) != want {
				t.Errorf("%q says which part it is: want %v", title, want)
			}
		}
	}
}

// TestPartsOfAWork: one without a title of its own has the work's; one with a title keeps it, and an article keeps its own whatever it is called.
func TestPartsOfAWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ leader, title, wantTitle, wantVolume string }{
		{"nam2", "Т. II : Повести", "Сочинения", "Т. II : Повести"},
		{"nam2", "Novel", "Novel", "Сочинения. Т. 2"},
		{"nam2", "Titanic", "Titanic", "Сочинения. Т. 2"},
		{"naa2", "№ 5", "№ 5", "Сочинения. Т. 2"},
	} {
		file := fmt.Sprintf(`<record><leader>00000%s</leader><datafield tag="200"><subfield code="a">%s</subfield></datafield>
			<datafield tag="461"><subfield code="t">Сочинения</subfield><subfield code="v">Т. 2</subfield></datafield></record>`, c.leader, c.title)
		records, err := MARCXML(strings.NewReader(file), AnyLayout, "")
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range records {
			if err != nil || r.Title != c.wantTitle || r.Volume != c.wantVolume {
				t.Errorf("%q: title %q, volume %q, %v; want %q, %q", c.title, r.Title, r.Volume, err, c.wantTitle, c.wantVolume)
			}
		}
	}
}

// TestKinds of what the leader says; the spoken word is no music.
func TestKinds(t *testing.T) {
	t.Parallel()
	for leader, want := range map[string]string{
		"00000nam": Book, "00000nas": Periodical, "00000naa": Article, "00000nab": Article, "00000nem": Map, "00000nfm": Map, "00000ncm": Music, "00000ndm": Music,
		"00000njm": Music, "00000nim": Other, "00000ngm": Other, "00000nkm": Other, "00000nis": Periodical, "00000nlm": Book, "": Book, "Я": Book,
	} {
		if got := (&marc{Leader: leader}).kind(); got != want {
			t.Errorf("%q is %s, want %s", leader, got, want)
		}
	}
}
