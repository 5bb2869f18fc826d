package files

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// maxSheets is how many pages of one PDF are looked at: a registration has eight, sent twice sixteen.
const maxSheets = 20

// Sheet is one page of a picture or a PDF as it was looked at.
type Sheet struct {
	Number   int     `db:"number"`     // from 1
	Preview  ID      `db:"preview_id"` // a clean JPEG, upright; empty when there is none
	Code     string  `db:"code"`       // what its code says; empty when none was read
	Unsigned bool    `db:"unsigned"`   // its signature field was seen and is empty
	Problem  Problem `db:"problem"`
}

const (
	insertSheetsSQL = `
		insert into file_sheets (library_id, file_id, number, preview_id, code, problem, unsigned)
		select $1, $2, number, nullif(preview_id, ''), code, problem, unsigned
		from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::bool[]) as s (number, preview_id, code, problem, unsigned)`
	selectSheetsSQL = `
		select number, coalesce(preview_id, '') as preview_id, code, problem, unsigned
		from file_sheets where library_id = $1 and file_id = $2 order by number`
)

// Sheets gives the pages of a file that were looked at, in order; none of a file that is not known, not inspected yet, purged, or no picture or PDF.
func (s *Store) Sheets(ctx context.Context, lib library.ID, id ID) ([]Sheet, error) {
	if !id.Valid() {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, selectSheetsSQL, lib, id)
	if err != nil {
		return nil, fmt.Errorf("find sheets of file %s: %w", id, err)
	}
	sheets, err := pgx.CollectRows(rows, pgx.RowToStructByName[Sheet])
	if err != nil {
		return nil, fmt.Errorf("find sheets of file %s: %w", id, err)
	}
	return sheets, nil
}

func insertSheets(ctx context.Context, tx pgx.Tx, lib library.ID, id ID, sheets []Sheet) error {
	if len(sheets) == 0 {
		return nil
	}
	var (
		numbers                  []int
		previews, codes, reasons []string
		unsigned                 []bool
	)
	for _, s := range sheets {
		numbers, previews, codes = append(numbers, s.Number), append(previews, string(s.Preview)), append(codes, s.Code)
		reasons, unsigned = append(reasons, string(s.Problem)), append(unsigned, s.Unsigned)
	}
	_, err := tx.Exec(ctx, insertSheetsSQL, lib, id, numbers, previews, codes, reasons, unsigned)
	return err
}
