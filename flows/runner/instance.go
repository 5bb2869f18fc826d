package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// instance is this process as the database knows it: a number, and a lock that lasts as long as its connection. The same connection notes what is in
// hand, so that nothing is noted by a process that would not be missed.
type instance struct {
	mu   sync.Mutex
	conn *pgx.Conn // nil while the database is away
	id   int64
}

var errNotHeld = errors.New("this process is not known to the database")

// Times of the connection that shows that this process lives.
const (
	holdBeat = time.Second     // a connection that died shows itself within it
	holdTime = 5 * time.Second // for one statement on it
)

// holdInstance keeps this process known until the context ends.
func (r *Runner) holdInstance(ctx context.Context) error {
	beat := time.NewTimer(0)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.instance.release(ctx)
		case <-beat.C:
		}
		if err := r.hold(ctx); err != nil && ctx.Err() == nil {
			r.Log.Warn("instance is not held", "err", err)
		}
		beat.Reset(holdBeat)
	}
}

// instanceLock is the class of the advisory locks by which instances are known to live.
const instanceLock = 0x6c69 // "li"

// hold sees to it that the lock is held.
func (r *Runner) hold(ctx context.Context) error {
	i := &r.instance
	i.mu.Lock()
	defer i.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, holdTime)
	defer cancel()
	if i.conn != nil && i.conn.Ping(ctx) == nil {
		return nil
	}
	if err := i.drop(ctx); err != nil {
		r.Log.Warn("connection of the instance is lost", "err", err)
	}
	pooled, err := r.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("hold instance: %w", err)
	}
	conn := pooled.Hijack() // the lock ends with the connection
	var id int64
	err = conn.QueryRow(ctx, `with i as (select nextval('instances') as id) select i.id from i, pg_advisory_lock($1::int, i.id::int)`, instanceLock).Scan(&id)
	if err == nil && i.id != 0 { // the connection was lost, not the process: what it has in hand is nobody's fault
		_, err = conn.Exec(ctx, `update working set instance = $2 where instance = $1`, i.id, id)
	}
	if err == nil {
		_, err = conn.Exec(ctx, `set synchronous_commit = off`) // for the notes
	}
	if err != nil {
		return errors.Join(fmt.Errorf("hold instance: %w", err), conn.Close(ctx))
	}
	i.conn, i.id = conn, id
	return nil
}

// number is what this process is called, or was called when the database was last there.
func (i *instance) number() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.id
}

// release lets go of the lock: this process has nothing in hand any more.
func (i *instance) release(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if i.conn == nil {
		return nil
	}
	_, err := i.conn.Exec(closing, `delete from working where instance = $1`, i.id)
	if i.conn.IsClosed() { // it died since the last beat, and the lock with it: whoever finds the note finds out that nothing of it is in hand
		i.conn = nil
		return nil
	}
	return errors.Join(err, i.drop(closing))
}

func (i *instance) drop(ctx context.Context) error {
	if i.conn == nil {
		return nil
	}
	conn := i.conn
	i.conn = nil
	return conn.Close(ctx)
}

const noteWorking = `insert into working (instance, worker, libs, convs, seqs) values ($1, $2, $3, $4, $5)
on conflict (instance, worker) do update set libs = excluded.libs, convs = excluded.convs, seqs = excluded.seqs, noted_at = clock_timestamp()`

// note commits, apart from the turns, which events a worker has in hand: if an ask kills the process they are found. When it returns the note is on its
// way, which no death of this process stops; the function that it gives waits until it has arrived. The disk is not waited for.
func (i *instance) note(ctx context.Context, worker int, turns []*turn) (arrived func() error) {
	libs, ids := columns(turns)
	done := make(chan error, 1)
	i.mu.Lock()
	if i.conn == nil {
		i.mu.Unlock()
		done <- fmt.Errorf("note %d conversations in hand: %w", len(turns), errNotHeld)
	} else {
		batch := &pgx.Batch{}
		batch.Queue(noteWorking, i.id, worker, libs, ids, column(turns, func(t *turn) string { return arrayText(t.seqs()) }))
		sent := i.conn.SendBatch(ctx, batch)
		go func() {
			defer i.mu.Unlock()
			err := sent.Close()
			if err != nil {
				// Whatever went wrong here is not the doing of a turn. A new connection is made at the next beat.
				err = errors.Join(errNotHeld, err, i.drop(ctx))
			}
			done <- err
		}()
	}
	return func() error { return <-done }
}

// arrayText is the numbers as PostgreSQL writes an array: rows of arrays of several lengths have no other form as a parameter.
func arrayText(numbers []int32) string {
	text := make([]string, len(numbers))
	for i, n := range numbers {
		text[i] = strconv.Itoa(int(n))
	}
	return "{" + strings.Join(text, ",") + "}"
}

// A living process whose connection was lost has a new one, and its rows a new owner, long before five seconds have passed.
const takeOrphans = `delete from working w
where w.instance <> $2 and w.noted_at < clock_timestamp() - interval '5 seconds' and not exists (
  select from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = w.instance::oid
  and l.database = (select oid from pg_database where datname = current_database()))
returning w.libs, w.convs, w.seqs`

// findOrphans counts a failure for each event that a process had in hand when it died. Those that were done by then are done.
func (r *Runner) findOrphans(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, takeOrphans, instanceLock, r.instance.number())
		if err != nil {
			return err
		}
		var found []input
		var libs []library.ID
		var convs []bots.ConversationID
		var seqs []string
		if _, err := pgx.ForEachRow(rows, []any{&libs, &convs, &seqs}, func() error {
			for n := range libs {
				found = append(found, input{key{libs[n], convs[n]}, seqs[n]})
			}
			return nil
		}); err != nil {
			return err
		}
		slices.SortFunc(found, func(a, b input) int { return cmp.Or(cmp.Compare(a.lib, b.lib), cmp.Compare(a.id, b.id)) })
		for _, in := range found {
			if err := r.countFailure(ctx, tx, in); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for orphans: %w", err)
	}
	return nil
}
