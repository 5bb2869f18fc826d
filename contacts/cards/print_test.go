package cards_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"librarian/contacts/cards"
	"librarian/contacts/library"
)

func TestCardPrintsInItsSize(t *testing.T) {
	t.Parallel()
	lib := library.Library{Slug: "l", Settings: library.Settings{Name: map[library.Lang]string{library.Russian: "Городская библиотека"}}}
	picture, err := cards.Picture(lib, "Иванова Анна", "000017")
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := cards.Print(lib, picture)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cards.Print(lib, []byte("no picture")); err == nil {
		t.Error("something that is no picture was printed")
	}
	program, err := exec.LookPath("pdfimages")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("pdfimages is not on this machine")
		}
		t.Skip("pdfimages is not on this machine")
	}
	cmd := exec.CommandContext(t.Context(), program, "-list", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// 1012 pixels on 85.6 mm are 300 dots an inch.
	if text := string(out); !strings.Contains(text, "1012") || !strings.Contains(text, " 300 ") {
		t.Errorf("the picture is not there in its size:\n%s", text)
	}
}
