package templates

import (
	"strings"
	"testing"

	"librarian/contacts/library"
)

func TestWord(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	for text, want := range map[string]Command{
		"отмена":                        Cancel,
		"  ОТМЕНА!!! ":                  Cancel,
		"«Отмена».":                     Cancel,
		"/cancel":                       Cancel,
		"/Cancel@library_bot":           Cancel,
		"тохтот":                        Cancel,
		"скасувати":                     Cancel,
		"◀️ Назад":                      Back,
		"төнүн":                         Back,
		"тонун":                         Back, // no Sakha keyboard
		"/back":                         Back,
		"Начать  заново":                Restart,
		"/start":                        Restart,
		"библиотекарь":                  Human,
		"бібліотекар":                   Human,
		"Librarian?":                    Human,
		"көмө":                          Help,
		"/help":                         Help,
		"допомога":                      Help,
		"/menu":                         Menu,
		"меню":                          Menu,
		"сөп":                           Yes,
		"Все верно":                     Yes,
		"всё верно":                     Yes,
		"👍 да":                          Yes,
		"Так.":                          Yes,
		"суох":                          No,
		"ні":                            No,
		"и\u0306":                       "", // composed й alone
		"тыл":                           Language,
		"мова":                          Language,
		"пропустить":                    Skip,
		"\u200eпропустить\u200f":        Skip,
		"мой билет":                     Card,
		"my card":                       Card,
		"мои\u0306 билет":               Card, // й of two code points
		"":                              "",
		"👍":                             "",
		"/":                             "",
		"\x00":                          "",
		"отмена заказа":                 "",
		"нет, спасибо":                  "",
		"да нет":                        "",
		"/start abc":                    "",
		"назад в будущее":               "",
		strings.Repeat("!", 300) + "да": "",
	} {
		got, ok := texts.Word(text)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestLabelsAreUnderstoodWhenTyped(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	for key, want := range map[string]Command{
		LabelBack: Back, LabelCancel: Cancel, LabelMenu: Menu, LabelYes: Yes,
		LabelNo: No, LabelSkip: Skip, LabelHuman: Human, LabelLanguage: Language,
	} {
		for _, lang := range library.Langs() {
			label, err := texts.Render(lang, key, nil)
			if err != nil {
				t.Error(err)
			}
			if got, _ := texts.Word(label); got != want {
				t.Errorf("%s in %s: %q means %q", key, lang, label, got)
			}
		}
	}
}

// The texts that tell a reader what to write name the words in quotation marks.
func TestPromisedWordsWork(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	for _, key := range []string{AlwaysHelp, NotUnderstood} {
		for _, lang := range library.Langs() {
			said, err := texts.Render(lang, key, nil)
			if err != nil {
				t.Error(err)
			}
			words := strings.FieldsFunc(said, func(r rune) bool { return strings.ContainsRune("«»“”", r) })
			if len(words) < 3 {
				t.Errorf("%s in %s names no word", key, lang)
			}
			for i := 1; i < len(words); i += 2 {
				if _, ok := texts.Word(words[i]); !ok {
					t.Errorf("%s in %s promises %q", key, lang, words[i])
				}
			}
		}
	}
}

func TestLoadRefusesWords(t *testing.T) {
	t.Parallel()
	good := shippedFile(t, "words/ru.toml")
	for about, src := range map[string]string{
		"an unknown command": good + "\ndance = [\"танец\"]",
		"a command missing":  strings.Replace(good, "skip =", "# skip =", 1),
		"one word for two":   strings.Replace(good, `"нет"`, `"нет", "Да!"`, 1),
		"no word in a word":  strings.Replace(good, `"нет"`, `"нет", "…"`, 1),
	} {
		if _, err := loadWith(t, map[string]string{"words/ru.toml": src}); err == nil || !strings.Contains(err.Error(), "words/ru.toml") {
			t.Errorf("%s: %v", about, err)
		}
	}
}

func TestChoiceNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"1": 1, "1.": 1, "1)": 1, "№1": 1, "№ 12": 12, "(3)": 3, " 2 \n": 2, "#4": 4, "5!": 5,
		"1️⃣": 1, "1⃣": 1, "🔟": 10, "1️⃣2️⃣": 12, "007": 7, "999": 999,
		"": 0, "0": 0, "-1": 0, "+1": 0, "1.5": 0, "1 2": 0, "1 книга": 0, "один": 0, "1000": 0, "№": 0, "👍": 0, "1\x00": 0,
	} {
		if got, ok := ChoiceNumber(text); got != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, ok, want)
		}
	}
}

func TestChoiceWord(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	for _, c := range []struct {
		lang library.Lang
		text string
		want int
	}{
		{library.Russian, "первый", 1},
		{library.Russian, "Вторую!", 2},
		{library.Russian, "вариант два", 2},
		{library.Russian, "пункт 3", 3},
		{library.Russian, "3-й", 3},
		{library.Russian, "2 ой", 2},
		{library.Russian, "выбираю четвертый вариант", 4},
		{library.Russian, "один", 1},
		{library.Russian, "девятое", 9},
		{library.Russian, "first", 0},
		{library.Russian, "друга", 0},
		{library.Russian, "первый том", 0},
		{library.Russian, "3 книги", 0},
		{library.Russian, "2-3", 0},
		{library.Russian, "вариант", 0},
		{library.Russian, "", 0},
		{library.Russian, "0-й", 0},
		{library.Russian, "й", 0},
		{library.Ukrainian, "п'ятий", 5},
		{library.Ukrainian, "Друге", 2},
		{library.Ukrainian, "друга", 0},
		{library.Ukrainian, "варіант 2", 2},
		{library.English, "the second one", 2},
		{library.English, "option 2", 2},
		{library.English, "2nd", 2},
		{library.English, "one", 1},
		{library.English, "No. 3", 3},
		{library.Sakha, "иккис", 2},
		{library.Sakha, "УЬУС", 0},
		{library.Sakha, "үһүс", 3},
		{library.Sakha, "ухус", 3},
		{library.Sakha, "бастакы", 1},
		{"xx", "1", 0},
	} {
		if got, ok := texts.ChoiceWord(c.lang, c.text); got != c.want || ok != (c.want != 0) {
			t.Errorf("%s %q: %d, %v; want %d", c.lang, c.text, got, ok, c.want)
		}
	}
	for _, lang := range library.Langs() {
		named := map[int]bool{}
		for _, n := range texts.tongues[lang].numbers.words {
			named[n] = true
		}
		for n := 1; n <= 9; n++ {
			if !named[n] {
				t.Errorf("%s has no word for %d", lang, n)
			}
		}
	}
}
