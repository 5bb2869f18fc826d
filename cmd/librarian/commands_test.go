package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"librarian/contacts/cards"
)

func TestParseSeries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]cards.Series{
		"":         {},
		"1":        {Width: 1, Next: 1},
		"000001":   {Width: 6, Next: 1},
		"NB-00120": {Prefix: "NB-", Width: 5, Next: 120},
	} {
		if got, err := parseSeries(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"NB", "ЧБ0001", "1234567890123", "A 1", "12a"} {
		if got, err := parseSeries(text); !errors.Is(err, errSeries) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// TestSettingsAreShownAndChanged: what show prints is what change takes; what it does not know, and a new text under an old version, are refused.
func TestSettingsAreShownAndChanged(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	file := filepath.Join(t.TempDir(), "settings.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(w.must("library", "example"))
	w.must("library", "add", "full", "--name", "Библиотека", "--zone", "Asia/Yakutsk", "--settings", file)
	shown := w.must("library", "show", "full")
	for _, part := range []string{`"full": true`, `"key": "address"`, `"min_age": 18`, "Книги берегут"} {
		if !strings.Contains(shown, part) {
			t.Errorf("%s is not among the settings", part)
		}
	}
	write(shown)
	w.must("library", "change", "full", "--settings", file)
	if again := w.must("library", "show", "full"); again != shown {
		t.Errorf("shown, changed to the same and shown again: %s", again)
	}
	for text, complaint := range map[string]string{
		strings.Replace(shown, `"full": true`, `"fuul": true`, 1):           "fuul",
		strings.Replace(shown, "Я разрешаю", "Я разрешаю всё", 1):           "consent has changed",
		strings.Replace(shown, "Книги берегут", "Книги берегут очень", 1):   "rules has changed",
		strings.Replace(shown, `"key": "address"`, `"key": "residence"`, 1): "taken",
		"{": "read settings",
	} {
		write(text)
		if out, err := w.run("library", "change", "full", "--settings", file); err == nil || !strings.Contains(out, complaint) {
			t.Errorf("no word of %q: %v: %s", complaint, err, out)
		}
	}
	if _, err := w.run("library", "show", "nowhere"); err == nil {
		t.Error("a library that is not there was shown")
	}
}
