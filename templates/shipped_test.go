package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"librarian/contacts/library"
)

func loaded(tb testing.TB) *Texts {
	tb.Helper()
	t, err := Load()
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// loadWith loads the files, by path, together with the shipped calendars and words that they do not stand for.
func loadWith(tb testing.TB, files map[string]string) (*Texts, error) {
	tb.Helper()
	all := fstest.MapFS{}
	for _, lang := range library.Langs() {
		for _, dir := range []string{"calendar/", "words/", "reasons/"} {
			name := dir + string(lang) + ".toml"
			all[name] = &fstest.MapFile{Data: []byte(shippedFile(tb, name))}
		}
	}
	for name, src := range files {
		all[name] = &fstest.MapFile{Data: []byte(src)}
	}
	return load(all)
}

func shippedFile(tb testing.TB, name string) string {
	tb.Helper()
	raw, err := shipped.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

// shippedMessages are the messages of a language as go-i18n reads them, by key.
func shippedMessages(t *testing.T, lang library.Lang) map[string]*i18n.Message {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("messages", string(lang), "*.toml"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*i18n.Message{}
	for _, file := range paths {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		messages, err := i18n.ParseMessageBytes(raw, toml.Unmarshal)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			out[strings.TrimSuffix(filepath.Base(file), ".toml")+"."+m.ID] = m
		}
	}
	return out
}
