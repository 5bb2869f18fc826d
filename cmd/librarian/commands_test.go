package main

import (
	"errors"
	"testing"

	"librarian/contacts/cards"
)

func TestParseSeries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]cards.Series{
		"":         {},
		"1":        {Width: 1, Next: 1},
		"000001":   {Width: 6, Next: 1},
		"NB-00120": {Prefix: "NB-", Width: 5, Next: 120},
	} {
		if got, err := parseSeries(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"NB", "ЧБ0001", "1234567890123", "A 1", "12a"} {
		if got, err := parseSeries(text); !errors.Is(err, errSeries) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
