package main

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// round starts the service, waits until it is in the gap, and kills it.
func (c *crash) round(ctx context.Context, g gap) {
	c.Helper()
	release, entered := func() {}, true
	if g.starting {
		c.start()
	} else {
		c.serve()
		time.Sleep(200*time.Millisecond + c.upTo(time.Second)) // the moment of the kill is a time from the seed
		within, cancel := context.WithTimeout(ctx, patienceOfGaps)
		release, entered = g.enter(within)
		cancel()
	}
	c.release = release
	if g.within > 0 {
		time.Sleep(c.upTo(g.within)) // likewise
	}
	c.kill()
	// What the dead process has sent to the database before it died is still carried out: now, or after the next start.
	late := c.rng.IntN(2) == 0
	if !late {
		release()
	}
	c.alone()
	c.note(g.name, entered)
	if late {
		time.AfterFunc(c.upTo(c.startTime), release)
	}
}

// kill ends the process at once, unless it has ended by itself.
func (c *crash) kill() {
	c.Helper()
	if err := c.process.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.Fatal(err)
	}
	if err := <-c.ended; err == nil {
		c.Log("the process had ended by itself before the kill")
	}
	c.bot.Heal()
	c.heal()
}

// alone waits until the database has done with the connections of the process, but for what waits for a table that the test holds.
func (c *crash) alone() {
	c.Helper()
	c.await("the connections of the dead process end", func() bool {
		return c.count(c.db, `select count(*) from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and application_name <> $1
and wait_event_type is distinct from 'Lock'`, testName) == 0
	})
}

// note finds what was in hand at the kill.
func (c *crash) note(name string, entered bool) {
	c.Helper()
	t := c.tallies[name]
	if t == nil {
		t = &tally{}
		c.tallies[name] = t
	}
	t.kills++
	if entered {
		t.entered++
	}
	for sql, n := range map[string]*int{
		`select count(*) from events where state in ('waiting', 'ready')`:                                      &t.unfinished,
		`select count(*) from working`:                                                                         &t.working,
		`select count(*) from outbox where state = 'queued'`:                                                   &t.queued,
		`select count(*) from outbox where state = 'leased' and lease_until > clock_timestamp()`:               &t.leased,
		`select count(*) from events where state = 'waiting' and fetches > 0 and fetch_at > clock_timestamp()`: &t.fetching,
		`select count(*) from pending_blobs`:                                                                   &t.arriving,
	} {
		*n += c.count(c.db, sql)
	}
	rows, err := c.db.Query(c.Context(), `select a.external as address, o.seq from outbox o
join addresses a on a.library_id = o.library_id and a.id = o.conversation_id join channels h on h.id = o.channel_id
where o.state = 'leased' and o.lease_until > clock_timestamp() and h.kind = 'telegram'`)
	if err != nil {
		c.Fatal(err)
	}
	leased, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var l row
		return l, r.Scan(&l.address, &l.seq)
	})
	if err != nil {
		c.Fatal(err)
	}
	n := 0
	for _, l := range leased {
		for _, r := range c.readers {
			if r.address() == l.address && len(r.heard()) >= l.seq {
				c.inGap[l]++
				n++
			}
		}
	}
	c.widest = max(c.widest, n)
	c.age()
}

// age makes leases and claims end as if their time had passed. What a dead connection still has in its hands, or the test keeps from it, is left to the next
// time.
func (c *crash) age() {
	c.Helper()
	for _, sql := range []string{
		`update outbox o set lease_until = clock_timestamp() from (select library_id, conversation_id, seq from outbox where state = 'leased' for update skip locked) l
where o.library_id = l.library_id and o.conversation_id = l.conversation_id and o.seq = l.seq`,
		`update events e set fetch_at = clock_timestamp() from (
  select library_id, conversation_id, seq from events where state = 'waiting' and fetch_at > clock_timestamp() for update skip locked) w
where e.library_id = w.library_id and e.conversation_id = w.conversation_id and e.seq = w.seq`,
		`update paper_orders o set due_at = clock_timestamp() from (select library_id, id from paper_orders where state = 'wanted' for update skip locked) w
where o.library_id = w.library_id and o.id = w.id`,
		`update orders o set slip_at = clock_timestamp() from (select library_id, id from orders where slip_at > clock_timestamp() for update skip locked) w
where o.library_id = w.library_id and o.id = w.id`,
		`update orders o set job_at = clock_timestamp() from (
  select library_id, id from orders where state = 'making' and job_at > clock_timestamp() for update skip locked) w
where o.library_id = w.library_id and o.id = w.id`,
	} {
		err := pgx.BeginFunc(c.Context(), c.db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(c.Context(), `set local lock_timeout = '20ms'`); err != nil {
				return err
			}
			_, err := tx.Exec(c.Context(), sql)
			return err
		})
		var held *pgconn.PgError
		if errors.As(err, &held) && held.Code == "55P03" { // lock_not_available
			continue
		}
		if err != nil {
			c.Fatal(err)
		}
	}
}
