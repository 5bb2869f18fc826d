package bots

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"librarian/cmd/schema/pgtest"
)

func TestClean(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("я", MaxText)
	cases := []struct {
		name, text, want string
		cut              bool
	}{
		{"nothing", "", "", false},
		{"words", "Добрый день, Үтүө күн!", "Добрый день, Үтүө күн!", false},
		{"null bytes", "a\x00b\x00", "ab", false},
		{"control characters", "a\x01\x1b[31mb\x7f\u0085c", "a[31mbc", false},
		{"line ends and tabs", "a\r\nb\rc\n\td", "a\nb\nc\n\td", false},
		{"overrides", "photo\u202egpj.exe\u202c", "photogpj.exe", false},
		{"isolates", "\u2066a\u2067b\u2068c\u2069", "abc", false},
		{"right to left itself", "שלום مرحبا\u200f", "שלום مرحبا\u200f", false},
		{"invalid UTF-8", "a\xff\xfeb\xc3", "a\uFFFDb\uFFFD", false},
		{"half of a surrogate pair", "a\xed\xa0\x80b", "a\uFFFDb", false},
		{"emoji with joiners", "👩‍👧‍👦🏳️‍🌈", "👩‍👧‍👦🏳️‍🌈", false},
		{"as long as may be", long, long, false},
		{"one rune more", long + "x", long, true},
		{"long of line ends", strings.Repeat("\r\n", MaxText), strings.Repeat("\n", MaxText), false},
		{"100 KB", strings.Repeat("x", 100<<10), strings.Repeat("x", MaxText), true},
		{"100 KB of emoji", strings.Repeat("😀", 25<<10), strings.Repeat("😀", MaxText), true},
		{"100 KB of null bytes", strings.Repeat("\x00", 100<<10), "", false},
		{"100 KB of bytes that are no text", strings.Repeat("\xff", 100<<10), "\uFFFD", false},
	}
	pool := pgtest.New(t)
	for _, c := range cases {
		got, cut := Clean(c.text)
		if got != c.want || cut != c.cut {
			t.Errorf("%s: %.40q (%d bytes), cut %v", c.name, got, len(got), cut)
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > MaxText {
			t.Errorf("%s: not fit to be stored", c.name)
		}
		if again, cut := Clean(got); again != got || cut {
			t.Errorf("%s: cleaning twice gives something else", c.name)
		}
		var back string
		if err := pool.QueryRow(t.Context(), `select to_jsonb($1::text) #>> '{}'`, got).Scan(&back); err != nil || back != got {
			t.Errorf("%s: the database gives something else: %v", c.name, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\x00b", "\u202ex", "\xff\xfe", "a\r\n\r", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := Clean(text)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r\u202e\u2066") || utf8.RuneCountInString(got) > MaxText {
			t.Errorf("%q is cleaned to %q", text, got)
		}
	})
}

func TestWhatPanicsIsNotStored(t *testing.T) {
	t.Parallel()
	receive := Receive(func(_ context.Context, in Inbound) error {
		if in.Text != "" {
			panic(in.Text)
		}
		return nil
	})
	if err := receive.Try(t.Context(), Inbound{Text: "secret"}); !errors.Is(err, ErrPanic) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	if err := receive.Try(t.Context(), Inbound{}); err != nil {
		t.Error(err)
	}
}

func TestAtMost(t *testing.T) {
	t.Parallel()
	for most, want := range map[int64]error{4: ErrTooLarge, 5: nil, 6: nil} {
		data, err := io.ReadAll(AtMost(io.NopCloser(strings.NewReader("12345")), most))
		if !errors.Is(err, want) || int64(len(data)) != min(most, 5) {
			t.Errorf("limit %d: %d bytes, %v", most, len(data), err)
		}
	}
}

func TestInternational(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"+7 (914) 123-45-67": "+79141234567", "79141234567": "+79141234567", "380441234567": "+380441234567",
		"": "", "abc": "", "123456": "", "1234567890123456": "",
	} {
		if got := International(number); got != want {
			t.Errorf("%q: %q, want %q", number, got, want)
		}
	}
}
