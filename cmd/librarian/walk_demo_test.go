package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"librarian/bots/email/mailtest"
)

// exhibit is a demo that runs.
type exhibit struct {
	*testing.T
	url string
}

// startDemo starts the demo with nothing but an empty folder and waits until it says that it is ready.
func startDemo(t *testing.T) *exhibit {
	t.Helper()
	d, _ := startDemoIn(t, t.TempDir())
	return d
}

// startDemoIn starts the demo with what the folder holds, and with these settings; it is stopped with the test, or before.
func startDemoIn(t *testing.T, dir string, env ...string) (d *exhibit, stop func()) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	listen := mailtest.FreeAddr(t)
	cmd := exec.CommandContext(context.Background(), path, "demo", "--data", dir, "--listen", listen, "--no-install")
	cmd.Env = append(without(os.Environ(), "DATABASE_URL"), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs := &syncBuffer{}
	cmd.Stderr = errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
				ready <- url
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		stopDemo(t, cmd, ended, errs)
		if t.Failed() {
			t.Logf("the demo said\n%s", errs)
		}
	})
	t.Cleanup(stop)
	select {
	case url := <-ready:
		return &exhibit{t, url}, stop
	case <-ended:
		t.Fatalf("the demo ended\n%s", errs)
	case <-time.After(2 * patienceOfTests):
		t.Fatalf("the demo is not ready\n%s", errs)
	}
	return nil, nil
}

// stopDemo presses Ctrl-C.
func stopDemo(t *testing.T, cmd *exec.Cmd, ended <-chan struct{}, errs *syncBuffer) {
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	select {
	case <-ended:
	case <-time.After(patienceOfTests):
		t.Error("the demo does not end")
		_ = cmd.Process.Kill() // it may end this very moment
		<-ended
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended badly: %v", err)
	}
}

func without(env []string, name string) []string {
	var out []string
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			out = append(out, v)
		}
	}
	return out
}

func (d *exhibit) get(path string) string {
	d.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patienceOfTests)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+path, nil)
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Accept-Language", "ru")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		d.Fatalf("get %s: %s, %v", path, answer.Status, err)
	}
	return string(body)
}

var (
	letterLink = regexp.MustCompile(`href="(/demo/mail/\d+)"`)
	sixDigits  = regexp.MustCompile(`\b\d{6}\b`)
)

// letter waits for a letter to the address with the words in it and gives its text.
func (d *exhibit) letter(to, words string) string {
	d.Helper()
	deadline := time.Now().Add(patienceOfTests)
	for {
		for _, link := range letterLink.FindAllStringSubmatch(d.get("/demo/mail"), -1) {
			if text := d.get(link[1]); strings.Contains(text, to) && strings.Contains(text, words) {
				return text
			}
		}
		if time.Now().After(deadline) {
			d.Fatalf("no letter to %s with %q", to, words)
		}
		time.Sleep(50 * time.Millisecond) // the letter box pushes to browsers alone
	}
}

// code is the six digits that were sent to the address.
func (d *exhibit) code(to string) string {
	d.Helper()
	text := d.letter(to, "Ваш код")
	_, after, _ := strings.Cut(text, "Ваш код")
	code := sixDigits.FindString(after)
	if code == "" {
		d.Fatal("the letter has no code")
	}
	return code
}

// signsIn opens the desk by the demo's one click.
func (p *page) signsIn(d *exhibit, login string) {
	p.Helper()
	p.open(d.url + "/desk")
	p.press("the account "+login, fmt.Sprintf(`document.querySelector('form[action="/desk/demo-sign-in"]:has([value=%q]) button')`, login))
	p.await("the queue", `document.querySelector("nav.tabs")`)
}

// takes takes the task that is open, and waits until it is theirs.
func (p *page) takes() {
	p.Helper()
	p.presses("Взять")
	p.sees("Вернуть в очередь")
}

// paper is a file with a photo of a signed paper.
func paper(t *testing.T) string {
	t.Helper()
	picture, err := samplePaper("Туйаара")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "soglasie.jpg")
	if err := os.WriteFile(path, bytes.Clone(picture), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
