package cards

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

func (h *house) setSeries(t testing.TB, lib library.Library, s Series) error {
	t.Helper()
	return h.within(t.Context(), func(tx pgx.Tx) error { return SetSeries(t.Context(), tx, lib.ID, s) })
}

func (h *house) proposed(t testing.TB, lib library.Library, want string, wantSeries bool) {
	t.Helper()
	if got, series, err := NextNumber(t.Context(), h.pool, lib); got != want || series != wantSeries || err != nil {
		t.Errorf("proposed %q, %v, %v; want %q", got, series, err, want)
	}
}

func TestProposal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.proposed(t, h.typed, "", false)
	h.proposed(t, h.series, "000001", true)
	h.proposed(t, h.series, "000001", true) // nothing was reserved
	must(t, h.setSeries(t, h.series, Series{Prefix: "NB-", Width: 2, Next: 98}))
	for _, number := range []string{"NB-98", "NB-100", "NB-99"} {
		_, err := h.issue(t.Context(), h.series, h.reader(t, h.series), number)
		must(t, err)
	}
	h.proposed(t, h.series, "NB-101", true)
	h.lose(t, h.series, "NB-100")
	must(t, h.setSeries(t, h.series, Series{Prefix: "NB-", Width: 2, Next: 100}))
	h.proposed(t, h.series, "NB-101", true)
	if number, err := h.issue(t.Context(), h.series, h.reader(t, h.series), ""); number != "NB-101" || err != nil {
		t.Errorf("issued %q, %v", number, err)
	}
	var next int64
	must(t, h.pool.QueryRow(t.Context(), `select next from number_series where library_id = $1`, h.series.ID).Scan(&next))
	if next != 102 {
		t.Errorf("the series stands at %d", next)
	}
}

func TestSeriesThatCannotBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, s := range []Series{
		{Prefix: "Б", Width: 6},
		{Prefix: "a b", Width: 6},
		{Prefix: "abcdefghijklmnopqrstuvwxyz-", Width: 6},
		{Width: 0},
		{Width: 13},
		{Width: 6, Next: -1},
	} {
		if err := h.setSeries(t, h.series, s); !errors.Is(err, ErrNumberForm) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	must(t, h.setSeries(t, h.series, Series{Prefix: "abcdefghijklmnopqrstuvwxyz-abcd", Width: 1, Next: 9})) // the last of 32
	_, err := h.issue(t.Context(), h.series, h.reader(t, h.series), "")
	must(t, err)
	if _, err := h.issue(t.Context(), h.series, h.reader(t, h.series), ""); !errors.Is(err, ErrNumberForm) {
		t.Errorf("past the end: %v", err)
	}
	if _, err := h.issue(t.Context(), h.series, h.reader(t, h.series), "typed"); err != nil {
		t.Errorf("typed past the end: %v", err)
	}
}

// TestSeriesAtOnce has sixteen registrars take numbers while others type the very numbers that come next.
func TestSeriesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	readers := make([]contacts.ReaderID, 16)
	for i := range readers {
		readers[i] = h.reader(t, h.series)
	}
	typed := []string{"000002", "000003", "000005", "000011"}
	barrier, numbers, errs := make(chan struct{}), make([]string, len(readers)), make([]error, len(readers))
	var all sync.WaitGroup
	for i, reader := range readers {
		number := ""
		if i < len(typed) {
			number = typed[i]
		}
		all.Go(func() {
			<-barrier
			numbers[i], errs[i] = h.issue(t.Context(), h.series, reader, number)
		})
	}
	close(barrier)
	all.Wait()
	var issued []string
	for i, err := range errs {
		switch {
		case err == nil:
			issued = append(issued, numbers[i])
		case i >= len(typed) || !errors.Is(err, ErrNumberTaken):
			t.Errorf("registrar %d: %v", i, err)
		}
	}
	slices.Sort(issued)
	if len(slices.Compact(slices.Clone(issued))) != len(issued) || len(issued) < len(readers)-len(typed) {
		t.Errorf("issued %v", issued)
	}
}
