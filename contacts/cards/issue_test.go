package cards

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

func TestFormOfNumber(t *testing.T) {
	t.Parallel()
	for number, good := range map[string]bool{
		"1": true, "A-000123": true, "zZ9-": true, strings.Repeat("7", 32): true,
		"": false, strings.Repeat("7", 33): false, "12 3": false, "А1": false, "1_2": false, "1\n": false, "١": false,
	} {
		if err := CheckNumber(number); (err == nil) != good || err != nil && !errors.Is(err, ErrNumberForm) {
			t.Errorf("%q: %v", number, err)
		}
	}
}

func TestFirstCard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reader := h.reader(t, h.typed)
	number, err := h.issue(t.Context(), h.typed, reader, "A-17")
	must(t, err)
	got := h.card(t, h.typed, number)
	got.IssuedAt = got.IssuedAt.UTC()
	if want := (Card{Number: "A-17", ReaderID: reader, State: Valid, PasswordHash: wellFormed, IssuedAt: evening, IssuedBy: 7}); got != want {
		t.Errorf("card is %+v", got)
	}
	known, err := contacts.ReaderByID(t.Context(), h.pool, h.typed.ID, reader)
	if err != nil || known.Card != "A-17" {
		t.Errorf("the reader has %q, %v", known.Card, err)
	}
	// In Yakutsk it is the second of March: the sixteenth birthday.
	if got := h.facts(t, h.typed, reader); got != "joined 2026-03-02 16, card 2026-03-02 16" {
		t.Errorf("counted: %s", got)
	}
}

// TestCardFromElsewhere: it is kept with or without a password, and neither a card nor a new reader is counted, not even when it is lost and replaced.
func TestCardFromElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reader, other := h.reader(t, h.series), h.reader(t, h.series)
	keep := func(reader contacts.ReaderID, number string) error {
		return h.within(t.Context(), func(tx pgx.Tx) error {
			_, err := Issue(t.Context(), tx, h.series, New{Reader: reader, Number: number, Elsewhere: true, By: 7, At: evening})
			return err
		})
	}
	if err := keep(reader, ""); !errors.Is(err, ErrNumberForm) {
		t.Errorf("without a number, though there is a series: %v", err)
	}
	must(t, keep(reader, "000001"))
	if c := h.card(t, h.series, "000001"); !c.Elsewhere || c.PasswordHash != "" || c.State != Valid || VerifyPassword(c.PasswordHash, "") {
		t.Errorf("card is %+v", c)
	}
	if err := keep(other, "000001"); !errors.Is(err, ErrNumberTaken) {
		t.Errorf("another reader's number: %v", err)
	}
	if got := h.facts(t, h.series, reader); got != "known 2026-03-02 16" {
		t.Errorf("counted: %s", got)
	}
	h.lose(t, h.series, "000001")
	number, err := h.issue(t.Context(), h.series, reader, "")
	if err != nil || number != "000002" {
		t.Errorf("the next of the series is %s, %v", number, err)
	}
	if got := h.facts(t, h.series, reader); got != "known 2026-03-02 16, card 2026-03-02 16" {
		t.Errorf("counted: %s", got)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	has, lost, fresh := h.reader(t, h.typed), h.reader(t, h.typed), h.reader(t, h.typed)
	for number, reader := range map[string]contacts.ReaderID{"1": has, "2": lost} {
		_, err := h.issue(t.Context(), h.typed, reader, number)
		must(t, err)
	}
	h.lose(t, h.typed, "2")
	cases := []struct {
		name string
		card New
		want error
	}{
		{"a valid number", New{Reader: fresh, Number: "1", PasswordHash: wellFormed}, ErrNumberTaken},
		{"a lost number", New{Reader: fresh, Number: "2", PasswordHash: wellFormed}, ErrNumberTaken},
		{"the reader's own lost number", New{Reader: lost, Number: "2", PasswordHash: wellFormed}, ErrNumberTaken},
		{"a second card", New{Reader: has, Number: "3", PasswordHash: wellFormed}, ErrHasCard},
		{"the same card again", New{Reader: has, Number: "1", PasswordHash: wellFormed}, ErrHasCard},
		{"no form", New{Reader: fresh, Number: "№ 3", PasswordHash: wellFormed}, ErrNumberForm},
		{"neither number nor series", New{Reader: fresh, PasswordHash: wellFormed}, ErrNumberForm},
		{"a password instead of its hash", New{Reader: fresh, Number: "3", PasswordHash: "secret-secret"}, errHash},
		{"nobody", New{Reader: 999, Number: "3", PasswordHash: wellFormed}, contacts.ErrNotFound},
	}
	// All in one transaction: none of them may spoil it.
	must(t, h.within(t.Context(), func(tx pgx.Tx) error {
		for _, c := range cases {
			c.card.At = evening
			if _, err := Issue(t.Context(), tx, h.typed, c.card); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		_, err := Issue(t.Context(), tx, h.typed, New{Reader: fresh, Number: "3", PasswordHash: wellFormed, At: evening})
		return err
	}))
}

func TestNumberOfAnotherLibrary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, lib := range []library.Library{h.series, h.typed} {
		if number, err := h.issue(t.Context(), lib, h.reader(t, lib), "000001"); err != nil || number != "000001" {
			t.Errorf("%s: %q, %v", lib.Slug, number, err)
		}
	}
	stranger := h.reader(t, h.series)
	if _, err := h.issue(t.Context(), h.typed, stranger, "5"); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("a reader of another library: %v", err)
	}
	if _, err := ByNumber(t.Context(), h.pool, h.typed.ID, "5"); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("number 5: %v", err)
	}
}

// TestSameNumberAtOnce lets registrars start together, each with another reader and the same number, or with the same reader and other numbers.
func TestSameNumberAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for round := range pgtest.Rounds(t, 10) {
		one := h.reader(t, h.typed)
		number := fmt.Sprintf("same-%d", round)
		h.race(t, ErrNumberTaken, func(ctx context.Context, i int) error {
			_, err := h.issue(ctx, h.typed, h.reader(t, h.typed), number)
			return err
		})
		h.race(t, ErrHasCard, func(ctx context.Context, i int) error {
			_, err := h.issue(ctx, h.typed, one, fmt.Sprintf("other-%d-%d", round, i))
			return err
		})
	}
}

// race expects that one of several wins and all others get the error.
func (h *house) race(t *testing.T, want error, act func(context.Context, int) error) {
	t.Helper()
	barrier, errs := make(chan struct{}), make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			<-barrier
			errs[i] = act(t.Context(), i)
		})
	}
	close(barrier)
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, want) {
			t.Errorf("lost with %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, len(errs))
	}
}

// TestWaitsForTheOther has the second registrar arrive while the first one's transaction is open, however that ends.
func TestWaitsForTheOther(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{true, false} {
		h := newHouse(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		first, second := h.reader(t, h.typed), h.reader(t, h.typed)
		tx, err := h.pool.Begin(ctx)
		must(t, err)
		defer tx.Rollback(context.WithoutCancel(ctx))
		_, err = Issue(ctx, tx, h.typed, New{Reader: first, Number: "9", PasswordHash: wellFormed, At: evening})
		must(t, err)
		done := make(chan error, 1)
		go func() {
			_, err := h.issue(ctx, h.typed, second, "9")
			done <- err
		}()
		for waits := false; !waits; {
			must(t, h.pool.QueryRow(ctx, `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).
				Scan(&waits))
		}
		if commits {
			must(t, tx.Commit(ctx))
		} else {
			must(t, tx.Rollback(ctx))
		}
		if err := <-done; commits != errors.Is(err, ErrNumberTaken) || !commits && err != nil {
			t.Errorf("first commits %v: the second gets %v", commits, err)
		}
	}
}

func TestLostCard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reader := h.reader(t, h.series)
	var before string
	for round := range 3 {
		number, err := h.issue(t.Context(), h.series, reader, "")
		must(t, err)
		if c := h.card(t, h.series, number); number != fmt.Sprintf("%06d", round+1) || c.Replaces != before {
			t.Errorf("round %d: %s replaces %q", round, number, c.Replaces)
		}
		h.lose(t, h.series, number)
		known, err := contacts.ReaderByID(t.Context(), h.pool, h.series.ID, reader)
		if err != nil || known.Card != "" || h.card(t, h.series, number).State != Missing {
			t.Errorf("after the loss the reader has %q, %v", known.Card, err)
		}
		before = number
	}
	if got := h.facts(t, h.series, reader); strings.Count(got, "joined") != 1 || strings.Count(got, "card") != 3 {
		t.Errorf("counted: %s", got)
	}
	must(t, h.within(t.Context(), func(tx pgx.Tx) error {
		if err := Lost(t.Context(), tx, h.series.ID, before); !errors.Is(err, ErrNotValid) {
			t.Errorf("lost twice: %v", err)
		}
		if err := Lost(t.Context(), tx, h.typed.ID, before); !errors.Is(err, contacts.ErrNotFound) {
			t.Errorf("lost by another library: %v", err)
		}
		if err := SetPassword(t.Context(), tx, h.series.ID, before, wellFormed); !errors.Is(err, ErrNotValid) {
			t.Errorf("a password for a lost card: %v", err)
		}
		if err := SetPicture(t.Context(), tx, h.series.ID, before, "file"); !errors.Is(err, ErrNotValid) {
			t.Errorf("a picture of a lost card: %v", err)
		}
		return nil
	}))
}

func TestPictureAndPasswordOfCard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.issue(t.Context(), h.typed, h.reader(t, h.typed), "5")
	must(t, err)
	hash, err := HashPassword("new one")
	must(t, err)
	must(t, h.within(t.Context(), func(tx pgx.Tx) error {
		if err := SetPassword(t.Context(), tx, h.typed.ID, "5", "new one"); !errors.Is(err, errHash) || strings.Contains(err.Error(), "new one") {
			t.Errorf("a plain password: %v", err)
		}
		return errors.Join(SetPicture(t.Context(), tx, h.typed.ID, "5", "file"), SetPassword(t.Context(), tx, h.typed.ID, "5", hash))
	}))
	c := h.card(t, h.typed, "5")
	var beside string
	must(t, h.pool.QueryRow(t.Context(), `select picture from readers where library_id = $1 and id = $2 and card = '5'`, h.typed.ID, c.ReaderID).Scan(&beside))
	if c.Picture != "file" || beside != "file" || !VerifyPassword(c.PasswordHash, "new one") {
		t.Errorf("card is %+v, beside the reader %q", c, beside)
	}
}
