package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"librarian/bots/telegram/telegramtest"
	"librarian/contacts/library"
)

// TestWalkTelegram registers a reader over Telegram, both ways in which it brings messages, with the real program and the desk's own pages.
func TestWalkTelegram(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name  string
		flags []string
	}{
		{"polling", nil},
		{"webhook", []string{"--webhook"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			walkTelegram(t, way.flags...)
		})
	}
}

func walkTelegram(t *testing.T, flags ...string) {
	const chat, name, born, number = int64(7001), "Слепцова Туяра Ильинична", "3 марта 1985", "YK-000417"
	w := newWorldWith(t, map[string]any{"registration": library.Registration{
		ConsentPhoto: true, Consent: library.Consent{Version: "1", Text: map[library.Lang]string{library.Russian: "Текст согласия."}},
	}})
	w.serve("--public-url", "http://"+w.listen)
	telegram, err := telegramtest.Start("4711:AAH-telegram-token", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(telegram.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(telegram.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add := append([]string{"channel", "add", "telegram", "--library", "demo", "--token-file", token, "--api-url", telegram.URL}, flags...)
	w.must(add...)
	if len(flags) > 0 {
		w.await("the webhook is set", func() bool { return telegram.Calls("setWebhook") > 0 })
	}
	r := &correspondent{w: w, server: telegram, chat: chat}
	telegram.Introduce(chat, telegramtest.User{FirstName: "Туяра", Language: "ru"})
	telegram.UserSays(chat, "/start")
	r.hears("На каком языке")
	r.taps("Русский")
	r.hears("Чем вам помочь?")
	r.taps("Записаться в библиотеку")
	r.hears("Кого записываем")
	r.taps("Меня")
	r.hears("Вы согласны?")
	r.taps("Согласен / согласна")
	r.hears("пришлите сюда фотографию")
	picture, err := samplePaper("Туйаара")
	if err != nil {
		t.Fatal(err)
	}
	telegram.UserSendsPhoto(chat, picture, "")
	r.hears("Напишите фамилию")
	telegram.UserSays(chat, name)
	r.hears("дату рождения")
	telegram.UserSays(chat, born)
	r.hears("Выберите «Передать мой номер»")
	telegram.UserSharesPhone(chat, "+79141234567")
	r.hears("+79141234567")
	r.taps("Всё верно, отправить")
	r.hears("Заявка отправлена")

	librarian := w.colleague("librarian")
	task := librarian.task(name)
	if page := librarian.get(task); !strings.Contains(page, "подтверждено") {
		t.Error("the number that Telegram gave is not proven")
	}
	librarian.post(task+"/take", nil)
	librarian.seesPhoto(task, len(picture))
	librarian.post(task+"/accept", nil)
	r.hears("всё в порядке")
	registrar := w.colleague("registrar")
	task = registrar.task(name)
	registrar.post(task+"/take", nil)
	registrar.post(task+"/card", url.Values{"number": {number}, "password": {"white-winter-11"}})
	r.hears("white-winter-11")
	card := r.hears(number)
	if card.File == nil || !card.File.Photo || len(card.File.Data) < 5000 {
		t.Errorf("the card came without its picture: %+v", card.File)
	}
	r.taps("Мой билет")
	r.hears("читательский билет № " + number)
	if len(flags) > 0 && telegram.Calls("getUpdates") > 0 {
		t.Error("the service asks Telegram though it is called by it")
	}
	if strings.Contains(w.log.String(), "white-winter-11") || strings.Contains(w.log.String(), telegram.Token) {
		t.Error("a secret stands in the log")
	}
}

// newWorldWith is a world whose library differs from the usual one in these settings.
func newWorldWith(t *testing.T, s map[string]any) *world {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	w := emptyWorld(t)
	w.must("library", "add", "demo", "--name", "Библиотека", "--zone", "Asia/Yakutsk", "--settings", path)
	return w
}

// correspondent is a reader in Telegram.
type correspondent struct {
	w      *world
	server *telegramtest.Server
	chat   int64
	heard  int // messages before the last one that was waited for
}

// hears waits for a message with the text, after those heard before or the last of them.
func (r *correspondent) hears(text string) telegramtest.Message {
	r.w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patienceOfTests)
	defer cancel()
	var found telegramtest.Message
	sent, err := r.server.Await(ctx, r.chat, func(all []telegramtest.Message) bool {
		for i := r.heard; i < len(all); i++ {
			if strings.Contains(all[i].Text, text) {
				found = all[i]
				return true
			}
		}
		return false
	})
	if err != nil {
		r.w.Fatalf("did not hear %q but %+v: %v\n%s", text, sent, err, r.w.log)
	}
	return found
}

// taps presses a button of the newest message that has it; what is heard next was sent after that.
func (r *correspondent) taps(label string) {
	r.w.Helper()
	r.w.await("the button "+label, func() bool { r.heard = len(r.server.Sent(r.chat)); return r.server.UserTaps(r.chat, label) == nil })
}

// colleague works at the desk by its pages, without a browser.
type colleague struct {
	w      *world
	client *http.Client
}

var secretOnPage = regexp.MustCompile(`<span class="secret">([^<]+)</span>`)

// colleague adds an account and signs in: first password, second factor, a password of one's own.
func (w *world) colleague(role string) *colleague {
	w.Helper()
	const own = "three green herons wade"
	out := w.must("staff", "add", role, "--name", role, "--role", role, "--library", "demo")
	first := strings.TrimSpace(strings.TrimPrefix(out, "first password:"))
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	c := &colleague{w: w, client: &http.Client{Jar: jar, Timeout: patienceOfTests}}
	page := c.post("/desk/sign-in", url.Values{"login": {role}, "password": {first}})
	found := secretOnPage.FindStringSubmatch(page)
	if found == nil {
		w.Fatalf("no second factor is offered\n%s", page)
	}
	c.post("/desk/enrol", url.Values{"code": {oneTimeCode(w.T, strings.ReplaceAll(found[1], " ", ""), 0)}})
	c.post("/desk/password", url.Values{"old": {first}, "new": {own}, "again": {own}})
	return c
}

func (c *colleague) get(path string) string {
	c.w.Helper()
	return c.ask(http.MethodGet, path, nil)
}

func (c *colleague) post(path string, form url.Values) string {
	c.w.Helper()
	return c.ask(http.MethodPost, path, form)
}

func (c *colleague) ask(method, path string, form url.Values) string {
	c.w.Helper()
	return html.UnescapeString(string(c.raw(method, path, form)))
}

// raw is the answer as it comes.
func (c *colleague) raw(method, path string, form url.Values) []byte {
	c.w.Helper()
	r, err := http.NewRequestWithContext(c.w.Context(), method, "http://"+c.w.listen+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.w.Fatal(err)
	}
	r.Header.Set("Accept-Language", "ru")
	r.Header.Set("Accept", "text/html")
	if form != nil || method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := c.client.Do(r)
	if err != nil {
		c.w.Fatalf("%s %s: %v\n%s", method, path, err, c.w.log)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		c.w.Fatalf("%s %s: %s, %v\n%s\n%s", method, path, answer.Status, err, body, c.w.log)
	}
	return body
}

// task waits for the reader's task in the queue and gives its address.
func (c *colleague) task(name string) string {
	c.w.Helper()
	row := regexp.MustCompile(`href="(/desk/tasks/\d+)">(?:[^/]|/[^a])*?` + regexp.QuoteMeta(name))
	var found []string
	c.w.await("the task of "+name, func() bool {
		found = row.FindStringSubmatch(c.get("/desk"))
		return found != nil
	})
	return found[1]
}

// seesPhoto opens the photo of the task; the bytes are not those that were sent.
func (c *colleague) seesPhoto(task string, sent int) {
	c.w.Helper()
	found := regexp.MustCompile(`<img src="(/desk/files/[^"]+)"`).FindStringSubmatch(c.get(task))
	if found == nil {
		c.w.Fatal("the task shows no photo")
	}
	if photo := c.get(found[1]); len(photo) < 10_000 || len(photo) == sent {
		c.w.Errorf("the photo has %d bytes", len(photo))
	}
	if page := c.get(task); !strings.Contains(page, fmt.Sprintf("%s/accept", task)) {
		c.w.Error("the registration cannot be accepted")
	}
}
