package main

import (
	"context"
	"fmt"
	"strconv"

	"librarian/bots/telegram/telegramtest"
)

// telegramReader writes in a chat of the Bot API that the test serves.
type telegramReader struct {
	bot  *telegramtest.Server
	chat int64
}

func (t *telegramReader) say(_ context.Context, number int, l utterance, hasty bool) (string, error) {
	switch {
	case l.photo:
		return strconv.Itoa(t.bot.UserSendsPhoto(t.chat, l.file, "")), nil
	case l.file != nil:
		return strconv.Itoa(t.bot.UserSendsDocument(t.chat, fmt.Sprintf("list-%d.txt", number), "text/plain", l.file)), nil
	case l.label != "" && !hasty:
		if err := t.bot.UserTaps(t.chat, l.label); err != nil {
			return "", fmt.Errorf("%w: %+v", err, t.heard())
		}
		return "cb:", nil // its number is Telegram's own
	}
	return strconv.Itoa(t.bot.UserSays(t.chat, l.text+l.label)), nil
}

// heard takes what came twice in a row for one answer: the turn in the buttons tells equal texts of different turns apart.
func (t *telegramReader) heard() []heard {
	var out []heard
	var last string
	for _, m := range t.bot.Sent(t.chat) {
		h := heard{text: m.Text, copies: 1}
		mark := m.Text
		for _, b := range m.Buttons {
			mark += "\n" + b.Label + "\n" + b.Data
			h.offers = append(h.offers, b.Label)
		}
		if len(out) > 0 && mark == last {
			out[len(out)-1].copies++
			continue
		}
		out, last = append(out, h), mark
	}
	return out
}

func (t *telegramReader) await(ctx context.Context, answers int) error {
	ctx, cancel := context.WithTimeout(ctx, patienceOfReaders)
	defer cancel()
	if err := t.bot.Until(ctx, func() bool { return len(t.heard()) >= answers }); err != nil {
		return fmt.Errorf("%d answers of %d: %w", len(t.heard()), answers, err)
	}
	return nil
}

func (t *telegramReader) address() string              { return strconv.FormatInt(t.chat, 10) }
func (t *telegramReader) finish(context.Context) error { return nil }
