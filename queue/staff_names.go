package queue

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// StaffNames gives the names of those of the ids that are accounts, switched off or not.
func StaffNames(ctx context.Context, pool *pgxpool.Pool, ids ...StaffID) (map[StaffID]string, error) {
	rows, err := pool.Query(ctx, `select id, name from staff where id = any($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("names of %d staff: %w", len(ids), err)
	}
	out := make(map[StaffID]string, len(ids))
	var id StaffID
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { out[id] = name; return nil }); err != nil {
		return nil, fmt.Errorf("names of %d staff: %w", len(ids), err)
	}
	return out, nil
}
