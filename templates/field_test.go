package templates

import (
	"strings"
	"testing"

	"librarian/contacts/library"
)

func TestWordsOfAField(t *testing.T) {
	t.Parallel()
	texts, err := loadWith(t, map[string]string{
		"messages/ru/field.toml": "answer = \"{label}: {value}\"\nyear = \"Курс\"\npass = \"паспорт\"",
		"messages/en/field.toml": "answer = \"{label}: {value}\"\nyear = \"Year\"\npass = \"passport\"",
	})
	if err != nil {
		t.Fatal(err)
	}
	own := map[library.Lang]string{library.English: "badge", library.Ukrainian: "бейдж"}
	value := []library.Words{{Key: "field.pass"}, {Own: own}, {Plain: "{label}"}}
	fields := Fields{"label": library.Words{Key: "field.year"}, "value": value}
	for lang, want := range map[library.Lang]string{
		library.English: "Year: passport, badge and {label}",
		library.Russian: "Курс: паспорт, бейдж и {label}",
	} {
		if got, err := texts.Render(lang, "field.answer", fields); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", lang, got, err, want)
		}
	}
	if _, kept := fields["label"].(library.Words); !kept {
		t.Error("the fields given were changed")
	}
	day := library.Words{Day: library.Date{Year: 2026, Month: 11, Day: 22}}
	if got := texts.Words(library.Russian, day); got != "22 ноября 2026 г." {
		t.Errorf("a day is %q", got)
	}
	if got := texts.Words(library.Russian, library.Words{Key: "field.gone"}); got != "field.gone" {
		t.Errorf("a text that is not there is %q", got)
	}
}

// TestExampleIsWorded holds that each question and choice of the example has its text in every language.
func TestExampleIsWorded(t *testing.T) {
	t.Parallel()
	texts := loaded(t)
	for _, f := range library.ExampleFields() {
		all := []library.Words{f.Name(), f.Question()}
		for _, c := range f.Choices {
			all = append(all, f.ChoiceName(c.ID))
		}
		for _, w := range all {
			for _, lang := range library.Langs() {
				said := texts.Words(lang, w)
				number := w.Plain != "" && strings.Trim(w.Plain, "0123456789") == ""
				if _, err := texts.Render(lang, w.Key, nil); err != nil && !number || said == "" {
					t.Errorf("%s: %+v is %q in %s", f.Key, w, said, lang)
				}
			}
		}
	}
}
