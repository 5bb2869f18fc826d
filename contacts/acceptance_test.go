package contacts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"librarian/contacts"
	"librarian/contacts/library"
)

// TestAcceptanceOfTheRules: it stands beside its registration with the words that were shown, where they are known, and in its own library alone.
func TestAcceptanceOfTheRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sum := sha256.Sum256([]byte("Берегите книги."))
	hash := hex.EncodeToString(sum[:])
	given := contacts.Acceptance{Version: "2026 1", Lang: library.Russian, Hash: hash, Text: "Берегите книги.", Day: library.Date{Year: 2026, Month: 11, Day: 22}}
	reworded := given
	reworded.Text, reworded.Hash = "", "0"
	k := w.address("anna")
	for name, want := range map[string]contacts.Acceptance{"Иванова Анна": given, "Иванов Пётр": given, "Иванова Ия": reworded} {
		a := w.application(k, "child", name)
		a.Rules = want
		reg := w.sureApply(a)
		got, err := contacts.AcceptanceOf(t.Context(), w.pool, w.lib, reg.ID)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		second, _ := w.library(fmt.Sprintf("second-%d", reg.ID))
		if _, err := contacts.AcceptanceOf(t.Context(), w.pool, second, reg.ID); !errors.Is(err, contacts.ErrNotFound) {
			t.Errorf("another library: %v", err)
		}
	}
	if n := w.count(`select count(*) from consent_texts where hash = $1`, hash); n != 1 {
		t.Errorf("the text is kept %d times", n)
	}
	reg := w.sureApply(w.application(k, "child", "Иванов Ян"))
	if _, err := contacts.AcceptanceOf(t.Context(), w.pool, w.lib, reg.ID); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("nothing was asked: %v", err)
	}
}
