package papers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
)

// Scan is a photo or one page of a document, bound to a page of the papers.
type Scan struct {
	Page     Page
	File     files.ID
	Sheet    int // which page of the file, from 1
	Preview  files.ID
	How      How
	Unsigned bool
}

const (
	receivePage = `update paper_pages set state = 'received', file_id = $4, sheet = $5, preview_id = nullif($6, ''), how = $7, unsigned = $8, reason = '',
  received_at = $9, decided_at = null, decided_by = null
where library_id = $1 and paper_id = $2 and number = $3`
	keepScans = `insert into paper_scans (library_id, order_id, file_id) select $1, $2, f from unnest($3::text[]) f where f <> '' on conflict do nothing`
)

// Receive takes what came for the registration's papers, and gives the pages that changed. The newest photo of a page counts, later ones in the list after
// earlier ones; a page that was accepted is left as it is, and the same sheet of the same file again changes nothing. Of a page that the papers do not have
// nothing is taken. All the files are linked and go when the papers' term is over. contacts.ErrNotFound when no papers are made for the registration,
// ErrState when it is over.
func Receive(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, scans []Scan, at time.Time) ([]Page, error) {
	pages, err := lock(ctx, tx, lib, registration)
	if err != nil {
		return nil, err
	}
	var ids []files.ID
	newest := map[int]Scan{} // by place in pages
	for _, s := range scans {
		ids = append(ids, s.File, s.Preview)
		i := place(pages, s.Page)
		if i >= 0 && pages[i].State != Accepted && (pages[i].File != s.File || pages[i].Sheet != s.Sheet) {
			newest[i] = s
		}
	}
	var taken []Page
	batch := &pgx.Batch{}
	for i, p := range pages {
		if s, ok := newest[i]; ok {
			batch.Queue(receivePage, lib, p.PaperID, p.Number, s.File, s.Sheet, s.Preview, s.How, s.Unsigned, at)
			taken = append(taken, p.Page)
		}
	}
	batch.Queue(keepScans, lib, pages[0].OrderID, ids)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("receive pages of registration %d: %w", registration, err)
	}
	return taken, linkAll(ctx, tx, lib, ids)
}

// Keep notes files that came for the registration's papers and are bound to no page: they are linked and go with the others. Errors as of
// Receive.
func Keep(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, ids []files.ID) error {
	pages, err := lock(ctx, tx, lib, registration)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, keepScans, lib, pages[0].OrderID, ids); err != nil {
		return fmt.Errorf("keep files of registration %d: %w", registration, err)
	}
	return linkAll(ctx, tx, lib, ids)
}

// place is where the page stands in the list, or -1.
func place(pages []locked, page Page) int {
	return slices.IndexFunc(pages, func(p locked) bool { return p.Page == page })
}

func linkAll(ctx context.Context, tx pgx.Tx, lib library.ID, ids []files.ID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id files.ID) bool { return id == "" })
	return files.Link(ctx, tx, lib, ids...)
}
