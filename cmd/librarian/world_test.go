package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.mau.fi/whatsmeow"

	"librarian/bots/email/mailtest"
	"librarian/bots/whatsapp"
	"librarian/bots/whatsapp/whatsapptest"
	"librarian/cmd/schema/pgtest"
)

// binary is the program itself, built once for all tests of the package.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "librarian")
	args := []string{"build", "-tags", "nodynamic", "-o", path, "."}
	if os.Getenv("LIBRARIAN_RACE") != "" { // slow: not for every run
		args = slices.Insert(args, 1, "-race")
	}
	out, err := exec.CommandContext(context.Background(), "go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// binaryDir is set by TestMain before any test runs.
var binaryDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "librarian-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaryDir = dir
	whatsmeow.WACertPubKey = whatsapptest.Cert()
	whatsapp.Hush(slog.New(slog.DiscardHandler))
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// patienceOfTests bounds every wait: the machine may be busy.
const patienceOfTests = 60 * time.Second

// world is one installation: a database, a key, a place for files, and the program that runs on them.
type world struct {
	*testing.T
	database string
	beyond   string // the database behind a gate
	key      string
	files    string
	listen   string
	env      []string // of its programs, beside the usual
	log      *syncBuffer
	process  *exec.Cmd
	ended    chan error
}

// newWorld has a database of its own, with a library "demo" and its web chat.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := emptyWorld(t)
	w.must("library", "add", "demo", "--name", "Demo", "--zone", "Asia/Yakutsk")
	return w
}

// emptyWorld has no library yet.
func emptyWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, database: pgtest.URL(t), key: filepath.Join(t.TempDir(), "key"), files: filepath.Join(t.TempDir(), "files"), log: &syncBuffer{}}
	w.listen = mailtest.FreeAddr(t)
	w.must("key", "new", w.key)
	return w
}

func (w *world) command(args ...string) *exec.Cmd {
	w.Helper()
	path, err := binary()
	if err != nil {
		w.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), path, args...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+w.database, "LIBRARIAN_KEY_FILE="+w.key, "LIBRARIAN_FILES="+w.files, "LIBRARIAN_LISTEN="+w.listen)
	cmd.Env = append(cmd.Env, w.env...)
	return cmd
}

// run runs a command to its end and gives what it says.
func (w *world) run(args ...string) (string, error) {
	w.Helper()
	out, err := w.command(args...).CombinedOutput()
	return string(out), err
}

func (w *world) must(args ...string) string {
	w.Helper()
	out, err := w.run(args...)
	if err != nil {
		w.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// start runs the service; it ends with the test at the latest.
func (w *world) start(flags ...string) {
	w.Helper()
	w.process, w.ended = w.command(append([]string{"serve"}, flags...)...), make(chan error, 1)
	w.process.Stderr, w.process.Stdout = w.log, w.log
	if err := w.process.Start(); err != nil {
		w.Fatal(err)
	}
	process, ended := w.process, w.ended
	go func() { ended <- process.Wait(); close(ended) }()
	w.Cleanup(func() {
		_ = process.Process.Kill() // it may have ended long ago
		for range ended {          // until it has ended
		}
		if strings.Contains(w.log.String(), "DATA RACE") {
			w.Errorf("the program races\n%s", w.log)
		}
	})
}

func (w *world) serve(flags ...string) {
	w.Helper()
	w.start(flags...)
	w.await("the service answers", func() bool { return w.health() == http.StatusOK })
}

// await asks again and again; the program under test has no other way to tell.
func (w *world) await(what string, done func() bool) {
	w.Helper()
	w.awaitWithin(patienceOfTests, what, done)
}

func (w *world) awaitWithin(bound time.Duration, what string, done func() bool) {
	w.Helper()
	deadline := time.Now().Add(bound)
	for !done() {
		if time.Now().After(deadline) {
			w.Fatalf("in vain: %s\n%s", what, w.log)
		}
		time.Sleep(20 * time.Millisecond) // another process signals nobody here: it is asked again
	}
}

func (w *world) health() int {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://"+w.listen+"/healthz", nil)
	if err != nil {
		w.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

// stop asks the service to end and gives how long it took.
func (w *world) stop() (time.Duration, error) {
	w.Helper()
	begun := time.Now()
	if err := w.process.Process.Signal(syscall.SIGTERM); err != nil {
		w.Fatal(err)
	}
	select {
	case err := <-w.ended:
		return time.Since(begun), err
	case <-time.After(patienceOfTests):
		w.Fatalf("the service does not end\n%s", w.log)
		return 0, nil
	}
}

func (w *world) pool() *pgxpool.Pool {
	w.Helper()
	pool, err := pgxpool.New(w.Context(), w.database)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(pool.Close)
	return pool
}

// count asks the database for a number.
func (w *world) count(pool *pgxpool.Pool, sql string, args ...any) int {
	w.Helper()
	var n int
	if err := pool.QueryRow(w.Context(), sql, args...).Scan(&n); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
	return n
}

// visitor is one browser in the web chat.
type visitor struct {
	w      *world
	client *http.Client
	name   string
	sent   int
}

func (w *world) visitor(name string) *visitor {
	w.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	return &visitor{w: w, name: name, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// try sends one message and says whether it was taken. A repeat after a failure bears the same id.
func (v *visitor) try(ctx context.Context, fields map[string]string, photo []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields["id"] = fmt.Sprintf("%s-message-%d", v.name, v.sent)
	for k, value := range fields {
		if err := form.WriteField(k, value); err != nil {
			return err
		}
	}
	if photo != nil {
		part, err := form.CreateFormFile("files", "paper.jpg")
		if err != nil {
			return err
		}
		if _, err := part.Write(photo); err != nil {
			return err
		}
	}
	if err := form.Close(); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+v.w.listen+"/chat/demo/messages", &body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := v.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, text)
	}
	v.sent++
	return nil
}

func (v *visitor) says(text string) {
	v.w.Helper()
	if err := v.try(v.w.Context(), map[string]string{"text": text}, nil); err != nil {
		v.w.Fatalf("message of %s: %v\n%s", v.name, err, v.w.log)
	}
}

func (v *visitor) chooses(choice string) {
	v.w.Helper()
	if err := v.try(v.w.Context(), map[string]string{"choice": choice}, nil); err != nil {
		v.w.Fatalf("choice of %s: %v\n%s", v.name, err, v.w.log)
	}
}

// answered waits until nothing is left to do in any conversation.
func (w *world) answered(pool *pgxpool.Pool) {
	w.Helper()
	w.await("everything is answered", func() bool {
		return w.count(pool, `select count(*) from events where state in ('waiting', 'ready')`) == 0 &&
			w.count(pool, `select count(*) from outbox where state in ('queued', 'leased')`) == 0
	})
}

// photo is a picture with lines, different for each seed.
func photo(t *testing.T, seed int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 900, 900))
	for y := range 900 {
		for x := range 900 {
			img.SetGray(x, y, color.Gray{Y: uint8(200 + 50*((x/(7+seed%5)+y/9)%2))})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// syncBuffer is written by a process and read by the test.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
