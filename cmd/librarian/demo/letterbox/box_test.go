package letterbox_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/cmd/librarian/demo/letterbox"
	"librarian/contacts/library"
)

const fileName = "Стр. 12 «Олоҥхо».pdf"

var scan = bytes.Repeat([]byte("%PDF\x00\r\n.\r\n"), 1000)

func start(t *testing.T, dir string) *letterbox.Box {
	t.Helper()
	b, err := letterbox.Start(t.Context(), dir, "127.0.0.1:0")
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

// post sends a letter as the program does.
func post(t *testing.T, b *letterbox.Box, m bots.Outbound) string {
	t.Helper()
	e, err := email.New(email.Config{
		SMTP: "smtp://" + b.Addr() + "?tls=none", From: "desk@lib.test", FromName: "Библиотека", Secret: make([]byte, 16),
		Open: func(context.Context, library.ID, string) (io.ReadCloser, string, string, int64, error) {
			return io.NopCloser(bytes.NewReader(scan)), fileName, "application/pdf", int64(len(scan)), nil
		},
		Now: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := e.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func get(t *testing.T, h http.Handler, path, lang string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", lang)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestLetterIsRead(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir())
	id := post(t, b, bots.Outbound{Seq: 1, Address: "ada@lib.test", Subject: "Код <входа>", Text: "Ваш код: 123456\n<script>alert(1)</script>", Files: []string{"a"}})
	post(t, b, bots.Outbound{Seq: 2, Address: "ada@lib.test", Subject: "Second", Text: "x"})
	list := get(t, b.Handler(), "/demo/mail", "ru").Body.String()
	first, second := strings.Index(list, "Код &lt;входа&gt;"), strings.Index(list, "Second")
	if first < 0 || second < 0 || first < second || !strings.Contains(list, "Почтовый ящик") || !strings.Contains(list, `data-newest="2"`) {
		t.Errorf("list is %s", list)
	}
	if english := get(t, b.Handler(), "/demo/mail", "de, en;q=0.5").Body.String(); !strings.Contains(english, "Letter box") {
		t.Errorf("list in English is %s", english)
	}
	page := get(t, b.Handler(), "/demo/mail/1", "en").Body.String()
	for _, part := range []string{"Код &lt;входа&gt;", "123456", "&lt;script&gt;", "Библиотека", "ada@lib.test", id, "Стр. 12 «Олоҥхо».pdf", "/demo/mail/1/files/0"} {
		if !strings.Contains(page, part) {
			t.Errorf("%s is not on the page: %s", part, page)
		}
	}
	if strings.Contains(page, "<script") {
		t.Error("the letter's own script is on the page")
	}
	file := get(t, b.Handler(), "/demo/mail/1/files/0", "en")
	disposition, about, err := mime.ParseMediaType(file.Header().Get("Content-Disposition"))
	if err != nil || disposition != "attachment" || about["filename"] != fileName || !bytes.Equal(file.Body.Bytes(), scan) ||
		file.Header().Get("X-Content-Type-Options") != "nosniff" || file.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("file comes as %v with %d bytes", file.Header(), file.Body.Len())
	}
}

func TestNoSuchPage(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir())
	post(t, b, bots.Outbound{Address: "ada@lib.test", Text: "x"})
	for _, path := range []string{"/demo/mail/2", "/demo/mail/0", "/demo/mail/-1", "/demo/mail/..%2f1", "/demo/mail/1/files/0", "/demo/mail/1/files/x", "/demo/mail/x.css"} {
		if w := get(t, b.Handler(), path, "en"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/demo/mail/letterbox.css", "/demo/mail/letterbox.js"} {
		if w := get(t, b.Handler(), path, "en"); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestOnlyThisMachine(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:25", "lib.test:25"} {
		if _, err := letterbox.Start(t.Context(), t.TempDir(), addr); !errors.Is(err, letterbox.ErrNotLoopback) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestNewestAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := start(t, dir)
	for i := range 203 {
		body := fmt.Sprintf("Subject: letter %d\r\n\r\nx\r\n", i+1)
		if err := smtp.SendMail(b.Addr(), nil, "desk@lib.test", []string{"ada@lib.test"}, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "1.part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	b = start(t, dir)
	post(t, b, bots.Outbound{Address: "ada@lib.test", Subject: "after", Text: "x"})
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 200 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	list := get(t, b.Handler(), "/demo/mail", "en").Body.String()
	if !strings.Contains(list, "letter 203<") || !strings.Contains(list, ">after<") || strings.Contains(list, "letter 4<") || !strings.Contains(list, "letter 5<") {
		t.Errorf("list is %s", list)
	}
}

func TestListHearsOfNewLetters(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir())
	server := httptest.NewServer(b.Handler())
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/demo/mail/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	lines := bufio.NewScanner(answer.Body)
	for _, want := range []string{"0", "1"} {
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
		}
		if lines.Text() != "data: "+want {
			t.Fatalf("heard %q, want %s; %v", lines.Text(), want, lines.Err())
		}
		if want == "0" {
			post(t, b, bots.Outbound{Address: "ada@lib.test", Text: "x"})
		}
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil || ctx.Err() != nil {
		t.Errorf("stream after the end of the box: %v", err)
	}
}

func TestStopEndsIdleConnections(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b, err := letterbox.Start(ctx, t.TempDir(), "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	greeting := make([]byte, 3)
	if _, err := io.ReadFull(conn, greeting); err != nil || string(greeting) != "220" {
		t.Fatalf("greeted with %q, %v", greeting, err)
	}
	cancel()
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}
