package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"librarian/bots"
	"librarian/bots/telegram/telegramtest"
)

const hookSecret = "s3cret_of-the-hook"

func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	text := `{"update_id":9,"message":{"message_id":1,"date":1,"text":"` + secret + `","chat":{"id":7001,"type":"private"}}}`
	group := strings.Replace(text, "private", "group", 1)
	for name, c := range map[string]struct {
		method, secret, body string
		away                 bool // the database
		want, stored         int
	}{
		"stored":             {body: text, want: 200, stored: 1},
		"wrong secret":       {body: text, secret: "other", want: 403},
		"no secret":          {body: text, secret: "none", want: 403},
		"part of the secret": {body: text, secret: hookSecret[:5], want: 403},
		"not stored":         {body: text, away: true, want: 503},
		"group":              {body: group, away: true, want: 200},
		"unknown kind":       {body: `{"update_id":9,"from_the_future":{}}`, away: true, want: 200},
		"not readable":       {body: `{"update_id":9,"message":"` + secret + `"}`, want: 200},
		"not json":           {body: "<html>" + secret, want: 200},
		"nothing":            {want: 200},
		"too long":           {body: strings.Repeat(" ", maxUpdate) + text, want: 413},
		"not posted":         {method: http.MethodGet, body: text, want: 405},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if c.away {
				h.inbox.before = func(context.Context, bots.Inbound) error { return errors.New("the database is away") }
			}
			if c.method == "" {
				c.method = http.MethodPost
			}
			r := httptest.NewRequestWithContext(bounded(t), c.method, "/", strings.NewReader(c.body))
			switch c.secret {
			case "":
				r.Header.Set(SecretHeader, hookSecret)
			case "none":
			default:
				r.Header.Set(SecretHeader, c.secret)
			}
			w := httptest.NewRecorder()
			h.Webhook(hookSecret).ServeHTTP(w, r)
			if w.Code != c.want || len(h.inbox.texts()) != c.stored {
				t.Errorf("answered %d, stored %q", w.Code, h.inbox.texts())
			}
		})
	}
}

func TestWebhookWithoutSecretIsShut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := httptest.NewRequestWithContext(bounded(t), http.MethodPost, "/", strings.NewReader("{}"))
	w := httptest.NewRecorder()
	h.Webhook("").ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("answered %d", w.Code)
	}
}

func TestWebhookFromEndToEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var failures atomic.Int32
	h.inbox.before = func(context.Context, bots.Inbound) error {
		if failures.Add(1) <= 2 {
			return errors.New("the database is away")
		}
		return nil
	}
	site := httptest.NewServer(h.Webhook(hookSecret))
	t.Cleanup(site.Close)
	h.server.UserSays(reader, "раз")
	if _, err := h.Send(bounded(t), bots.Outbound{Address: "7001", Text: "?", Turn: 1, Choices: []bots.Choice{{ID: "no", Label: "Нет"}}}); err != nil {
		t.Fatal(err)
	}
	if err := h.server.UserTaps(reader, "Нет"); err != nil {
		t.Fatal(err)
	}
	h.server.UserSays(reader, "три")
	if err := h.SetWebhook(bounded(t), site.URL+"/hook", hookSecret); err != nil {
		t.Fatal(err)
	}
	got := h.inbox.await(t, 3)
	if got[0].Text != "раз" || got[1].Choice != "no" || got[2].Text != "три" || h.inbox.repeats != 0 {
		t.Errorf("stored %+v, %d repeats", got, h.inbox.repeats)
	}
	h.until(t, "the spinner stops", func() bool { return len(h.server.Answered()) == 1 && h.server.Pending() == 0 })
	if hooked := h.server.Hooked(); !slices.Equal(hooked, []int{503, 503, 200, 200, 200}) {
		t.Errorf("answered %v", hooked)
	}
	if n := h.server.Calls("answerCallbackQuery"); n != 0 {
		t.Errorf("%d requests for what the answer says", n)
	}
	if err := h.DeleteWebhook(bounded(t)); err != nil {
		t.Fatal(err)
	}
	h.server.UserSays(reader, "четыре")
	h.start(t)
	h.inbox.await(t, 4)
}

func TestRefusedWebhookSaysWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.Fail("setWebhook", telegramtest.Refusal(400, "Bad Request: bad webhook: an HTTPS URL must be provided for webhook"), 1)
	err := h.SetWebhook(bounded(t), "http://library.example/"+hookSecret, hookSecret)
	if !errors.Is(err, errWebhook) {
		t.Errorf("got %v", err)
	}
	if strings.Contains(fmt.Sprint(err), hookSecret) {
		t.Errorf("the error says too much: %v", err)
	}
}
