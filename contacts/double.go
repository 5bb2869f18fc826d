package contacts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

const readerStands = `select r.card is not null or coalesce((select g.state in ('papers', 'sent', 'accepted', 'done') from registrations g
  where g.library_id = r.library_id and g.reader_id = r.id order by g.id desc limit 1), false)
from readers r where r.library_id = $1 and r.id = $2`

// Double notes that the reader of a registration is one who is known already: nothing more happens under the later name, and its contact may be joined to the
// earlier one's. What was agreed to for the later name is withdrawn. The caller refuses the registration. ErrNotFound when the other was not proposed,
// ErrState when it was found to be a double itself, or is no reader: was refused, or has withdrawn.
func Double(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, of ReaderID, at time.Time) error {
	what := fmt.Sprintf("registration %d as a double of reader %d", registration, of)
	reg, err := RegistrationByID(ctx, tx, lib, registration)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	// Two may be found to be each other's at the same moment: in one order, and the second sees what the first did.
	rows, err := tx.Query(ctx, `select double_of is not null from readers where library_id = $1 and id in ($2, $3) order by id for update`, lib, reg.ReaderID, of)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	doubles, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if slices.Contains(doubles, true) {
		return fmt.Errorf("%s: %w", what, ErrState)
	}
	found, err := Alike(ctx, tx, lib, reg.ReaderID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(s Similar) bool { return s.ID == of }) {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	var stands bool
	if err := tx.QueryRow(ctx, readerStands, lib, of).Scan(&stands); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !stands {
		return fmt.Errorf("%s, who is no reader: %w", what, ErrState)
	}
	batch := &pgx.Batch{}
	batch.Queue(`update readers set double_of = $3 where library_id = $1 and id = $2`, lib, reg.ReaderID, of)
	// Who writes is the earlier reader, not this one: the two contacts are no longer two people.
	batch.Queue(`update contact_readers set relation = 'other' where library_id = $1 and reader_id = $2 and relation = 'self'`, lib, reg.ReaderID)
	// Nobody would ask for it to be withdrawn: the name is among the contact's people no more.
	batch.Queue(`update consents set withdrawn_at = $3 where library_id = $1 and reader_id = $2 and withdrawn_at is null`, lib, reg.ReaderID, at)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
