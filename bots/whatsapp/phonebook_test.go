package whatsapp

import (
	"errors"
	"testing"
	"time"
)

func TestAddressOfANumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "number"))
	at := func(phone, want string) {
		t.Helper()
		if got, err := h.AddressOf(t.Context(), phone); err != nil || got != want {
			t.Errorf("%s is at %q, %v, want %q", phone, got, err, want)
		}
	}
	at("+"+adaNumber, adaNumber) // whoever has it would be met there
	// Ada wrote by her id first; the number became known later.
	first, err := h.people.meet(t.Context(), adaLID, "", time.Now())
	must(t, err)
	at("+"+adaNumber, adaNumber)
	_, err = h.people.meet(t.Context(), adaLID, adaNumber, time.Now())
	must(t, err)
	at("+"+adaNumber, first)
	if _, err := h.AddressOf(t.Context(), "no number"); !errors.Is(err, errAddress) {
		t.Errorf("no number gives %v", err)
	}
}
