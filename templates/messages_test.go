package templates

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"librarian/contacts/library"
)

const waitingRu = `
[waiting]
one = "Ждёт {count} читатель"
few = "Ждут {count} читателя"
many = "Ждут {count} читателей"
other = "Ждут {count} читателя"
`

func TestEveryLanguageHasEveryTextWithTheSameFields(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	all := map[string]map[string]bool{} // key to fields, from whichever language has it first
	plural := map[string]bool{}
	for _, lang := range library.Langs() {
		for key, m := range texts.tongues[lang].messages {
			if all[key] == nil {
				all[key] = m.fields
			}
			plural[key] = plural[key] || m.plural
		}
	}
	if len(all) == 0 {
		t.Fatal("no texts at all")
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		for _, lang := range library.Langs() {
			m, ok := texts.tongues[lang].messages[key]
			if !ok {
				t.Errorf("%s: missing in %s", key, lang)
				continue
			}
			if !maps.Equal(m.fields, all[key]) {
				t.Errorf("%s: fields in %s are %v, elsewhere %v", key, lang, m.fields, all[key])
			}
		}
		if plural[key] && !all[key][countField] {
			t.Errorf("%s: has plural forms and no {count}", key)
		}
	}
	checkForms(t, plural)
}

// checkForms holds that the texts with plurals have each form of their language and no other.
func checkForms(t *testing.T, plural map[string]bool) {
	t.Helper()
	for _, lang := range library.Langs() {
		want := formsOf(t, lang)
		for key, have := range shippedForms(t, lang) {
			if plural[key] && !slices.Equal(have, want) {
				t.Errorf("%s: forms in %s are %v, the language has %v", key, lang, have, want)
			}
		}
	}
}

// formsOf asks go-i18n which forms whole numbers and fractions take in the language.
func formsOf(t *testing.T, lang library.Lang) []string {
	t.Helper()
	tag := language.Make(string(lang))
	bundle := i18n.NewBundle(tag)
	probe := &i18n.Message{ID: "probe", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}
	if err := bundle.AddMessages(tag, probe); err != nil {
		t.Fatal(err)
	}
	localizer := i18n.NewLocalizer(bundle, string(lang))
	found := map[string]bool{}
	for n := range 201 {
		for _, count := range []any{n, fmt.Sprintf("%d.5", n)} {
			form, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "probe", PluralCount: count})
			if err != nil {
				t.Fatal(err)
			}
			found[form] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestPluralForms(t *testing.T) {
	t.Parallel()
	texts, err := loadWith(t, map[string]string{
		"messages/ru/desk.toml":  waitingRu,
		"messages/uk/desk.toml":  strings.NewReplacer("Ждёт", "Чекає", "Ждут", "Чекають", "читателя", "читачі", "читателей", "читачів", "читатель", "читач").Replace(waitingRu),
		"messages/sah/desk.toml": "[waiting]\nother = \"{count} ааҕааччы күүтэр\"",
		"messages/en/desk.toml":  "[waiting]\none = \"{count} reader waits\"\nother = \"{count} readers wait\"",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lang  library.Lang
		count any
		want  string
	}{
		{library.Russian, 0, "Ждут 0 читателей"},
		{library.Russian, 1, "Ждёт 1 читатель"},
		{library.Russian, 2, "Ждут 2 читателя"},
		{library.Russian, 5, "Ждут 5 читателей"},
		{library.Russian, 11, "Ждут 11 читателей"},
		{library.Russian, 21, "Ждёт 21 читатель"},
		{library.Russian, int64(112), "Ждут 112 читателей"},
		{library.Ukrainian, 1, "Чекає 1 читач"},
		{library.Ukrainian, 22, "Чекають 22 читачі"},
		{library.Ukrainian, 12, "Чекають 12 читачів"},
		{library.Sakha, 1, "1 ааҕааччы күүтэр"},
		{library.Sakha, 5, "5 ааҕааччы күүтэр"},
		{library.English, 1, "1 reader waits"},
		{library.English, 0, "0 readers wait"},
	} {
		got, err := texts.Render(c.lang, "desk.waiting", Fields{"count": c.count})
		if err != nil || got != c.want {
			t.Errorf("%s %v: %q, %v; want %q", c.lang, c.count, got, err, c.want)
		}
	}
	got, err := texts.Render(library.Russian, "desk.waiting", nil)
	if got != "Ждут  читателя" || !errors.Is(err, ErrNoField) {
		t.Errorf("without a count: %q, %v", got, err)
	}
}

func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	texts, err := loadWith(t, map[string]string{
		"messages/ru/a.toml": "both = \"по-русски, {name}\"\nnamed = \"Здравствуйте, {name}!\"",
		"messages/uk/a.toml": `named = "Вітаємо, {name}!"`,
		"messages/en/a.toml": "both = \"in English, {name}\"\nonly = \"English alone\"",
	})
	if err != nil {
		t.Fatal(err)
	}
	name := Fields{"name": "Айыы"}
	for _, c := range []struct {
		about  string
		lang   library.Lang
		key    string
		fields Fields
		want   string
		err    error
	}{
		{"all there", library.Ukrainian, "a.named", name, "Вітаємо, Айыы!", nil},
		{"a field too many", library.Ukrainian, "a.named", Fields{"name": "Айыы", "count": 3}, "Вітаємо, Айыы!", nil},
		{"a field too few", library.Ukrainian, "a.named", nil, "Вітаємо, !", ErrNoField},
		{"a field of no kind", library.Ukrainian, "a.named", Fields{"name": []int{1}}, "Вітаємо, !", ErrNoField},
		{"the language lacks it", library.Ukrainian, "a.both", name, "по-русски, Айыы", ErrNoText},
		{"the language lacks it, and a field too", library.Sakha, "a.both", nil, "по-русски, ", ErrNoField},
		{"Russian lacks it too", library.Sakha, "a.only", nil, "English alone", ErrNoText},
		{"Russian itself lacks it", library.Russian, "a.only", nil, "English alone", ErrNoText},
		{"an unknown language", "xx", "a.named", name, "Здравствуйте, Айыы!", ErrNoText},
		{"nobody has it", library.English, "a.nothing", nil, "", ErrNoText},
	} {
		got, err := texts.Render(c.lang, c.key, c.fields)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v; want %q, %v", c.about, got, err, c.want, c.err)
		}
		if err != nil && strings.Contains(err.Error(), "Айыы") {
			t.Errorf("%s: the error tells the reader's name: %v", c.about, err)
		}
	}
}

func TestFieldsInWords(t *testing.T) {
	t.Parallel()
	texts, err := loadWith(t, map[string]string{"messages/ru/a.toml": `b = "<{x}>"`, "messages/sah/a.toml": `b = "<{x}>"`})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.FixedZone("", 9*3600))
	for _, c := range []struct {
		lang library.Lang
		x    any
		want string
	}{
		{library.Russian, "{x} {{.Name}} {", "<{x} {{.Name}} {>"},
		{library.Russian, "", "<>"},
		{library.Russian, 7, "<7>"},
		{library.Russian, library.ID(7), "<7>"},
		{library.Russian, uint8(7), "<7>"},
		{library.Russian, library.Russian, "<ru>"},
		{library.Russian, time.Hour, "<1h0m0s>"},
		{library.Russian, library.Date{Year: 2026, Month: 11, Day: 22}, "<22 ноября 2026 г.>"},
		{library.Sakha, library.Date{Year: 2026, Month: 11, Day: 22}, "<2026 сыл сэтинньи 22 күнэ>"},
		{library.Russian, at, "<в понедельник, 23 ноября, в 09:00>"},
	} {
		if got, err := texts.Render(c.lang, "a.b", Fields{"x": c.x}); err != nil || got != c.want {
			t.Errorf("%T: %q, %v; want %q", c.x, got, err, c.want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for about, file := range map[string]struct{ path, src string }{
		"Go's template":      {"ru/a.toml", `b = "{{.Name}}"`},
		"an open brace":      {"ru/a.toml", `b = "{name"`},
		"a closing brace":    {"ru/a.toml", `b = "name}"`},
		"an empty field":     {"ru/a.toml", `b = "{}"`},
		"a field with space": {"ru/a.toml", `b = "{ name }"`},
		"a field in Russian": {"ru/a.toml", `b = "{имя}"`},
		"a brace in a form":  {"ru/a.toml", "[b]\none = \"{\"\nother = \"x\""},
		"an empty text":      {"ru/a.toml", `b = " "`},
		"no form other":      {"ru/a.toml", "[b]\none = \"x\""},
		"a nested id":        {"ru/a.toml", "[b.c]\nother = \"x\""},
		"an id in capitals":  {"ru/a.toml", `Hello = "x"`},
		"a text by itself":   {"ru/a.toml", `other = "x"`},
		"an id given twice":  {"ru/a.toml", "b = \"x\"\nb = \"y\""},
		"no TOML":            {"ru/a.toml", "b: x"},
		"a language unknown": {"xx/a.toml", `b = "x"`},
	} {
		if _, err := loadWith(t, map[string]string{"messages/" + file.path: file.src}); err == nil || !strings.Contains(err.Error(), file.path) {
			t.Errorf("%s: %v, which should name the file", about, err)
		}
	}
}

func shippedForms(t *testing.T, lang library.Lang) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for key, m := range shippedMessages(t, lang) {
		for _, form := range forms(m) {
			if *form.text != "" {
				out[key] = append(out[key], form.name)
			}
		}
		slices.Sort(out[key])
	}
	return out
}

func BenchmarkRender(b *testing.B) {
	texts, err := loadWith(b, map[string]string{"messages/ru/desk.toml": waitingRu + "\n[hello]\nother = \"Здравствуйте, {name}! Ваш билет {card} действует до {until}.\""})
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]struct {
		key    string
		fields Fields
	}{
		"plural": {"desk.waiting", Fields{"count": 22}},
		"fields": {"desk.hello", Fields{"name": "Айталина", "card": 123456, "until": library.Date{Year: 2027, Month: 5, Day: 1}}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := texts.Render(library.Russian, c.key, c.fields); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
