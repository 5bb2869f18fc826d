package main

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"librarian/bots/telegram/telegramtest"
)

// TestDeskOverTelegram has a librarian bind a phone of their own, be told there of a question, and be seen writing the answer.
func TestDeskOverTelegram(t *testing.T) {
	t.Parallel()
	const reader, phone = int64(7001), int64(7002)
	w := newWorld(t)
	w.serve("--public-url", "http://"+w.listen)
	telegram, err := telegramtest.Start("4712:AAH-telegram-token", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(telegram.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(telegram.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must("channel", "add", "telegram", "--library", "demo", "--token-file", token, "--api-url", telegram.URL)
	librarian := w.colleague("librarian")
	word := regexp.MustCompile(`desk-[a-z2-7]{10}`).FindString(librarian.post("/desk/account/binding", nil))
	own := &correspondent{w: w, server: telegram, chat: phone}
	telegram.Introduce(phone, telegramtest.User{FirstName: "Айталина", Language: "ru"})
	telegram.UserSays(phone, word)
	own.hears("Сюда теперь будут приходить")
	if page := librarian.get("/desk/account"); !strings.Contains(page, "/desk/account/binding/end") {
		t.Error("the page does not show the binding")
	}

	telegram.Introduce(reader, telegramtest.User{FirstName: "Туяра", Language: "ru"})
	telegram.UserSays(reader, "Работаете ли вы в субботу?")
	r := &correspondent{w: w, server: telegram, chat: reader}
	r.taps("Да, передать")
	r.hears("Вопрос передан")
	notice := own.hears("Новое дело: Вопрос")
	page := librarian.get(regexp.MustCompile(`/desk/tasks/\d+`).FindString(notice.Text))
	conversation := regexp.MustCompile(`/desk/conversations/\d+`).FindString(page)

	librarian.types(conversation)
	if at, elsewhere := telegram.Typing(reader), telegram.Typing(phone); at != 1 || elsewhere != 0 {
		t.Errorf("the reader was shown %d times that somebody writes, and the librarian %d times", at, elsewhere)
	}
	if strings.Contains(w.log.String(), word) {
		t.Error("the word stands in the log")
	}
}

// types lets the reader see that an answer is being written.
func (c *colleague) types(conversation string) {
	c.w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patienceOfTests)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.w.listen+conversation+"/typing", strings.NewReader(url.Values{}.Encode()))
	if err != nil {
		c.w.Fatal(err)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		c.w.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusNoContent {
		c.w.Fatalf("typing: %s, %v", answer.Status, err)
	}
}
