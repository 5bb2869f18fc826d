package contacts

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

const saidLast = `select coalesce(jsonb_path_query_first(answers, '$[*] ? (@.key == $key)', jsonb_build_object('key', $3::text)) ->> 'value', '')
from registrations where library_id = $1 and reader_id = $2 order by id desc limit 1`

// Said is what the reader answered to the library's question of the key in their latest registration, as library.Field.Say reads it; empty: nothing.
func Said(ctx context.Context, db DB, lib library.ID, reader ReaderID, key string) (value string, err error) {
	err = db.QueryRow(ctx, saidLast, lib, reader, key).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("answer %s of reader %d: %w", key, reader, err)
	}
	return value, nil
}
