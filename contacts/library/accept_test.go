package library

import "testing"

func TestPreferred(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]Lang{
		"uk-UA,uk;q=0.9,ru;q=0.8": Ukrainian, "de, en-GB;q=0.5": English, "de": "", "": "", "ru;q=0.2, sah;q=0.9": Sakha, ";;=": "",
	} {
		if got := Preferred(accept, Langs()); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	if got := Preferred("uk, en", []Lang{Russian, English}); got != English {
		t.Errorf("of two that are offered: %q", got)
	}
}
