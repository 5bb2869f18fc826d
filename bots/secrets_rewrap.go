package bots

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Rewrap gives a value sealed with the newest key, and false when it is so already.
type Rewrap func(sealed []byte) (fresh []byte, changed bool, err error)

const (
	selectSecretIDs = `select library_id as library, id from secrets where ciphertext is not null order by library_id, id`
	lockSecret      = `select ciphertext from secrets where library_id = $1 and id = $2 and ciphertext is not null for update`
	updateSecret    = `update secrets set ciphertext = $3 where library_id = $1 and id = $2`
)

// Rewrap seals every living secret of all libraries anew and says how many were changed. Each is a transaction of its own, so it may be cut off and
// begun again.
func (s *Secrets) Rewrap(ctx context.Context, rewrap Rewrap) (changed int, err error) {
	type place struct {
		Library library.ID
		ID      string
	}
	rows, err := s.pool.Query(ctx, selectSecretIDs)
	if err != nil {
		return 0, fmt.Errorf("list secrets: %w", err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByName[place])
	if err != nil {
		return 0, fmt.Errorf("list secrets: %w", err)
	}
	for _, p := range places {
		done, err := s.rewrapOne(ctx, p.Library, p.ID, rewrap)
		if err != nil {
			return changed, fmt.Errorf("rewrap secret %s: %w", p.ID, err)
		}
		if done {
			changed++
		}
	}
	return changed, nil
}

func (s *Secrets) rewrapOne(ctx context.Context, lib library.ID, id string, rewrap Rewrap) (changed bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var sealed []byte
		err := tx.QueryRow(ctx, lockSecret, lib, id).Scan(&sealed)
		if errors.Is(err, pgx.ErrNoRows) { // destroyed since
			return nil
		}
		if err != nil {
			return err
		}
		if sealed, changed, err = rewrap(sealed); err != nil || !changed {
			return err
		}
		_, err = tx.Exec(ctx, updateSecret, lib, id, sealed)
		return err
	})
	return changed, err
}
