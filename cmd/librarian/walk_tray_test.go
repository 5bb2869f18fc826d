package main

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"librarian/bots/email/mailtest"
)

// TestLettersOfTheTrayAreSettled walks it with the program itself and real servers: two letters name one of ours that nobody knows. The librarian gives the
// pages of one to an order, and makes the other a question of its sender, who is answered in their thread (issue 4, tray; F3, C5).
func TestLettersOfTheTrayAreSettled(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	w := newWorld(t)
	const own = mailtest.User + "@" + mailtest.Domain
	w.must("channel", "add", "email", "--library", "demo", "--smtp", server.SMTPURL, "--imap", server.MailboxURL(mailtest.User), "--address", own)
	w.serve()
	pool := w.pool()
	reader := w.visitor("anna")
	reader.chooses("start")
	w.answered(pool)
	order := w.count(pool, `with r as (insert into readers (library_id, name) values (1, 'Анна') returning id)
insert into orders (library_id, kind, state, reader_id, conversation_id, channel, title, pages, want, due_at, created_at)
select 1, 'fragment', 'asked', r.id, c.id, 'webchat', 'Олонхо', '11–12', 'photo', now(), now() from r, conversations c returning id`)
	librarian := w.colleague("librarian")

	first, second := photo(t, 1), photo(t, 2)
	head := "To: " + own + "\r\nIn-Reply-To: <" + strings.Repeat("0", 32) + "@" + mailtest.Domain + ">\r\nMIME-Version: 1.0\r\n"
	attached := func(name string, content []byte) string {
		return fmt.Sprintf("--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n",
			name, regexp.MustCompile(`.{76}`).ReplaceAllString(base64.StdEncoding.EncodeToString(content), "$0\r\n"))
	}
	server.Post(t, "keeper@lib.test", own, []byte("From: keeper@lib.test\r\nMessage-ID: <pages@lib.test>\r\nSubject: Pages\r\n"+head+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe pages that you asked for\r\n"+
		attached("11.jpg", first)+attached("12.jpg", second)+"--b--\r\n"))
	server.Post(t, "friend@lib.test", own, []byte("From: friend@lib.test\r\nMessage-ID: <word@lib.test>\r\nSubject: Hours\r\n"+head+
		"Content-Type: text/plain\r\n\r\nWhen do you open on Sundays?\r\n"))
	w.await("both letters are in the tray", func() bool { return w.count(pool, `select count(*) from letters where state = 'tray'`) == 2 })

	pages, word := librarian.letter("Pages"), librarian.letter("Hours")
	page := librarian.get(pages)
	if !strings.Contains(page, "The pages that you asked for") || strings.Count(page, " checked>") != 2 || !strings.Contains(page, "Олонхо") {
		t.Errorf("the page of the letter is\n%s", page)
	}
	if got := librarian.get(pages + "/files/1"); !strings.HasPrefix(got, "\xff\xd8") || got == string(first) {
		t.Errorf("the picture of a file has %d bytes", len(got))
	}
	page = librarian.post(pages+"/give", url.Values{"number": {fmt.Sprint(order)}, "file": {"1", "2"}})
	if n := w.count(pool, `select count(*) from order_parts where order_id = $1 and source = 'email' and preview_id <> ''`, order); n != 2 || !strings.Contains(page, "11.jpg") {
		t.Errorf("the order has %d pages", n)
	}
	if page = librarian.post(word+"/pass", url.Values{}); !strings.Contains(page, "When do you open on Sundays?") {
		t.Error("the letter does not stand in its conversation")
	}
	answer := server.Letters(t, "friend", 1)[0]
	if answer.Header.Get("In-Reply-To") != "<word@lib.test>" {
		t.Errorf("answered in the thread of %q", answer.Header.Get("In-Reply-To"))
	}
	if page = librarian.get("/desk/tray"); strings.Contains(page, pages) || strings.Contains(page, word) {
		t.Error("a letter still waits")
	}
	if n := w.count(pool, `select count(*) from audit where act in ('letter.given', 'letter.passed', 'letter.looked')`); n != 3 {
		t.Errorf("%d acts in the audit log", n)
	}
	if page = librarian.get(pages); !strings.Contains(page, fmt.Sprintf("/desk/orders/%d", order)) {
		t.Error("the letter does not say where its pages went")
	}
}

// letter is the address of the letter with this subject in the tray.
func (c *colleague) letter(subject string) string {
	c.w.Helper()
	found := regexp.MustCompile(`href="(/desk/tray/\d+)"><span class="row-main cut">` + subject).FindStringSubmatch(c.get("/desk/tray"))
	if found == nil {
		c.w.Fatalf("no letter %s in the tray", subject)
	}
	return found[1]
}
