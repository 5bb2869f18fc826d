package runner_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"librarian/bots/files"
	"librarian/contacts/papers"
)

// pdfOf has so many empty pages, and a script; with a password nobody opens it without.
func pdfOf(t *testing.T, pages int, password string) []byte {
	t.Helper()
	doc := fpdf.New("P", "mm", "A4", "")
	if password != "" {
		doc.SetProtection(0, password, password)
	}
	doc.SetJavascript("app.alert('Hello')")
	for range pages {
		doc.AddPage()
	}
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPDFsThatAreNoPapers: fifty pages, a password, a broken file, and the very paper that we sent, which nobody has signed. Each is told what to do, none
// holds the others up, and a signed page is taken after them all.
func TestPDFsThatAreNoPapers(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"pdfinfo", "pdftoppm"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(program + " is not on this machine")
		}
	}
	w := newWorld(t)
	w.setConsent("2", "Согласие.", true)
	i := w.start()
	registration, token := w.owing(i, "anna")
	var sent string
	w.scan(&sent, `select file_id from papers where kind = 'form'`)
	body, _, err := w.store.Open(t.Context(), w.lib, files.ID(sent))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		about string
		data  []byte
		told  string
	}{
		{"fifty pages", pdfOf(t, 50, ""), w.ru("files.too_many_pages")},
		{"a password", pdfOf(t, 1, "secret"), w.ru("files.unreadable")},
		{"broken", ours[:len(ours)/2], w.ru("files.unreadable")},
		{"our own, with nothing signed", ours, w.words("papers.unsigned_form", number(1))},
	} {
		f, err := w.store.Put(context.Background(), w.lib, bytes.NewReader(c.data), files.Meta{Name: "scan.pdf"}, int64(len(c.data)))
		if err != nil {
			t.Fatal(err)
		}
		got := w.brings(i, w.message("anna", "", ""), f.ID)
		t.Logf("%s: %q", c.about, got)
		w.hears(got, c.told)
	}
	w.hears(w.shows(i, "anna", shotOf(token, papers.Form, 1)), w.words("papers.taken_form", number(1)))
	if state, tasks := w.registrationState(registration); state != "papers" || tasks != 0 {
		t.Errorf("%s, %d tasks", state, tasks)
	}
	w.nothingIsLost()
}
