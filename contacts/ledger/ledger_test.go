package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts/ledger"
	"librarian/contacts/library"
)

var noon = time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC)

func newLibrary(t *testing.T, pool *pgxpool.Pool) (id library.ID) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `insert into libraries (slug, zone, settings) values ('l' || (select count(*) from libraries), 'UTC', '{}') returning id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func add(t *testing.T, pool *pgxpool.Pool, facts ...ledger.Fact) error {
	return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return ledger.Add(t.Context(), tx, facts...) })
}

func TestFactsAreCountedOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	lib, other := newLibrary(t, pool), newLibrary(t, pool)
	fact := func(lib library.ID, once string) ledger.Fact {
		return ledger.Fact{Library: lib, At: noon, Day: library.Date{Year: 2026, Month: 3, Day: 3}, Kind: ledger.Enquiry, Once: once}
	}
	if err := errors.Join(
		add(t, pool),
		add(t, pool, fact(lib, ""), fact(lib, ""), fact(lib, "a"), fact(lib, "a"), fact(other, "a")),
		add(t, pool, fact(lib, "a"), fact(lib, "b"), fact(lib, "")),
	); err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `select library_id || ' ' || coalesce(once, '-') from facts order by library_id, once, id`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, once := range []string{"a", "b", "-", "-", "-"} {
		want = append(want, fmt.Sprintf("%d %s", lib, once))
	}
	if want = append(want, fmt.Sprintf("%d a", other)); !slices.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestFactHoldsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	lib, age := newLibrary(t, pool), 17
	full := ledger.Fact{
		Library: lib, At: noon, Day: library.Date{Year: 2026, Month: 3, Day: 3}, Kind: ledger.Joined, Channel: "telegram", Age: &age, Reader: 5, Staff: 6,
	}
	if err := add(t, pool, full, ledger.Fact{Library: lib, At: noon, Day: full.Day, Kind: ledger.Consent}); err != nil {
		t.Fatal(err)
	}
	var good, bare bool
	if err := pool.QueryRow(t.Context(), `select
  bool_or(kind = 'joined' and at = $1 and day = '2026-03-03' and channel = 'telegram' and age = 17 and reader_id = 5 and staff_id = 6 and mode = 'remote'),
  bool_or(kind = 'consent' and age is null and reader_id is null and staff_id is null and once is null) from facts`, noon).Scan(&good, &bare); err != nil || !good || !bare {
		t.Errorf("full %v, bare %v, %v", good, bare, err)
	}
}

func TestOppositeGroupsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	lib := newLibrary(t, pool)
	rounds := pgtest.Rounds(t, 10)
	for round := range rounds {
		start := make(chan struct{})
		var all sync.WaitGroup
		for worker := range 8 {
			facts := make([]ledger.Fact, 40)
			for i := range facts {
				facts[i] = ledger.Fact{Library: lib, At: noon, Day: library.DateOf(noon), Kind: ledger.Enquiry, Once: fmt.Sprintf("%d %02d", round, i)}
			}
			if worker%2 == 1 {
				slices.Reverse(facts)
			}
			all.Go(func() {
				<-start
				if err := add(t, pool, facts...); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		all.Wait()
	}
	var n, deadlocks int
	if err := pool.QueryRow(t.Context(), `select (select count(*) from facts), (select deadlocks from pg_stat_database where datname = current_database())`).Scan(&n, &deadlocks); err != nil {
		t.Fatal(err)
	}
	if n != 40*rounds || deadlocks != 0 {
		t.Errorf("%d facts, %d deadlocks", n, deadlocks)
	}
}

func TestFactsGoWithTheirTransaction(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	lib := newLibrary(t, pool)
	stop := errors.New("stop")
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		ledger.Queue(batch, []ledger.Fact{{Library: lib, At: noon, Day: library.DateOf(noon), Kind: ledger.Enquiry}})
		if err := tx.SendBatch(context.WithoutCancel(t.Context()), batch).Close(); err != nil {
			return err
		}
		return stop
	})
	var n int
	if scan := pool.QueryRow(t.Context(), `select count(*) from facts`).Scan(&n); !errors.Is(err, stop) || scan != nil || n != 0 {
		t.Errorf("%v, %v: %d facts", err, scan, n)
	}
}
