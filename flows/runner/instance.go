package runner

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
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
	return i.drop(closing)
}

func (i *instance) drop(ctx context.Context) error {
	if i.conn == nil {
		return nil
	}
	conn := i.conn
	i.conn = nil
	return conn.Close(ctx)
}

const noteWorking = `insert into working (instance, library_id, conversation_id, seqs)
select $1, l, c, s::int[] from unnest($2::bigint[], $3::bigint[], $4::text[]) as w (l, c, s) order by l, c
on conflict (library_id, conversation_id) do update set instance = excluded.instance, seqs = excluded.seqs, noted_at = clock_timestamp()`

// note commits, apart from the turns, which events are in hand: if an ask kills the process they are found. The note need not outlive the database, so
// it does not wait for the disk.
func (i *instance) note(ctx context.Context, turns []*turn) error {
	libs, ids := columns(turns)
	seqs := make([]string, len(turns))
	for n, t := range turns {
		seqs[n] = arrayText(t.seqs())
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.conn == nil {
		return fmt.Errorf("note %d conversations in hand: %w", len(turns), errNotHeld)
	}
	batch := &pgx.Batch{}
	batch.Queue("begin")
	batch.Queue("set local synchronous_commit = off")
	batch.Queue(noteWorking, i.id, libs, ids, seqs)
	batch.Queue("commit")
	if err := i.conn.SendBatch(ctx, batch).Close(); err != nil {
		// Whatever went wrong here is not the doing of a turn. A new connection is made at the next beat.
		return errors.Join(errNotHeld, err, i.drop(ctx))
	}
	return nil
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
const orphans = `select w.library_id as lib, w.conversation_id as id, w.instance from working w
where w.instance <> $2 and w.noted_at < clock_timestamp() - interval '5 seconds' and not exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = w.instance::oid
  and l.database = (select oid from pg_database where datname = current_database()))
order by 1, 2 limit 100`

// findOrphans counts a failure for each conversation that a process had in hand when it died.
func (r *Runner) findOrphans(ctx context.Context) error {
	rows, err := r.Pool.Query(ctx, orphans, instanceLock, r.instance.number())
	if err != nil {
		return fmt.Errorf("look for orphans: %w", err)
	}
	type orphan struct {
		key
		instance int64
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (orphan, error) {
		var o orphan
		return o, row.Scan(&o.lib, &o.id, &o.instance)
	})
	if err != nil {
		return fmt.Errorf("look for orphans: %w", err)
	}
	for _, o := range found {
		var seqs []int32
		err := r.countFailure(ctx, o.key, func(tx pgx.Tx) ([]int32, error) {
			err := tx.QueryRow(ctx, `delete from working where library_id = $1 and conversation_id = $2 and instance = $3 returning seqs`,
				o.lib, o.id, o.instance).Scan(&seqs)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil, nil // moved meanwhile
			}
			return seqs, err
		})
		if err != nil {
			return err
		}
		if len(seqs) > 0 {
			r.Log.Warn("conversation was in hand when a process died", "library", o.lib, "conversation", o.id)
		}
	}
	return nil
}
