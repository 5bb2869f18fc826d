package runner

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"librarian/contacts/library"
	"librarian/templates"
)

func TestPicked(t *testing.T) {
	t.Parallel()
	menu := []string{"Записаться в библиотеку", "Задать вопрос", "Как получить билет", "О библиотеке"}
	consent := []string{"Согласен", "Не согласен"}
	review := []string{"Всё верно", "Изменить имя", "Изменить дату рождения", "Назад"}
	days := []string{"12 мая, 10:00", "13 мая, 10:00", "Урок 12"}
	for _, c := range []struct {
		text   string
		labels []string
		want   int
		free   int // where the reader's own words are understood
	}{
		{"записатся в библиотеку", menu, 0, 0},
		{"ЗАПИСАТЬСЯ В БИБЛЕОТЕКУ!", menu, 0, 0},
		{"записаться", menu, 0, -1},
		{"запис", menu, 0, -1},
		{"вопрос", menu, 1, -1},
		{"задать вапрос", menu, 1, 1},
		{"билет", menu, 2, -1},
		{"за", menu, -1, -1},
		{"как", menu, 2, -1},
		{"библиотека", menu, -1, -1},
		{"Есть ли у вас книги Каменского?", menu, -1, -1},
		{"согласен", consent, 0, 0},
		{"сагласен", consent, 0, 0},
		{"согласн", consent, 0, 0},
		{"не сагласен", consent, 1, 1},
		{"несогласен", consent, 1, 1},
		{"ни согласен", consent, 1, 1},
		{"я не согласен", consent, -1, -1},
		{"все верно", review, 0, 0},
		{"всеверно", review, 0, 0},
		{"не верно", review, -1, -1},
		{"неверно", review, -1, -1},
		{"не все верно", review, -1, -1},
		{"изменить", review, -1, -1},
		{"имя", review, 1, -1},
		{"изменить дату рожденья", review, 2, 2},
		{"назат", review, 3, -1},
		{"Назар", review, 3, -1},
		{"12 мая 10:00", days, 0, 0},
		{"14 мая, 10:00", days, -1, -1},
		{"12 мая", days, 0, -1},
		{"урок", days, 2, -1},
		{"Урок 1", days, -1, -1},
		{"", menu, -1, -1},
		{"🙂", menu, -1, -1},
		{strings.Repeat("записаться ", 30), menu, -1, -1},
		{"подтверждаю", []string{"Подтверждаю", "Подтверждаю"}, -1, -1},
		{"неподтверждаю", []string{"Подтверждаю", "Позже"}, -1, -1},
		{"получается", []string{"Не получается", "Позже"}, -1, -1},
		{"всё неверно", []string{"Всё верно", "Другое время"}, -1, -1},
		{"усе неправильно", []string{"Усе правильно", "Інший час"}, -1, -1},
		{"that isn't right", []string{"That is right", "Another time"}, -1, -1},
		{"it is unsigned", []string{"It is signed", "Another photo"}, -1, -1},
		{"бу тиийбэт", []string{"Бу тиийэр", "Төнүн"}, -1, -1},
		{"барыта сөп, ыытымаҥ", []string{"Барыта сөп, ыытыҥ", "Хоруйу уларытыы"}, -1, -1},
		{"сөп, тохтотумаҥ", []string{"Сөп, тохтотуҥ", "Суох, хааллын"}, -1, -1},
		{"записатся в библеотеку", menu, 0, -1},
	} {
		for free, want := range map[bool]int{false: c.want, true: c.free} {
			if got, ok := picked(c.text, c.labels, free); ok != (want >= 0) || ok && got != want {
				t.Errorf("%q of %q is %d %v, want %d (among the reader's own words: %v)", c.text, c.labels, got, ok, want, free)
			}
		}
	}
}

// labelKeys finds the texts of buttons in the flows.
var labelKeys = regexp.MustCompile(`choice\([^"\n]*(?:"[a-z:_-]*", )?"([a-z_]+\.[a-z_]+)"\)|Key: "([a-z_]+\.[a-z_]+)"`)

// allLabels are the buttons of all conversations in the language, each once.
func allLabels(t *testing.T, texts *templates.Texts, lang library.Lang) (labels []string) {
	t.Helper()
	sources, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range labelKeys.FindAllStringSubmatch(string(text), -1) {
			label, err := texts.Render(lang, found[1]+found[2], nil)
			if err != nil { // it names a person or a date
				continue
			}
			if plain := string(newPlainChoice(label).letters); !seen[plain] {
				seen[plain] = true
				labels = append(labels, label)
			}
		}
	}
	if len(labels) < 50 {
		t.Fatalf("only %d labels are found", len(labels))
	}
	return labels
}

// A mistake in one label never leads to another, whatever stands beside it: for each two of all labels, with each letter left out, doubled or changed over.
func TestLabelsAreNotConfused(t *testing.T) {
	t.Parallel()
	texts, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range library.Langs() {
		labels := allLabels(t, texts, lang)
		for i, label := range labels {
			for _, free := range []bool{false, true} {
				if got, ok := picked(label, labels, free); !ok || got != i {
					t.Errorf("%s: %q is taken for %d of %q", lang, label, got, labels)
				}
			}
		}
		plain := make([]plainChoice, len(labels))
		for i, label := range labels {
			plain[i] = newPlainChoice(label)
		}
		for i, label := range labels {
			for _, wrong := range mistakes(label) {
				p := newPlainChoice(wrong)
				for j, other := range plain {
					if i == j || len(p.letters) == 0 || p.denied != other.denied || !p.mistaken(other, 2) {
						continue
					}
					if got, ok := picked(wrong, []string{label, labels[j]}, false); ok && got == 1 && !p.same(other) {
						t.Errorf("%s: %q, meant for %q, is taken for %q", lang, wrong, label, labels[j])
					}
				}
			}
		}
	}
}

// mistakes are the text with one slip, at each place.
func mistakes(text string) (out []string) {
	runes := []rune(text)
	for i := range runes {
		out = append(out, string(slices.Delete(slices.Clone(runes), i, i+1)), string(slices.Insert(slices.Clone(runes), i, runes[i])))
		if i > 0 {
			swapped := slices.Clone(runes)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			out = append(out, string(swapped))
		}
	}
	return out
}
