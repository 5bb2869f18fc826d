package queue

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// RenameReader gives the open tasks of the registration the name that was corrected.
func RenameReader(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, name string) error {
	if _, err := tx.Exec(ctx, `update tasks set reader_name = $3 where library_id = $1 and registration_id = $2 and state <> 'done'`, lib, registration, name); err != nil {
		return fmt.Errorf("rename the reader of registration %d: %w", registration, err)
	}
	return nil
}
