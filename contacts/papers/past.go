package papers

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
)

// Close ends the papers of a registration that is done, refused or withdrawn: no page is taken any more, and their term begins. What nobody has drawn yet is
// not drawn. To close them twice, or where there are none, changes nothing.
func Close(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, at time.Time) error {
	_, err := tx.Exec(ctx, `update paper_orders set state = case state when 'made' then 'closed' else 'void' end, content = null, ended_at = $3
where library_id = $1 and registration_id = $2 and state in ('wanted', 'made')`, lib, registration, at)
	if err != nil {
		return fmt.Errorf("close papers of registration %d: %w", registration, err)
	}
	return nil
}

const (
	pastOrders = `with past as (
  select library_id, id from paper_orders where library_id = $1 and ended_at < $2 and not wiped order by id limit $3 for update skip locked)
update paper_orders o set wiped = true from past where o.library_id = past.library_id and o.id = past.id returning o.id`
	wipePages = `update paper_pages g set file_id = null, preview_id = null from papers p
where p.library_id = $1 and p.order_id = any($2) and g.library_id = p.library_id and g.paper_id = p.id`
	// A photo may show pages of two registrations, such as those of two children: it stays for the other one.
	wipeScans = `with own as (
  update papers p set file_id = null from papers was
  where p.library_id = $1 and p.order_id = any($2) and p.file_id is not null and was.library_id = p.library_id and was.id = p.id returning was.file_id),
came as (
  delete from paper_scans where library_id = $1 and order_id = any($2) returning file_id)
select file_id from own
union select file_id from came where not exists (
  select from paper_scans s where s.library_id = $1 and s.file_id = came.file_id and not s.order_id = any($2))`
)

// Past gives and forgets the files of papers that ended before the moment: those that were sent and all that came for them. Their term is over. How each
// page was decided stays.
func Past(ctx context.Context, tx pgx.Tx, lib library.ID, before time.Time, limit int) ([]files.ID, error) {
	rows, err := tx.Query(ctx, pastOrders, lib, before, limit)
	if err != nil {
		return nil, fmt.Errorf("papers past their term: %w", err)
	}
	orders, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("papers past their term: %w", err)
	}
	if _, err := tx.Exec(ctx, wipePages, lib, orders); err != nil {
		return nil, fmt.Errorf("papers past their term: %w", err)
	}
	if rows, err = tx.Query(ctx, wipeScans, lib, orders); err != nil {
		return nil, fmt.Errorf("papers past their term: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[files.ID])
	if err != nil {
		return nil, fmt.Errorf("papers past their term: %w", err)
	}
	return out, nil
}
