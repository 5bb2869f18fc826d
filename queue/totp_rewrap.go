package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
)

// sealedColumn is where second factors lie: of accounts, and shown but not yet confirmed in a session.
type sealedColumn struct{ list, lock, update string }

// Ids are compared as text, for an account's is a number and a session's is bytes.
func sealedColumns() []sealedColumn {
	return []sealedColumn{
		{
			`select id::text from staff where totp_secret is not null order by id`,
			`select totp_secret from staff where id = $1::text::bigint and totp_secret is not null for update`,
			`update staff set totp_secret = $2 where id = $1::text::bigint`,
		},
		{
			`select encode(id, 'hex') from sessions where totp_pending is not null order by id`,
			`select totp_pending from sessions where id = decode($1::text, 'hex') and totp_pending is not null for update`,
			`update sessions set totp_pending = $2 where id = decode($1::text, 'hex')`,
		},
	}
}

// Rewrap seals every second factor anew and says how many were changed. Each is a transaction of its own, so it may be cut off and begun again.
func (d *Desk) Rewrap(ctx context.Context, rewrap bots.Rewrap) (changed int, err error) {
	for _, column := range sealedColumns() {
		rows, err := d.pool.Query(ctx, column.list)
		if err != nil {
			return changed, fmt.Errorf("list second factors: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return changed, fmt.Errorf("list second factors: %w", err)
		}
		for _, id := range ids {
			done, err := d.rewrapOne(ctx, column, id, rewrap)
			if err != nil {
				return changed, fmt.Errorf("rewrap second factor: %w", err) // a session's id is not for a log
			}
			if done {
				changed++
			}
		}
	}
	return changed, nil
}

func (d *Desk) rewrapOne(ctx context.Context, column sealedColumn, id string, rewrap bots.Rewrap) (changed bool, err error) {
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var sealed []byte
		err := tx.QueryRow(ctx, column.lock, id).Scan(&sealed)
		if errors.Is(err, pgx.ErrNoRows) { // taken away since
			return nil
		}
		if err != nil {
			return err
		}
		if sealed, changed, err = rewrap(sealed); err != nil || !changed {
			return err
		}
		_, err = tx.Exec(ctx, column.update, id, sealed)
		return err
	})
	return changed, err
}
