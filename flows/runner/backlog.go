package runner

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

const countUnfinished = `select count(*) from events where state in ('waiting', 'ready')`

// Backlog counts the events of all libraries that have not moved their conversations yet.
func (r *Runner) Backlog(ctx context.Context) (int, error) {
	var n int
	if err := r.Pool.QueryRow(ctx, countUnfinished).Scan(&n); err != nil {
		return 0, fmt.Errorf("count unfinished events: %w", err)
	}
	return n, nil
}

const countInstances = `select count(*) from pg_locks where locktype = 'advisory' and classid = $1::int::oid and objsubid = 2 and granted
  and database = (select oid from pg_database where datname = current_database())`

// Instances counts the processes that serve this database at the moment.
func Instances(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	var n int
	if err := pool.QueryRow(ctx, countInstances, instanceLock).Scan(&n); err != nil {
		return 0, fmt.Errorf("count instances: %w", err)
	}
	return n, nil
}
