package stock_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/queue/stock"
)

func shelf() []stock.Record {
	return []stock.Record{
		{
			Source: "1", Title: "Война и мир", Author: "Толстой, Лев Николаевич", Place: "Москва", Publisher: "Наука", Year: 1983, Pages: 735, PublicDomain: true,
			ISBN: "5-02-011289-4", Copies: []stock.Copy{{Siglum: "КХ", Fund: "основной", Inventory: "КХ-100200"}, {Siglum: "КХ2", Fund: "основной", State: stock.Lost}},
		},
		{Source: "2", Title: "Война и мир в творчестве Толстого", Author: "Иванов, Пётр", Year: 1999},
		{Source: "3", Title: "Письма о войне", Author: "Мир, Анна", Year: 2001},
		{Source: "4", Title: "Мы", Author: "Замятин, Евгений", Year: 1989},
		{Source: "5", Title: "Ньургун Боотур Стремительный : олоҥхо", Author: "Ойуунускай, Платон Алексеевич", Year: 1975, Lang: "sah"},
		{Source: "6", Title: "Кобзар", Author: "Шевченко, Тарас", Year: 1840, Lang: "ukr"},
		{Source: "7", Title: "The Adventures of Tom Sawyer", Author: "Twain, Mark", Year: 1876, Lang: "eng"},
		{Source: "8", Title: "Ёлка", Author: "Зощенко, Михаил", Year: 1940},
		{Source: "9", Title: "Полярная звезда", Kind: stock.Periodical, Volume: "1985, № 3", Year: 1985, ISBN: "0032-3209"},
		{Source: "10", Title: "Полярная звезда", Kind: stock.Periodical, Volume: "1986, № 4", Year: 1986, ISBN: "0032-3209"},
		{Source: "12", Title: "Обрыв", Author: "Гончаров, И. А.", Year: 1986},
		{Source: "11", Title: "Пам'ять", Author: "Невідомий", Year: 1990},
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if sum, _ := w.take(each(shelf()...)); sum.Added != len(shelf()) {
		t.Fatalf("%+v", sum)
	}
	for query, want := range map[string][]string{
		"война и мир":               {"Война и мир", "Война и мир в творчестве Толстого", "Письма о войне"},
		"МИР, война!":               {"Война и мир в творчестве Толстого", "Война и мир", "Письма о войне"},
		"войны толстого":            {"Война и мир в творчестве Толстого", "Война и мир"},
		"толстой война":             {"Война и мир в творчестве Толстого", "Война и мир"},
		"вайна толстой мир":         {"Война и мир в творчестве Толстого", "Война и мир"},
		"мы":                        {"Мы"},
		"мы замятин":                {"Мы"},
		"олонхо нюргун":             {"Ньургун Боотур Стремительный : олоҥхо"},
		"нюргун бootур":             {"Ньургун Боотур Стремительный : олоҥхо"},
		"олонхо ньургун":            {"Ньургун Боотур Стремительный : олоҥхо"},
		"нургун боотур":             {"Ньургун Боотур Стремительный : олоҥхо"},
		"елка":                      {"Ёлка"},
		"ЁЛКИ":                      {"Ёлка"},
		"adventure tom":             {"The Adventures of Tom Sawyer"},
		"tom sawer":                 {"The Adventures of Tom Sawyer"},
		"кoбзaр":                    {"Кобзар"}, // two letters are Latin
		"память":                    {"Пам'ять"},
		"пам’ять":                   {"Пам'ять"},
		"полярная звезда":           {"Полярная звезда", "Полярная звезда"},
		"полярная звезда 1985":      {"Полярная звезда"},
		"книга война мир толстой":   {"Война и мир в творчестве Толстого", "Война и мир"},
		"роман «Обрыв»":             {"Обрыв"},
		"иван гончаров":             {"Обрыв"},
		"Гончаров И.А. Обрыв":       {"Обрыв"},
		"пётр гончаров":             nil,
		"книга роман":               nil,
		"5-02-011289-4":             {"Война и мир"},
		"ISBN 5020112894":           {"Война и мир"},
		"978-5-02-011289-6":         {"Война и мир"},
		"кх-100200":                 {"Война и мир"},
		"КХ 100200":                 {"Война и мир"},
		"":                          nil,
		"   ?!, — ":                 nil,
		"и":                         nil,
		"' | & ! <-> :* ()":         nil,
		"война & !мир":              {"Война и мир в творчестве Толстого", "Война и мир", "Письма о войне"},
		"щжвбк":                     nil,
		"\x00\xff":                  nil,
		strings.Repeat("война ", 9): {"Война и мир в творчестве Толстого", "Письма о войне", "Война и мир"},
	} {
		got := w.find(query)
		if strings.HasPrefix(query, "война война") {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
}

func TestKindsAreAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(append(shelf(), stock.Record{Source: "13", Title: "Полярная звезда", Author: "Рылеев, К. Ф.", Year: 1990})...))
	err := pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		for _, c := range []struct {
			kinds []string
			limit int
			want  string
		}{
			{nil, 5, "1990 1986 1985"},
			{[]string{stock.Periodical, stock.Article}, 1, "1986"},
			{[]string{stock.Periodical, stock.Article}, 5, "1986 1985"},
			{[]string{stock.Map}, 5, ""},
			{[]string{stock.Book}, 5, "1990"},
		} {
			found, err := stock.SearchIn(t.Context(), tx, w.lib, "полярная звезда", c.limit, c.kinds...)
			if err != nil {
				return err
			}
			var years []string
			for _, e := range found {
				years = append(years, strconv.Itoa(e.Year))
			}
			if got := strings.Join(years, " "); got != c.want {
				t.Errorf("of %v: %s, want %s", c.kinds, got, c.want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnotherLibrarysBooksAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(shelf()...))
	found, err := w.Search(t.Context(), w.lib, "кобзар", 1)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d found: %v", len(found), err)
	}
	other := addLibrary(t, w.pool)
	for _, query := range []string{"кобзар", "кобзра", "5-02-011289-4", "КХ-100200"} {
		if found, err := w.Search(t.Context(), other, query, 10); err != nil || len(found) > 0 {
			t.Errorf("%q finds %d: %v", query, len(found), err)
		}
	}
	if _, err := w.Get(t.Context(), other, found[0].ID); !errors.Is(err, stock.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}

func TestAnEditionIsReadInATransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(shelf()...))
	err := pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		found, err := stock.SearchIn(t.Context(), tx, w.lib, "5020112894", 5)
		if err != nil || len(found) != 1 {
			t.Fatalf("%d found: %v", len(found), err)
		}
		e, err := stock.GetIn(t.Context(), tx, w.lib, found[0].ID)
		if err != nil {
			return err
		}
		if e.Description != "Толстой, Лев Николаевич. Война и мир. — Москва: Наука, 1983. — 735 с." || !e.PublicDomain || e.Pages != 735 || e.Library != w.lib {
			t.Errorf("%+v", e)
		}
		want := []stock.Copy{{Siglum: "КХ", Fund: "основной", Inventory: "КХ-100200", State: stock.In}, {Siglum: "КХ2", Fund: "основной", State: stock.Lost}}
		for i := range e.Copies {
			e.Copies[i].ID = 0
		}
		if !slices.Equal(e.Copies, want) {
			t.Errorf("copies %+v", e.Copies)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestALongQueryHurtsNobody: ten kilobytes are cut, and a limit is kept.
func TestALongQueryHurtsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(each(shelf()...))
	for _, query := range []string{strings.Repeat("ы", 10_000), strings.Repeat("кобзар шевченко ", 700), strings.Repeat("5", 10_000), "кобзар " + strings.Repeat("я ", 5000)} {
		if _, err := w.Search(t.Context(), w.lib, query, 10); err != nil {
			t.Errorf("%.20q…: %v", query, err)
		}
	}
	for _, limit := range []int{-1, 0, 1, 2, 1 << 40} {
		found, err := w.Search(t.Context(), w.lib, "война", limit)
		if want := max(0, min(limit, 3)); err != nil || len(found) != want {
			t.Errorf("limit %d: %d found, %v", limit, len(found), err)
		}
	}
}
