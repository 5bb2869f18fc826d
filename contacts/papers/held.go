package papers

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// HoldBack notes that the papers are complete, but not given to staff before the last file of their conversation has come.
func HoldBack(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, at time.Time) error {
	_, err := tx.Exec(ctx, `update paper_orders set held_at = coalesce(held_at, $3) where library_id = $1 and registration_id = $2 and state = 'made'`,
		lib, registration, at)
	if err != nil {
		return fmt.Errorf("hold back papers of registration %d: %w", registration, err)
	}
	return nil
}

// Held are papers that were held back.
type Held struct {
	Library      library.ID
	Registration int64
}

// AllHeld gives papers that were held back, of all libraries, longest first.
func AllHeld(ctx context.Context, db contacts.DB, limit int) ([]Held, error) {
	rows, err := db.Query(ctx, `select library_id as library, registration_id as registration from paper_orders where held_at is not null order by held_at, id limit $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("papers that are held back: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Held])
	if err != nil {
		return nil, fmt.Errorf("papers that are held back: %w", err)
	}
	return out, nil
}

// LetGo ends the holding back.
func LetGo(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error {
	_, err := tx.Exec(ctx, `update paper_orders set held_at = null where library_id = $1 and registration_id = $2 and held_at is not null`, lib, registration)
	if err != nil {
		return fmt.Errorf("let go papers of registration %d: %w", registration, err)
	}
	return nil
}
