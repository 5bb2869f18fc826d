package cards

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

// wellFormed is a hash of nothing: tests of numbers need not pay for a real one.
const wellFormed = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// evening is already the next day in Yakutsk.
var evening = time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)

// house is two libraries: one has a series, the other has its registrars type.
type house struct {
	pool          *pgxpool.Pool
	series, typed library.Library
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{pool: pgtest.New(t)}
	h.series = h.library(t, "series", library.Settings{Registration: library.Registration{Series: true}})
	h.typed = h.library(t, "typed", library.Settings{})
	return h
}

func (h *house) library(t testing.TB, slug string, s library.Settings) library.Library {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Yakutsk")
	must(t, err)
	lib := library.Library{Slug: slug, Zone: zone, Settings: s}
	must(t, h.within(t.Context(), func(tx pgx.Tx) (err error) {
		lib.ID, err = contacts.AddLibrary(t.Context(), tx, slug, "Asia/Yakutsk", s)
		return err
	}))
	return lib
}

func (h *house) reader(t testing.TB, lib library.Library) contacts.ReaderID {
	t.Helper()
	var id contacts.ReaderID
	must(t, h.pool.QueryRow(t.Context(), `insert into readers (library_id, name, born) values ($1, 'Айталина Попова', '2010-03-02') returning id`,
		lib.ID).Scan(&id))
	return id
}

func (h *house) within(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, h.pool, do)
}

// issue is Issue in a transaction of its own.
func (h *house) issue(ctx context.Context, lib library.Library, reader contacts.ReaderID, number string) (string, error) {
	err := h.within(ctx, func(tx pgx.Tx) (err error) {
		number, err = Issue(ctx, tx, lib, New{Reader: reader, Number: number, PasswordHash: wellFormed, By: 7, At: evening})
		return err
	})
	return number, err
}

// lose is Lost in a transaction of its own.
func (h *house) lose(t testing.TB, lib library.Library, number string) {
	t.Helper()
	must(t, h.within(t.Context(), func(tx pgx.Tx) error { return Lost(t.Context(), tx, lib.ID, number) }))
}

func (h *house) card(t testing.TB, lib library.Library, number string) Card {
	t.Helper()
	c, err := ByNumber(t.Context(), h.pool, lib.ID, number)
	must(t, err)
	return c
}

// facts are the kinds counted for the reader with the age on their day.
func (h *house) facts(t testing.TB, lib library.Library, reader contacts.ReaderID) string {
	t.Helper()
	rows, err := h.pool.Query(t.Context(), `select kind || ' ' || day || ' ' || coalesce(age::text, '-') from facts
where library_id = $1 and reader_id = $2 order by kind desc, id`, lib.ID, reader)
	must(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(all, ", ")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
