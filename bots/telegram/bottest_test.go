package telegram

import (
	"context"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/bottest"
	"librarian/bots/telegram/telegramtest"
)

// What the Bot API cannot do.
var lacking = map[string]string{
	"an empty file":                        "Telegram takes none from its programs",
	"a repeated sending bears the same id": "the Bot API gives each message a number of its own and knows no key against a repeat",
}

func TestChannelCases(t *testing.T) {
	t.Parallel()
	for name, receive := range map[string]func(h *house, ctx context.Context) error{
		"polling": func(h *house, ctx context.Context) error { return h.Poll(ctx) },
		"webhook": (*house).called,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bottest.Run(t, lacking, func(t *testing.T, w *bottest.World) *bottest.Party {
				h := newHouse(t)
				h.Receive, h.Log, h.Open = w.Receive, w.Log, w.Shelf.Open
				h.limits.call = 10 * time.Second
				p := h.party(t)
				p.Receive = func(ctx context.Context) error { return receive(h, ctx) }
				return p
			})
		})
	}
}

// called receives by webhook until the context ends.
func (h *house) called(ctx context.Context) error {
	site := httptest.NewServer(h.Webhook("s"))
	defer site.Close()
	defer site.CloseClientConnections()
	if err := h.SetWebhook(ctx, site.URL, "s"); err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// chatOf is the reader's chat.
func chatOf(who bottest.Reader) int64 { return reader + int64(who) }

func (h *house) party(t *testing.T) *bottest.Party {
	s := h.server
	s.Introduce(chatOf(bottest.Aita), telegramtest.User{FirstName: "Айта", LastName: "Һолтуурап"})
	s.Introduce(chatOf(bottest.Olesya), telegramtest.User{FirstName: "Олеся", LastName: "Їжакевич"})
	return &bottest.Party{
		Channel: h, Named: true, Longest: maxText, Forget: s.Forget,
		Says:   func(who bottest.Reader, text string) { s.UserSays(chatOf(who), text) },
		Again:  func(who bottest.Reader) { s.Repeat() },
		Blocks: func(who bottest.Reader) { s.UserBlocks(chatOf(who)) },
		Sends: func(who bottest.Reader, caption string, files ...bottest.File) {
			var all []telegramtest.Attachment
			for _, f := range files {
				all = append(all, telegramtest.Attachment{Name: f.Name, MediaType: f.MediaType, Data: f.Data, Photo: f.Photo})
			}
			s.UserSendsFiles(chatOf(who), caption, all...)
		},
		Presses: func(who bottest.Reader, label string) {
			if err := s.UserTaps(chatOf(who), label); err != nil {
				t.Fatal(err)
			}
		},
		Send: func(ctx context.Context, who bottest.Reader, m bots.Outbound) (string, error) {
			return h.Send(ctx, addressed(m, who))
		},
		Shown:   func(who bottest.Reader, least int) []bottest.Shown { return h.shown(t, chatOf(who), least) },
		Trouble: h.trouble,
	}
}

func addressed(m bots.Outbound, who bottest.Reader) bots.Outbound {
	m.Library, m.Address = 3, strconv.FormatInt(chatOf(who), 10)
	return m
}

func (h *house) shown(t *testing.T, chat int64, least int) (all []bottest.Shown) {
	t.Helper()
	sent, err := h.server.Await(bounded(t), chat, func(sent []telegramtest.Message) bool { return len(sent) >= least })
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range sent {
		one := bottest.Shown{Text: m.Text}
		if m.File != nil {
			one.Files = []bottest.File{{Name: m.File.Name, Data: m.File.Data, Photo: m.File.Photo}}
		}
		for _, b := range m.Buttons {
			one.Choices = append(one.Choices, b.Label)
		}
		all = append(all, one)
	}
	return all
}

func (h *house) trouble(of bottest.Trouble) (send func(context.Context, bots.Outbound) (string, error), wait time.Duration) {
	to := func(ctx context.Context, m bots.Outbound) (string, error) {
		return h.Send(ctx, addressed(m, bottest.Aita))
	}
	switch of {
	case bottest.Wait:
		h.server.Fail("sendMessage", telegramtest.TooMany(7), 1)
		return to, 7 * time.Second
	case bottest.Page:
		h.server.Fail("sendMessage", telegramtest.HTML(200), 1)
	case bottest.Silence:
		h.server.Fail("sendMessage", telegramtest.Hang(), -1)
	case bottest.Shut:
		h.server.UserBlocks(chatOf(bottest.Aita))
	case bottest.Away:
		c := h.Config
		c.BaseURL = "http://127.0.0.1:1"
		return func(ctx context.Context, m bots.Outbound) (string, error) {
			return New(c).Send(ctx, addressed(m, bottest.Aita))
		}, 0
	case bottest.Address:
		return func(ctx context.Context, m bots.Outbound) (string, error) {
			m.Address = "@" + bottest.Secret
			return h.Send(ctx, m)
		}, 0
	}
	return to, 0
}
