package whatsapp

import (
	"errors"
	"testing"
	"time"

	"librarian/bots"
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
	if _, err := h.AddressOf(t.Context(), "+"+adaNumber); !errors.Is(err, bots.ErrUnreached) {
		t.Errorf("a number that is not linked gives %v", err)
	}
	must(t, w.links.note(t.Context(), w.lib, h.Channel, standing{device: "79990000000:1@s.whatsapp.net", state: bots.LinkConnected}))
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

// Ada gave her number up, and it was given out again: who has proven it may be either, and nothing goes to the wrong one.
func TestAddressOfANumberThatChangedHands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "number"))
	must(t, w.links.note(t.Context(), w.lib, h.Channel, standing{device: "79990000000:1@s.whatsapp.net", state: bots.LinkConnected}))
	for _, lid := range []string{adaLID, "100000000000077"} {
		_, err := h.people.meet(t.Context(), lid, adaNumber, time.Now())
		must(t, err)
	}
	if got, err := h.AddressOf(t.Context(), "+"+adaNumber); !errors.Is(err, bots.ErrUnreached) {
		t.Errorf("is at %q, %v", got, err)
	}
}
