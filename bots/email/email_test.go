package email_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/bots/email/mailtest"
	"librarian/bots/files"
	"librarian/contacts/library"
)

var written = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// shelf gives files by their ids.
type shelf map[string]attached

type attached struct {
	name, mediaType string
	content         []byte
	failed          error
}

func (s shelf) open(_ context.Context, lib library.ID, id string) (io.ReadCloser, string, string, int64, error) {
	f, ok := s[id]
	if !ok || lib != 7 {
		return nil, "", "", 0, files.ErrNotFound
	}
	if f.failed != nil {
		return nil, "", "", 0, f.failed
	}
	return io.NopCloser(bytes.NewReader(f.content)), f.name, f.mediaType, int64(len(f.content)), nil
}

func config(url string, s shelf) email.Config {
	return email.Config{
		Library: 7, Channel: 3, SMTP: url, From: "Desk@LIB.test", FromName: "Библиотека «Север»",
		Secret: []byte("0123456789abcdef"), Open: s.open, Now: func() time.Time { return written },
	}
}

func channel(t *testing.T, c email.Config) *email.Email {
	t.Helper()
	e, err := email.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func send(t *testing.T, e *email.Email, m bots.Outbound) string {
	t.Helper()
	id, err := e.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestLetterArrivesWhole(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t)
	scan := bytes.Repeat([]byte("%PDF\x00\r\n.\r\nскан "), 30_000)
	name := "Стр. 12–15 «Олоҥхо».pdf"
	c := config(s.SMTPURL, shelf{
		"scan": {name: name, mediaType: "application/pdf", content: scan},
		"odd":  {name: "../../\"a\"\r\nX-Evil: yes;.txt", mediaType: "text/plain\r\nX-Evil: yes", content: []byte("odd")},
	})
	c.Earlier = func(context.Context, bots.Outbound) (email.Thread, error) {
		return email.Thread{IDs: []string{"first@lib.test", "bad>\r\nX-Evil: <yes", "second@lib.test"}, Subject: "Not taken"}, nil
	}
	c.Plus = true
	e := channel(t, c)
	subject := strings.Repeat("Ваш читательский билет готов и ждёт Вас. ", 4)
	text := "Здравствуйте!\r\n\r\n.\nКод: 123456 <b>&\n" + strings.Repeat("я", 2000) + "\nFrom here"
	m := bots.Outbound{
		Library: 7, Channel: 3, Conversation: 5, Seq: 9, Address: "ada@LIB.TEST", Lang: library.Sakha,
		Subject: subject, Text: text, Files: []string{"scan", "odd"},
	}
	id := send(t, e, m)
	l := s.Letters(t, "ada", 1)[0]
	want := map[string]string{
		"Message-Id": "<" + id + ">", "Auto-Submitted": "auto-generated", "In-Reply-To": "<second@lib.test>",
		"References": "<first@lib.test> <second@lib.test>", "Return-Path": "<Desk@lib.test>", "To": "<ada@lib.test>",
		"X-Evil": "", "User-Agent": "", "List-Id": "",
	}
	for key, value := range want {
		if got := l.Header.Get(key); got != value {
			t.Errorf("%s is %q, want %q", key, got, value)
		}
	}
	if got, want := l.Header.Get("Reply-To"), "<Desk+"+strings.TrimSuffix(id, "@lib.test")+"@lib.test>"; !strings.HasSuffix(got, want) {
		t.Errorf("answers go to %q, want %q", got, want)
	}
	if l.Subject != strings.TrimSpace(subject) || l.From != `Библиотека «Север» <Desk@lib.test>` || !l.Date.Equal(written) {
		t.Errorf("letter has subject %q, sender %q, date %v", l.Subject, l.From, l.Date)
	}
	body := strings.ReplaceAll(l.Text, "\r\n", "\n")
	if body = strings.TrimSuffix(body, "\n"); body != strings.ReplaceAll(text, "\r\n", "\n")+"\n\n-- \nБиблиотека «Север»" {
		t.Errorf("text is %q", body)
	}
	if !strings.Contains(l.HTML, `<html lang="sah">`) || !strings.Contains(l.HTML, "123456 &lt;b&gt;&amp;<br>") {
		t.Errorf("HTML is %q", l.HTML)
	}
	if len(l.Files) != 2 || l.Files[0].Name != name || l.Files[0].MediaType != "application/pdf" || !bytes.Equal(l.Files[0].Content, scan) {
		t.Errorf("first of %d files differs", len(l.Files))
	}
	if odd := l.Files[1]; odd.Name != `a" X-Evil: yes;.txt` && odd.Name != `"a" X-Evil: yes;.txt` || odd.MediaType != "application/octet-stream" {
		t.Errorf("odd file is %q, %s", odd.Name, odd.MediaType)
	}
}

func TestMessageIDsDiffer(t *testing.T) {
	t.Parallel()
	base := config("smtp://127.0.0.1?tls=none", nil)
	seen := map[string]string{}
	for _, secret := range []string{"0123456789abcdef", "fedcba9876543210"} {
		for _, lib := range []library.ID{1, 11} {
			for _, place := range []bots.Outbound{{Conversation: 1, Seq: 11}, {Conversation: 11, Seq: 1}, {Conversation: 1, Seq: 1}, {Conversation: 1, Seq: 2}} {
				c := base
				c.Secret, c.Library = []byte(secret), lib
				id := channel(t, c).MessageID(place)
				what := fmt.Sprint(secret, lib, place.Conversation, place.Seq)
				if other, ok := seen[id]; ok {
					t.Errorf("%s and %s have the same id", other, what)
				}
				seen[id] = what
				if local, _, _ := strings.Cut(id, "@"); len(local) != 32 {
					t.Errorf("%s is not 128 bits", id)
				}
			}
		}
	}
}

func TestNoHeaderIsInjected(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t)
	c := config(s.SMTPURL, nil)
	c.FromName = "Desk\"\r\nBcc: eve@lib.test\r\n<x@y>\\"
	e := channel(t, c)
	send(t, e, bots.Outbound{Address: "ada@lib.test", Subject: "a\r\nBcc: eve@lib.test\n\n\u2028body\x00\u202e", Text: "a\x00b\x1b"})
	l := s.Letters(t, "ada", 1)[0]
	if l.Header.Get("Bcc") != "" || l.Subject != "a Bcc: eve@lib.test body" || !strings.HasPrefix(l.Text, "ab") {
		t.Errorf("letter has subject %q, text %q, Bcc %q", l.Subject, l.Text, l.Header.Get("Bcc"))
	}
	from, err := l.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "Desk@lib.test" || from[0].Name != `Desk" Bcc: eve@lib.test <x@y>\` {
		t.Errorf("sender is %v, %v", from, err)
	}
	for _, address := range []string{"ada@lib.test>\r\nRCPT TO:<eve@lib.test", "ada@lib.test, eve@lib.test", "", "\"a\r\nb\"@lib.test"} {
		_, err := e.Send(t.Context(), bots.Outbound{Address: address, Text: "x"})
		if failed := verdict(t, err); failed.Outcome != bots.Refused || failed.Code != "address" {
			t.Errorf("%q: %v", address, failed)
		}
	}
}

func verdict(t *testing.T, err error) *bots.SendError {
	t.Helper()
	var failed *bots.SendError
	if !errors.As(err, &failed) {
		t.Fatalf("not a SendError: %v", err)
	}
	return failed
}

func TestServersAnswerDecides(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t)
	e := channel(t, config(s.SMTPURL, shelf{
		"gone":  {failed: fmt.Errorf("open: %w", files.ErrPurged)},
		"away":  {failed: errors.New("store is away")},
		"large": {name: "a.pdf", content: make([]byte, e15+1)},
		"half":  {name: "a.pdf", content: make([]byte, e15)},
	}))
	cases := []struct {
		address string
		files   []string
		outcome bots.Outcome
		code    string
	}{
		{"nobody@lib.test", nil, bots.Refused, "550"},
		{"later@lib.test", nil, bots.Retry, "451"},
		{"ada@elsewhere.test", nil, bots.Refused, "550"},
		{"ada@lib.test", []string{"gone"}, bots.Refused, "file_gone"},
		{"ada@lib.test", []string{"unknown"}, bots.Refused, "file_gone"},
		{"ada@lib.test", []string{"away"}, bots.Retry, "file"},
		{"ada@lib.test", []string{"large"}, bots.Refused, "file_size"},
		{"ada@lib.test", []string{"half", "half", "half"}, bots.Refused, "file_size"},
	}
	for _, c := range cases {
		_, err := e.Send(t.Context(), bots.Outbound{Address: c.address, Text: "x", Files: c.files})
		failed := verdict(t, err)
		if failed.Outcome != c.outcome || !strings.HasPrefix(failed.Code, c.code) || failed.Whole {
			t.Errorf("%s %v: %v", c.address, c.files, failed)
		}
		if local, _, _ := strings.Cut(c.address, "@"); strings.Contains(failed.Error(), local) {
			t.Errorf("error shows the address: %v", failed)
		}
	}
}

const e15 = 15 << 20

func TestServerAwayHoldsTheChannel(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	e := channel(t, config("smtp://"+l.Addr().String()+"?tls=none", nil))
	_, err = e.Send(t.Context(), bots.Outbound{Address: "ada@lib.test", Text: "x"})
	if failed := verdict(t, err); failed.Outcome != bots.Retry || !failed.Whole || failed.After <= 0 {
		t.Errorf("server away: %v, whole %v, after %v", failed, failed.Whole, failed.After)
	}
	if e.Check(t.Context()) == nil {
		t.Error("check finds a server that is away")
	}
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t)
	account := mailtest.User + ":" + mailtest.Password + "@"
	cases := []struct {
		url     string
		trusted bool
		works   bool
	}{
		{"smtp://" + account + s.Addr, true, true},
		{"smtp://" + account + s.Addr, false, false},
		{"smtp://" + account + s.Addr + "?tls=starttls", true, true},
		{"smtp://" + account + s.Addr + "?tls=none", false, true},
		{"smtp://library:wrong@" + s.Addr, true, false},
		{"smtps://" + account + s.Secure, true, true},
		{"smtps://" + account + s.Secure, false, false},
		{"smtps://" + account + s.Addr, true, false},
	}
	for i, c := range cases {
		settings := config(c.url, nil)
		if c.trusted {
			settings.Roots = s.Roots
		}
		e := channel(t, settings)
		if err := e.Check(t.Context()); (err == nil) != c.works {
			t.Errorf("case %d: check says %v", i, err)
		} else if err != nil && (strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), mailtest.Password)) {
			t.Errorf("case %d: error shows the password: %v", i, err)
		}
		_, err := e.Send(t.Context(), bots.Outbound{Seq: i, Address: fmt.Sprintf("case%d@lib.test", i), Text: "x"})
		if (err == nil) != c.works {
			t.Errorf("case %d: sent with %v", i, err)
		}
		if err != nil && verdict(t, err).Outcome != bots.Retry {
			t.Errorf("case %d: %v", i, err)
		}
		if c.works {
			received := strings.Join(s.Letters(t, fmt.Sprintf("case%d", i), 1)[0].Header["Received"], "\n")
			if encrypted := strings.Contains(received, "with esmtpsa"); encrypted == strings.HasSuffix(c.url, "none") {
				t.Errorf("case %d came by %q", i, received)
			}
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	breaks := map[string]func(*email.Config){
		"url":    func(c *email.Config) { c.SMTP = "smtp://library:secret@%zz" },
		"sender": func(c *email.Config) { c.From = "desk" },
		"secret": func(c *email.Config) { c.Secret = []byte("short") },
		"files":  func(c *email.Config) { c.Open = nil },
		"clock":  func(c *email.Config) { c.Now = nil },
	}
	for name, spoil := range breaks {
		c := config("smtp://127.0.0.1:25?tls=none", nil)
		spoil(&c)
		if _, err := email.New(c); !errors.Is(err, email.ErrConfig) || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
