package runner

import (
	"strings"
	"testing"

	"librarian/bots"
)

// What a turn says is one message where one can say it: of the same kind, without a secret, within what the channel takes.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	limits := bots.Limits{Text: 20, Caption: 10, Files: 1}
	say := func(text string, files ...string) bots.Message {
		return bots.Message{Kind: bots.OutBot, Body: bots.Body{Text: text, Files: files}}
	}
	kind := func(m bots.Message, k bots.OutKind) bots.Message { m.Kind = k; return m }
	secret := func(m bots.Message, id string) bots.Message { m.Secret = id; return m }
	for name, c := range map[string]struct {
		first, second bots.Message
		want          string // empty: two messages
	}{
		"two sentences":      {say("Спасибо."), say("Как зовут?"), "Спасибо.\n\nКак зовут?"},
		"as long as may be":  {say(strings.Repeat("я", 8)), say(strings.Repeat("ю", 10)), strings.Repeat("я", 8) + "\n\n" + strings.Repeat("ю", 10)},
		"one letter more":    {say(strings.Repeat("я", 8)), say(strings.Repeat("ю", 11)), ""},
		"a caption":          {say("Билет."), say("Вот", "file"), ""},
		"a short caption":    {say("Вот."), say("", "file"), "Вот."},
		"two files":          {say("Вот", "file"), say("и", "other"), ""},
		"a notice":           {kind(say("Готово."), bots.OutNotice), say("Что ещё?"), ""},
		"a secret":           {say("Пароль"), secret(say(bots.SecretMark), "s"), ""},
		"after a secret one": {secret(say(bots.SecretMark), "s"), say("Что ещё?"), ""},
	} {
		first := c.first
		c.second.Body.Choices = []bots.Choice{{ID: "yes"}}
		joined := goesOn(&first, &c.second, limits)
		if joined != (c.want != "") || joined && (first.Body.Text != c.want || len(first.Body.Choices) != 1 || len(first.Body.Files) != len(c.second.Body.Files)) {
			t.Errorf("%s: joined %v: %+v", name, joined, first.Body)
		}
		if !joined && first.Body.Text != c.first.Body.Text {
			t.Errorf("%s: the first was changed to %q", name, first.Body.Text)
		}
	}
}
