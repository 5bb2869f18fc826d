package contacts_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

// noon is the moment of the tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is a library with one channel.
type world struct {
	*testing.T
	pool    *pgxpool.Pool
	lib     library.ID
	channel int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, pool: pgtest.New(t)}
	w.lib, w.channel = w.library("first")
	return w
}

func (w *world) library(slug string) (lib library.ID, channel int64) {
	w.Helper()
	w.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		if lib, err = contacts.AddLibrary(ctx, tx, slug, "Europe/Kyiv", library.Settings{}); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `insert into channels (library_id, kind, name) values ($1, 'webchat', 'chat') returning id`, lib).Scan(&channel)
	})
	return lib, channel
}

// do is one transaction.
func (w *world) do(work func(context.Context, pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error { return work(ctx, tx) })
}

// tx is one transaction that has to succeed.
func (w *world) tx(work func(context.Context, pgx.Tx) error) {
	w.Helper()
	if err := w.do(work); err != nil {
		w.Fatal(err)
	}
}

func (w *world) who(external string) contacts.Who {
	return contacts.Who{Library: w.lib, Channel: w.channel, External: external, Name: "name of " + external}
}

func (w *world) address(external string) (known contacts.Known) {
	w.Helper()
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		all, err := contacts.Addresses(ctx, tx, []contacts.Who{w.who(external)}, noon)
		if err == nil {
			known = all[0]
		}
		return err
	})
	return known
}

func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	if err := w.pool.QueryRow(w.Context(), query, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// together runs the work n times from one start and gives the errors.
func together(n int, work func(i int) error) []error {
	barrier := make(chan struct{})
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-barrier
			errs[i] = work(i)
		})
	}
	close(barrier)
	all.Wait()
	return errs
}

// wide is a pool wide enough that all workers are within their transactions at once.
func wide(t *testing.T, pool *pgxpool.Pool, conns int32) *pgxpool.Pool {
	t.Helper()
	config := pool.Config()
	config.MaxConns = conns
	out, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out
}

func person(i int) string { return fmt.Sprintf("person %d", i) }
