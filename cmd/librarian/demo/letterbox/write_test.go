package letterbox_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/cmd/librarian/demo/letterbox"
)

const desk = "desk@lib.test"

// form is what somebody writes on the page.
type form struct {
	fields map[string]string
	files  map[string][]byte
	origin string // of the page that sends it; empty: the letter box's own
}

// send posts the form as a browser does.
func send(t *testing.T, b *letterbox.Box, f form) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	out := multipart.NewWriter(&body)
	for name, value := range f.fields {
		if err := out.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.files) == 0 {
		f.files = map[string][]byte{"": nil} // a field that was left empty
	}
	for name, content := range f.files {
		part, err := out.CreateFormFile("files", name)
		if err == nil {
			_, err = part.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/demo/mail", &body)
	r.Header.Set("Content-Type", out.FormDataContentType())
	r.Header.Set("Accept-Language", "ru")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if f.origin != "" {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", f.origin)
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

// arrived gives the letters in the library's inbox.
func arrived(t *testing.T, b *letterbox.Box, address string) [][]byte {
	t.Helper()
	if err := email.ParseMailbox(b.Mailbox(address)); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(b.Mailbox(address))
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.DialInsecure(u.Host, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // what was to be read was read
	password, _ := u.User.Password()
	if err := c.Login(u.User.Username(), password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	var all imap.UIDSet
	all.AddRange(1, 0)
	found, err := c.Fetch(all, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, m := range found {
		out = append(out, m.FindBodySection(section))
	}
	return out
}

func startFor(t *testing.T, libraries ...string) *letterbox.Box {
	t.Helper()
	b, err := letterbox.Start(t.Context(), t.TempDir(), "127.0.0.1:0", libraries...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// The answer of a department is what the intake knows as one: it names the letter, its own words stand alone, its files are whole.
func TestLetterIsAnswered(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"ru", "en", "uk", "sah"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			answered(t, lang)
		})
	}
}

func answered(t *testing.T, lang string) {
	b := startFor(t, "Desk@lib.test", "other@lib.test")
	id := post(t, b, bots.Outbound{Seq: 1, Address: "storage@lib.test", Subject: "Заказ <1>", Text: "Снимите, пожалуйста.\n\nКод: АБВ", Files: []string{"a"}})
	page := get(t, b.Handler(), "/demo/mail/1", lang).Body.String()
	if !strings.Contains(page, `name="answers" value="1"`) || !strings.Contains(page, `value="storage@lib.test"`) {
		t.Fatalf("no form: %s", page)
	}
	photos := map[string][]byte{"Стр. 12 «Олоҥхо».jpg": bytes.Repeat([]byte{0xff, 0xd8, '\r', '\n', '.'}, 1000), "b.jpg": []byte("b")}
	w := send(t, b, form{fields: map[string]string{
		"answers": "1", "from": " storage@lib.test", "to": "other@lib.test", "subject": "Re: Заказ <1>", "text": "Прилагаю.\r\nВот они",
	}, files: photos})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/demo/mail?sent=1" {
		t.Fatalf("sent: %d %s", w.Code, w.Body)
	}
	letters := arrived(t, b, desk)
	if len(letters) != 1 || len(arrived(t, b, "other@lib.test")) != 0 {
		t.Fatalf("%d letters arrived", len(letters))
	}
	l, err := email.Convert(letters[0], desk)
	if err != nil {
		t.Fatal(err)
	}
	if l.From != "storage@lib.test" || l.What != email.Personal || l.Text != "Прилагаю.\nВот они" || !slices.Contains(l.Names(), id) {
		t.Errorf("the letter is %+v", l)
	}
	if len(l.Files) != len(photos) {
		t.Errorf("%d files", len(l.Files))
	}
	for _, f := range l.Files {
		if !bytes.Equal(photos[f.Name], f.Content) {
			t.Errorf("file %q has %d bytes", f.Name, len(f.Content))
		}
	}
	if !bytes.Contains(letters[0], []byte("In-Reply-To: <"+id+">")) || !bytes.Contains(letters[0], []byte("References: <"+id+">")) {
		t.Errorf("the headers name no letter: %s", letters[0][:min(len(letters[0]), 2000)])
	}
	if page := get(t, b.Handler(), "/demo/mail/2", lang).Body.String(); strings.Contains(page, "<form") {
		t.Error("an answer to the library's own mailbox is offered")
	}
}

// An answer goes to the address that the letter asks for, with its token, whatever the form says.
func TestAnswerGoesToTheToken(t *testing.T) {
	t.Parallel()
	b := startFor(t, desk)
	const token = "00112233445566778899aabbccddeeff"
	raw := "From: Lib <desk@lib.test>\r\nTo: ada@reader.test\r\nReply-To: Lib <desk+" + token + "@lib.test>\r\nMessage-ID: <" + token + "@lib.test>\r\n" +
		"References: <a@reader.test>\r\nSubject: Re: x\r\n\r\nHello\r\n"
	if err := smtp.SendMail(b.Addr(), nil, desk, []string{"ada@reader.test"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if w := send(t, b, form{fields: map[string]string{"answers": "1", "from": "friend@reader.test", "subject": "something else", "text": "да"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("sent: %d %s", w.Code, w.Body)
	}
	if list := get(t, b.Handler(), "/demo/mail", "en").Body.String(); !strings.Contains(list, "friend@reader.test → desk@lib.test<") {
		t.Errorf("list is %s", list)
	}
	letters := arrived(t, b, desk)
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	l, err := email.Convert(letters[0], desk)
	if err != nil || l.Token != token || l.Text != "да" || l.From != "friend@reader.test" || !slices.Equal(l.References, []string{"a@reader.test", token + "@lib.test"}) {
		t.Errorf("the letter is %+v, %v", l, err)
	}
}

func TestNewLetter(t *testing.T) {
	t.Parallel()
	b := startFor(t, desk, "other@lib.test")
	post(t, b, bots.Outbound{Address: "ada@lib.test", Text: "x"})
	page := get(t, b.Handler(), "/demo/mail/write", "sah").Body.String()
	for _, part := range []string{`<option value="ada@lib.test">`, "<option>other@lib.test</option>", "18 МБ", "Библиотекаҕа суруй"} {
		if !strings.Contains(page, part) {
			t.Errorf("%s is not on the page: %s", part, page)
		}
	}
	if w := send(t, b, form{fields: map[string]string{"from": "olga@reader.test", "to": "other@lib.test", "text": "Здравствуйте!"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("sent: %d %s", w.Code, w.Body)
	}
	list := get(t, b.Handler(), "/demo/mail?sent=1", "uk").Body.String()
	if !strings.Contains(list, "olga@reader.test → other@lib.test") || !strings.Contains(list, `role="status"`) {
		t.Errorf("list is %s", list)
	}
	letters := arrived(t, b, "other@lib.test")
	if len(letters) != 1 || len(arrived(t, b, desk)) != 0 {
		t.Fatalf("%d letters", len(letters))
	}
	if l, err := email.Convert(letters[0], "other@lib.test"); err != nil || l.Text != "Здравствуйте!" || l.From != "olga@reader.test" || l.MessageID == "" || len(l.Files) != 0 {
		t.Errorf("the letter is %+v, %v", l, err)
	}
}

// What cannot be sent comes back with what was written and why; nothing arrives.
func TestLetterIsNotSent(t *testing.T) {
	t.Parallel()
	b := startFor(t, desk)
	big := bytes.Repeat([]byte("x"), 10<<20)
	fine := map[string]string{"from": "ada@reader.test", "to": desk, "subject": "Тема <1>", "text": "Слова"}
	for name, c := range map[string]struct {
		change map[string]string
		files  map[string][]byte
		says   string
	}{
		"no sender":          {map[string]string{"from": "ada"}, nil, "Укажите адрес"},
		"the library itself": {map[string]string{"from": "Desk+1@lib.test"}, nil, "Укажите адрес"},
		"a line too many":    {map[string]string{"from": "ada@reader.test\r\nBcc: x@reader.test"}, nil, "Укажите адрес"},
		"nobody":             {map[string]string{"to": "ada@reader.test"}, map[string][]byte{"a.txt": []byte("a")}, "Файлы нужно выбрать заново."},
		"nothing":            {map[string]string{"text": " \r\n"}, nil, "Напишите несколько слов"},
		"large files":        {nil, map[string][]byte{"a.jpg": big, "b.jpg": big}, "до 18 МБ. Приложите"},
	} {
		fields := map[string]string{}
		for _, from := range []map[string]string{fine, c.change} {
			for k, v := range from {
				fields[k] = v
			}
		}
		w := send(t, b, form{fields: fields, files: c.files})
		page := w.Body.String()
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, c.says) || !strings.Contains(page, `value="Тема &lt;1&gt;"`) ||
			!strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), page)
		}
	}
	if w := send(t, b, form{fields: fine, files: map[string][]byte{"a": bytes.Repeat(big, 7)}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "до 18 МБ") {
		t.Errorf("far too large: %d %s", w.Code, w.Body)
	}
	for _, answers := range []string{"7", "0", "x"} {
		if w := send(t, b, form{fields: map[string]string{"answers": answers, "from": "ada@reader.test", "text": "x"}}); w.Code != http.StatusNotFound {
			t.Errorf("answer to %s: %d", answers, w.Code)
		}
	}
	if w := send(t, b, form{fields: fine, origin: "https://elsewhere.test"}); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	if n := len(arrived(t, b, desk)); n != 0 {
		t.Errorf("%d letters arrived", n)
	}
}

// A letter to several people is in the box once, and once in the mailbox of each library among them.
func TestLetterToMany(t *testing.T) {
	t.Parallel()
	b := startFor(t, desk, "other@lib.test")
	to := []string{"DESK+abc@lib.test", "desk@LIB.test", "other@lib.test", "ada@reader.test"}
	if err := smtp.SendMail(b.Addr(), nil, "olga@reader.test", to, []byte("From: olga@reader.test\r\nSubject: many\r\n\r\nx\r\n")); err != nil {
		t.Fatal(err)
	}
	list := get(t, b.Handler(), "/demo/mail", "en").Body.String()
	if n := strings.Count(list, "<li>"); n != 1 || len(arrived(t, b, desk)) != 1 || len(arrived(t, b, "other@lib.test")) != 1 {
		t.Errorf("%d in the list: %s", n, list)
	}
}

// The mailbox is another one by name and password, and the same after a restart.
func TestMailboxIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var passwords []string
	for n := range 2 {
		b, err := letterbox.Start(t.Context(), dir, "127.0.0.1:0", desk)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf("From: olga@reader.test\r\nSubject: letter %d\r\n\r\nx\r\n", n+1)
		if err := smtp.SendMail(b.Addr(), nil, "olga@reader.test", []string{desk}, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if got := arrived(t, b, desk); len(got) != n+1 || !bytes.Contains(got[0], []byte("letter 1")) {
			t.Errorf("run %d: %d letters", n+1, len(got))
		}
		u, err := url.Parse(b.Mailbox(desk))
		if err != nil {
			t.Fatal(err)
		}
		password, _ := u.User.Password()
		passwords = append(passwords, password)
		c, err := imapclient.DialInsecure(u.Host, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Login(desk, passwords[0]).Wait(); (err == nil) != (n == 0) {
			t.Errorf("the first password in run %d: %v", n+1, err)
		}
		if err := b.Stop(); err != nil { // with the connection open
			t.Fatal(err)
		}
		if err := c.Noop().Wait(); err == nil {
			t.Error("the connection outlives the box")
		}
		if err := c.Close(); err != nil && !strings.Contains(err.Error(), io.EOF.Error()) {
			t.Log("closed by the other side:", err)
		}
	}
}
