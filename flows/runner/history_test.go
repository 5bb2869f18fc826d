package runner

import (
	"slices"
	"testing"
	"time"

	"librarian/bots"
)

func TestHistoryKeepsEachHalfInItsOrder(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(seconds ...int) (events, out []bots.Entry) {
		for i, s := range seconds {
			written := noon.Add(time.Duration(s) * time.Second)
			events = append(events, bots.Entry{At: bots.Cursor{Event: i + 1}, Written: written})
			out = append(out, bots.Entry{At: bots.Cursor{Out: i + 1}, Written: written})
		}
		return events, out
	}
	heard, _ := at(5, 3, 9) // the clock was put back after the first
	_, said := at(4, 8, 7)
	var got []bots.Cursor
	for _, e := range merged(heard, said) {
		got = append(got, e.At)
	}
	want := []bots.Cursor{{Out: 1}, {Event: 1}, {Event: 2}, {Out: 2}, {Out: 3}, {Event: 3}}
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}
