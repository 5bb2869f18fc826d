package queue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

func TestRoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	names := map[int64]string{}
	dep := func(name string) int64 {
		id := h.department(h.lib, name)
		names[id] = name
		return id
	}
	storage, local, bichik, off := dep("storage"), dep("local"), dep("bichik"), dep("off")
	rows := []queue.Siglum{
		{Siglum: "КХ", Fund: "основной фонд", Department: storage},
		{Siglum: "КХ2", Department: storage},
		{Siglum: "КХ", Fund: "краеведческий фонд", Department: local},
		{Siglum: "КМ", Department: bichik, Rank: 2},
		{Siglum: "КМ", Department: local, Rank: 1},
		{Siglum: "СБ", Department: bichik},
		{Siglum: "СБ", Fund: "редкий", Department: local, Rank: 3},
		{Siglum: "АБ", Department: off},
		{Siglum: "ОД", Fund: "зал", Department: storage},
		{Siglum: "ЧЗ", Fund: "а", Department: storage},
		{Siglum: "ЧЗ", Fund: "б", Department: storage},
	}
	h.tx(func(tx pgx.Tx) error { return queue.SetSigla(ctx, tx, queue.Console(), h.lib, nil, rows) })
	gone, err := h.GetDepartment(ctx, h.lib, off)
	want(t, "get", err, nil)
	gone.State = "off"
	h.tx(func(tx pgx.Tx) error { return queue.ChangeDepartment(ctx, tx, queue.Console(), gone) })

	for _, c := range []struct {
		name   string
		copies [][2]string
		want   string // department:siglum/fund, with ? where a person chooses
	}{
		{"by siglum and fund", [][2]string{{"КХ", "основной фонд"}}, "storage:КХ/основной фонд"},
		{"the other fund", [][2]string{{"КХ", "краеведческий фонд"}}, "local:КХ/краеведческий фонд"},
		{"КХ alone decides nothing", [][2]string{{"КХ", ""}}, "local:КХ/краеведческий фонд? storage:КХ/основной фонд?"},
		{"nor with a fund that nobody knows", [][2]string{{"КХ", "отдел редких книг"}}, "local:КХ/краеведческий фонд? storage:КХ/основной фонд?"},
		{"any fund, none given", [][2]string{{"КХ2", ""}}, "storage:КХ2/"},
		{"any fund, one given", [][2]string{{"КХ2", "резерв"}}, "storage:КХ2/"},
		{"written otherwise", [][2]string{{" кх ", "Основной  Фонд"}}, "storage:КХ/основной фонд"},
		{"in Latin letters", [][2]string{{"KX 2", ""}}, "storage:КХ2/"},
		{"two departments hold it", [][2]string{{"КМ", ""}}, "local:КМ/ bichik:КМ/"},
		{"a fund of its own beside any", [][2]string{{"СБ", "редкий"}}, "local:СБ/редкий"},
		{"and without it", [][2]string{{"СБ", ""}}, "bichik:СБ/? local:СБ/редкий?"},
		{"and with another", [][2]string{{"СБ", "общий"}}, "bichik:СБ/"},
		{"one fund only, none given", [][2]string{{"ОД", ""}}, "storage:ОД/зал"},
		{"one fund only, another given", [][2]string{{"ОД", "склад"}}, "storage:ОД/зал?"},
		{"a certain copy before one to be chosen", [][2]string{{"КХ", ""}, {"СБ", "общий"}}, "bichik:СБ/ local:КХ/краеведческий фонд? storage:КХ/основной фонд?"},
		{"a copy that makes certain what another leaves open", [][2]string{{"КХ", ""}, {"КХ2", ""}}, "storage:КХ2/ local:КХ/краеведческий фонд?"},
		{"the department is off", [][2]string{{"АБ", ""}}, ""},
		{"nothing is known", [][2]string{{"XYZ", ""}, {"", "основной фонд"}}, ""},
		{"no copies", nil, ""},
	} {
		var got []string
		h.tx(func(tx pgx.Tx) error {
			list, err := queue.Route(ctx, tx, h.lib, c.copies)
			for _, p := range list {
				mark := "?"
				if p.Certain {
					mark = ""
				}
				got = append(got, fmt.Sprintf("%s:%s/%s%s", names[p.Department], p.Siglum, p.Fund, mark))
			}
			return err
		})
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: %q, want %q", c.name, g, c.want)
		}
	}
	h.tx(func(tx pgx.Tx) error {
		list, err := queue.Route(ctx, tx, h.library("second"), [][2]string{{"КХ2", ""}})
		if err == nil && len(list) > 0 {
			t.Errorf("another library's: %v", list)
		}
		return err
	})
}

func TestSetSigla(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	storage, foreign := h.department(h.lib, "Хранение"), h.department(h.library("second"), "Чужой")
	set := func(by queue.Staff, seen []queue.Siglum, rows ...queue.Siglum) error {
		return h.try(func(tx pgx.Tx) error { return queue.SetSigla(ctx, tx, by, h.lib, seen, rows) })
	}
	row := queue.Siglum{Siglum: "КХ", Fund: "основной фонд", Department: storage, Rank: 1}
	want(t, "by a librarian", set(anna, nil, row), queue.ErrNotAllowed)
	want(t, "no siglum", set(queue.Console(), nil, queue.Siglum{Siglum: " ", Department: storage}), queue.ErrInvalid)
	want(t, "another library's department", set(queue.Console(), nil, queue.Siglum{Siglum: "КХ", Department: foreign}), queue.ErrInvalid)
	want(t, "twice", set(queue.Console(), nil, row, queue.Siglum{Siglum: "kx", Fund: "Основной фонд", Department: storage}), queue.ErrInvalid)
	want(t, "set", set(queue.Console(), nil, queue.Siglum{Siglum: " кх ", Fund: " основной  фонд", Department: storage}), nil)
	list, err := h.ListSigla(ctx, h.lib)
	want(t, "list", err, nil)
	if !slices.Equal(list, []queue.Siglum{row}) {
		t.Errorf("sigla: %+v", list)
	}
	want(t, "over what was not seen", set(queue.Console(), nil, row), queue.ErrChanged)
	want(t, "all away", set(queue.Console(), list), nil)
	list, err = h.ListSigla(ctx, h.lib)
	want(t, "list", err, nil)
	if len(list) != 0 {
		t.Errorf("sigla: %+v", list)
	}
}
