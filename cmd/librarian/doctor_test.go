package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"librarian/bots/email/mailtest"
	"librarian/bots/telegram/telegramtest"
)

// line is the first line that doctor says of a thing.
func line(out, what string) string {
	for l := range strings.Lines(out) {
		if strings.Contains(l, what) {
			return l
		}
	}
	return ""
}

func TestDoctorFindsAllWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api, err := telegramtest.Start(markedToken, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(markedToken), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must("channel", "add", "telegram", "--library", "demo", "--token-file", token, "--api-url", api.URL)
	w.must("staff", "add", "boss", "--name", "Boss")
	if err := os.MkdirAll(w.files, 0o700); err != nil {
		t.Fatal(err)
	}
	out := w.must("doctor", "--public-url", "https://chat.library.example", "--proxies", "127.0.0.1")
	for _, what := range []string{"database", "schema", "key", "clock", "files", "pictures", "public URL", "staff", "demo/webchat", "demo/telegram"} {
		if l := line(out, what); !strings.HasPrefix(l, "ok ") {
			t.Errorf("%s: %q", what, l)
		}
	}
	if left := len(mustGlob(t, filepath.Join(w.files, "??", "??", "*"))); left != 0 {
		t.Errorf("doctor left %d files behind", left)
	}
}

func mustGlob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDoctorSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api, err := telegramtest.Start(markedToken, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	secrets := t.TempDir()
	for name, text := range map[string]string{"token": markedToken, "password": "mail-pass-word"} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.must("channel", "add", "telegram", "--library", "demo", "--token-file", filepath.Join(secrets, "token"), "--api-url", api.URL)
	w.must("channel", "add", "email", "--library", "demo", "--smtp", "smtps://user@127.0.0.1:"+closedPort(t), "--address", "library@mail.example", "--password-file", filepath.Join(secrets, "password"))
	api.Fail("getMe", telegramtest.Refusal(401, "Unauthorized"), -1)
	if err := os.Chmod(w.key, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := w.run("doctor", "--public-url", "https://chat.library.example/", "--clamd", "tcp:127.0.0.1:"+closedPort(t))
	if err == nil {
		t.Error("doctor finds nothing wrong")
	}
	w.without(out, markedToken, "AAmarkertoken", "mail-pass-word")
	for _, what := range []string{"key          can be read by others", "files", "public URL", "scanner", "staff", "demo/telegram", "demo/email"} {
		if l := line(out, what); !strings.HasPrefix(l, "wrong ") {
			t.Errorf("%s: %q", what, l)
		}
	}
	if l := line(out, "database"); !strings.HasPrefix(l, "ok ") {
		t.Errorf("database: %q", l)
	}

	strange := newKey(t)
	pool := w.pool()
	if _, err := pool.Exec(t.Context(), `delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	w.key = strange
	out, err = w.run("doctor")
	if l := line(out, "key "); err == nil || !strings.HasPrefix(l, "wrong ") {
		t.Errorf("another key: %q, %v", l, err)
	}
	if l := line(out, "schema"); !strings.HasPrefix(l, "wrong ") {
		t.Errorf("an older schema: %q", l)
	}
	w.database = "postgres://me:db-pass-word@127.0.0.1:" + closedPort(t) + "/lib"
	out, err = w.run("doctor", "--files", "s3://key:s3-pass-word@127.0.0.1:"+closedPort(t)+"/bucket?tls=0")
	if l := line(out, "database"); err == nil || !strings.HasPrefix(l, "wrong ") {
		t.Errorf("no database: %q, %v", l, err)
	}
	if l := line(out, "files"); !strings.HasPrefix(l, "wrong ") {
		t.Errorf("no bucket: %q", l)
	}
	w.without(out, "db-pass-word", "s3-pass-word")
	w.database = "postgres://me:db-pass-word@127.0.0.1:port/lib"
	out, _ = w.run("doctor") // it is wrong, as before
	w.without(out, "db-pass-word")
}

func (w *world) without(out string, secrets ...string) {
	w.Helper()
	for _, s := range secrets {
		if strings.Contains(out, s) {
			w.Errorf("a secret is shown: %s", s)
		}
	}
}

// closedPort is one at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(mailtest.FreeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}
