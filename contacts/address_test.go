package contacts_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
)

func TestAddressesAreMadeOnce(t *testing.T) {
	t.Parallel()
	const people, workers = 60, 16
	for round := range pgtest.Rounds(t, 3) {
		w := newWorld(t)
		w.pool = wide(t, w.pool, workers)
		ids := make([]map[int]contacts.Known, workers)
		// Each person is given by several workers: alone, in groups that overlap, forwards and backwards, some twice in a group.
		errs := together(workers, func(worker int) error {
			ids[worker] = map[int]contacts.Known{}
			random := rand.New(rand.NewPCG(uint64(round), uint64(worker)))
			left := random.Perm(people)
			for len(left) > 0 {
				group := left[:min(len(left), 1+random.IntN(20))]
				left = left[len(group):]
				who := make([]contacts.Who, 0, len(group)+1)
				for _, p := range group {
					who = append(who, w.who(person(p)))
				}
				who = append(who, who[0])
				err := w.do(func(ctx context.Context, tx pgx.Tx) error {
					known, err := contacts.Addresses(ctx, tx, who, noon)
					if err != nil {
						return err
					}
					if last := known[len(group)]; last.ID != known[0].ID || last.New {
						t.Errorf("the same address twice in a group: %v and %v", known[0], last)
					}
					for i, p := range group {
						ids[worker][p] = known[i]
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		made := map[int]int{}
		for worker := range workers {
			for p := range people {
				got := ids[worker][p]
				if got.ID == 0 || got.ID != ids[0][p].ID || got.Contact != ids[0][p].Contact {
					t.Fatalf("person %d is %v for worker %d and %v for another", p, got, worker, ids[0][p])
				}
				if got.New {
					made[p]++
				}
			}
		}
		for p := range people {
			if made[p] != 1 {
				t.Errorf("person %d was new %d times", p, made[p])
			}
		}
		if a, c := w.count(`select count(*) from addresses`), w.count(`select count(*) from contacts`); a != people || c != people {
			t.Errorf("%d addresses and %d contacts", a, c)
		}
	}
}

func TestOppositeGroupsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pool = wide(t, w.pool, 16)
	rounds := pgtest.Rounds(t, 10)
	for round := range rounds {
		base := round * 100
		errs := together(16, func(worker int) error {
			who := make([]contacts.Who, 20)
			for i := range who {
				p := base + worker/2 + i
				if worker%2 == 1 {
					p = base + worker/2 + len(who) - 1 - i
				}
				who[i] = w.who(person(p))
			}
			return w.do(func(ctx context.Context, tx pgx.Tx) error {
				_, err := contacts.Addresses(ctx, tx, who, noon)
				return err
			})
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.count(`select count(*) from addresses`); n != rounds*27 {
		t.Errorf("%d addresses", n)
	}
	if n := w.count(`select deadlocks from pg_stat_database where datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks were broken", n)
	}
}

func TestAddressRolledBackIsMadeByTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := errors.New("stop")
	locked, waits := make(chan struct{}), make(chan error, 1)
	go func() {
		<-locked
		waits <- w.do(func(ctx context.Context, tx pgx.Tx) error {
			known, err := contacts.Addresses(ctx, tx, []contacts.Who{w.who("one")}, noon)
			if err == nil && !known[0].New {
				err = errors.New("the address of a transaction that failed was found")
			}
			return err
		})
	}()
	err := w.do(func(ctx context.Context, tx pgx.Tx) error {
		if _, err := contacts.Addresses(ctx, tx, []contacts.Who{w.who("one")}, noon); err != nil {
			return err
		}
		close(locked)
		for w.count(`select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`) == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if err := <-waits; err != nil {
		t.Fatal(err)
	}
}

func TestAddressOfAnotherLibrary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.address("one")
	other, channel := w.library("second")
	foreign := contacts.Who{Library: other, Channel: channel, External: "one"}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		known, err := contacts.Addresses(ctx, tx, []contacts.Who{foreign, w.who("one")}, noon)
		if err != nil {
			return err
		}
		if !known[0].New || known[0].Contact == mine.Contact || known[1].ID != mine.ID || known[1].New {
			t.Errorf("known %v, mine %v", known, mine)
		}
		return nil
	})
	// A channel of another library is no way to reach its people.
	err := w.do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := contacts.Addresses(ctx, tx, []contacts.Who{{Library: other, Channel: w.channel, External: "one"}}, noon)
		return err
	})
	if err == nil {
		t.Error("an address was given to another library")
	}
}

func TestExternals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, _ := w.library("second")
	one, two := w.address("one"), w.address("two")
	keys := []contacts.PartyKey{{Library: w.lib, Address: two.ID}, {Library: w.lib, Address: one.ID}, {Library: other, Address: one.ID}, {Library: w.lib, Address: 999}}
	got, err := contacts.Externals(t.Context(), w.pool, keys)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[keys[0]] != "two" || got[keys[1]] != "one" {
		t.Errorf("got %v", got)
	}
	if id, ok, err := contacts.Lookup(t.Context(), w.pool, w.channel, "two"); id != two.ID || !ok || err != nil {
		t.Errorf("looked up %v, %v, %v", id, ok, err)
	}
	if id, ok, err := contacts.Lookup(t.Context(), w.pool, w.channel, "three"); id != 0 || ok || err != nil {
		t.Errorf("looked up %v, %v, %v", id, ok, err)
	}
}

func TestDoors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, _ := w.library("second")
	id := w.address("one").ID
	block := func(lib library.ID, on bool) error {
		return w.do(func(ctx context.Context, tx pgx.Tx) error { return contacts.Block(ctx, tx, lib, id, 7, on, noon) })
	}
	if err := block(other, true); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("block through another library: %v", err)
	}
	if w.address("one").Blocked {
		t.Error("blocked through another library")
	}
	for _, on := range []bool{true, false} {
		if err := block(w.lib, on); err != nil {
			t.Fatal(err)
		}
		if got := w.address("one"); got.Blocked != on || got.Gone || got.New {
			t.Errorf("block %v: %v", on, got)
		}
		w.tx(func(ctx context.Context, tx pgx.Tx) error {
			return contacts.Gone(ctx, tx, w.lib, id, on, noon.Add(time.Hour))
		})
		if got := w.address("one"); got.Gone != on {
			t.Errorf("gone %v: %v", on, got)
		}
		w.tx(func(ctx context.Context, tx pgx.Tx) error { return contacts.Gone(ctx, tx, w.lib, id, false, noon) })
	}
}
