package templates

import "testing"

func TestReason(t *testing.T) {
	t.Parallel()
	texts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Не найдено": "not_found",
		"не найдена.\n\nС уважением, Петров": "not_found",
		"УТЕРЯНА!":             "lost",
		"сүппүт":               "lost",
		"ветхе":                "fragile",
		"Copying is forbidden": "forbidden",
		"":                     "",
		"Посмотрела: не найдено на полке, поищу завтра": "",
		"Прилагаю фото": "",
	} {
		if got := texts.Reason(text); got != want {
			t.Errorf("%q means %q, want %q", text, got, want)
		}
	}
}
