package papers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
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
	At       time.Time // when it came; zero: now
}

const (
	receivePage = `update paper_pages set state = 'received', file_id = $4, sheet = $5, preview_id = nullif($6, ''), how = $7, unsigned = $8, reason = '',
  received_at = $9, decided_at = null, decided_by = null
where library_id = $1 and paper_id = $2 and number = $3`
	keepScans = `insert into paper_scans (library_id, order_id, file_id) select $1, $2, f from unnest($3::text[]) f where f <> '' on conflict do nothing`
	// A document of several pages is noted as the first of them.
	boundScans = `insert into paper_scans as s (library_id, order_id, file_id, kind, number)
select distinct on (f) $1, $2, f, k, n from unnest($3::text[], $4::text[], $5::int[]) with ordinality as t (f, k, n, i) order by f, i
on conflict (library_id, order_id, file_id) do update set kind = excluded.kind, number = excluded.number where s.kind is null`
)

// Receive takes what came for the registration's papers, and gives the pages that changed. The newest photo of a page counts, later ones in the list after
// earlier ones, and one that came before the page's own does not take its place; a page that was accepted is left as it is, and the same sheet of the same
// file again changes nothing. Of a page that the papers do not have nothing is taken. All the files are linked and go when the papers' term is over.
// contacts.ErrNotFound when no papers are made for the registration, ErrState when it is over.
func Receive(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, scans []Scan, at time.Time) ([]Page, error) {
	pages, err := lock(ctx, tx, lib, registration)
	if err != nil {
		return nil, err
	}
	var ids []files.ID
	var bound, kinds []string
	var numbers []int
	newest := map[int]Scan{} // by place in pages
	for _, s := range scans {
		if s.At.IsZero() {
			s.At = at
		}
		ids = append(ids, s.File, s.Preview)
		i := place(pages, s.Page)
		if i >= 0 {
			bound, kinds, numbers = append(bound, string(s.File)), append(kinds, string(s.Page.Kind)), append(numbers, s.Page.Number)
		}
		if i >= 0 && pages[i].State != Accepted && (pages[i].File != s.File || pages[i].Sheet != s.Sheet) && !pages[i].newerThan(s) && !newest[i].At.After(s.At) {
			newest[i] = s
		}
	}
	var taken []Page
	batch := &pgx.Batch{}
	for i, p := range pages {
		if s, ok := newest[i]; ok {
			batch.Queue(receivePage, lib, p.PaperID, p.Number, s.File, s.Sheet, s.Preview, s.How, s.Unsigned, s.At)
			taken = append(taken, p.Page)
		}
	}
	batch.Queue(boundScans, lib, pages[0].OrderID, bound, kinds, numbers)
	batch.Queue(keepScans, lib, pages[0].OrderID, ids)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("receive pages of registration %d: %w", registration, err)
	}
	return taken, linkAll(ctx, tx, lib, ids)
}

// newerThan reports that the page's photo came later than this one, which was long on its way.
func (p PageStand) newerThan(s Scan) bool { return p.ReceivedAt != nil && p.ReceivedAt.After(s.At) }

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

// Replaced is a photo of a page that a better one has taken the place of.
type Replaced struct {
	Page
	File files.ID
}

// ReplacedScans gives the photos that came for the registration's papers and are no page's newest any more, as long as they are kept.
func ReplacedScans(ctx context.Context, db contacts.DB, lib library.ID, registration int64) ([]Replaced, error) {
	rows, err := db.Query(ctx, `select s.kind, s.number, s.file_id as file from paper_orders o
join paper_scans s on s.library_id = o.library_id and s.order_id = o.id
where o.library_id = $1 and o.registration_id = $2 and o.state <> 'void' and s.kind is not null and not exists (
  select from papers p join paper_pages g on g.library_id = p.library_id and g.paper_id = p.id
  where p.library_id = o.library_id and p.order_id = o.id and g.file_id = s.file_id)
order by s.kind, s.number, s.file_id`, lib, registration)
	if err != nil {
		return nil, fmt.Errorf("replaced photos of registration %d: %w", registration, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Replaced])
	if err != nil {
		return nil, fmt.Errorf("replaced photos of registration %d: %w", registration, err)
	}
	return out, nil
}
