package fragments

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
)

const (
	pastOrders = `with past as (
  select library_id, id, file_ids || slip_files as gone from orders where library_id = $1 and state in ('sent', 'refused', 'cancelled') and not wiped and created_at < $2
    and coalesce(sent_at, created_at) < $2 order by created_at limit $3 for update skip locked)
update orders o set wiped = true, file_ids = '{}', slip_files = '{}' from past where o.library_id = past.library_id and o.id = past.id returning o.id, past.gone`
	wipeSends = `with past as (
  select library_id, order_id, id, file_ids from order_sends where library_id = $1 and order_id = any($2) for update)
update order_sends s set file_ids = '{}' from past where s.library_id = past.library_id and s.order_id = past.order_id and s.id = past.id returning past.file_ids`
	wipeLinks   = `delete from order_links where library_id = $1 and order_id = any($2)`
	wipeParts   = `delete from order_parts where library_id = $1 and order_id = any($2) returning file_id`
	ownedByNone = `select f from unnest($2::text[]) as f where not exists (select from order_parts p where p.library_id = $1 and p.file_id = f)`
)

// Past forgets the files of orders that are over and went out before the moment: what was sent, and what it was made of. Their term is over. It gives those
// on which no other order stands. What was ordered, and every step, stays.
func Past(ctx context.Context, tx pgx.Tx, lib library.ID, before time.Time, limit int) ([]files.ID, error) {
	rows, err := tx.Query(ctx, pastOrders, lib, before, limit)
	if err != nil {
		return nil, fmt.Errorf("orders past their term: %w", err)
	}
	var orders []ID
	var out, sent []files.ID
	var id ID
	if _, err := pgx.ForEachRow(rows, []any{&id, &sent}, func() error { orders, out = append(orders, id), append(out, sent...); sent = nil; return nil }); err != nil {
		return nil, fmt.Errorf("orders past their term: %w", err)
	}
	if rows, err = tx.Query(ctx, wipeSends, lib, orders); err != nil {
		return nil, fmt.Errorf("orders past their term: %w", err)
	}
	if _, err := pgx.ForEachRow(rows, []any{&sent}, func() error { out = append(out, sent...); sent = nil; return nil }); err != nil {
		return nil, fmt.Errorf("orders past their term: %w", err)
	}
	if _, err := tx.Exec(ctx, wipeLinks, lib, orders); err != nil {
		return nil, fmt.Errorf("orders past their term: %w", err)
	}
	if rows, err = tx.Query(ctx, wipeParts, lib, orders); err != nil {
		return nil, fmt.Errorf("orders past their term: %w", err)
	}
	parts, err := pgx.CollectRows(rows, pgx.RowTo[files.ID])
	if err != nil {
		return nil, fmt.Errorf("orders past their term: %w", err)
	}
	out = append(out, parts...)
	slices.Sort(out) // what went by several ways is one file
	if rows, err = tx.Query(ctx, ownedByNone, lib, slices.Compact(out)); err != nil {
		return nil, fmt.Errorf("files of orders past their term: %w", err)
	}
	if out, err = pgx.CollectRows(rows, pgx.RowTo[files.ID]); err != nil {
		return nil, fmt.Errorf("files of orders past their term: %w", err)
	}
	return out, nil
}
