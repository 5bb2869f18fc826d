package papers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// Find tells for which registration papers with this token were made. Void are those that no page is taken of any more: newer ones were made, or the
// registration is over. contacts.ErrNotFound, for another library's papers too.
func Find(ctx context.Context, db contacts.DB, lib library.ID, token string) (registration int64, void bool, err error) {
	err = db.QueryRow(ctx, `select registration_id, state in ('closed', 'void') from paper_orders where library_id = $1 and token = $2`, lib, token).
		Scan(&registration, &void)
	if errors.Is(err, pgx.ErrNoRows) {
		err = contacts.ErrNotFound
	}
	if err != nil {
		return 0, false, fmt.Errorf("papers of a code: %w", err)
	}
	return registration, void, nil
}

// Paper is one paper that was made.
type Paper struct {
	Kind     Kind
	Lang     library.Lang
	Version  string
	TextHash string
	File     files.ID // empty after its term
	Pages    int
	MadeAt   time.Time
}

// Of gives the registration's papers as they were sent last; none before they are made.
func Of(ctx context.Context, db contacts.DB, lib library.ID, registration int64) ([]Paper, error) {
	rows, err := db.Query(ctx, `select p.kind, p.lang, p.version, p.text_hash, coalesce(p.file_id, '') as file, o.made_at,
  (select count(*) from paper_pages g where g.library_id = p.library_id and g.paper_id = p.id) as pages
from paper_orders o join papers p on p.library_id = o.library_id and p.order_id = o.id
where o.library_id = $1 and o.registration_id = $2 and o.state <> 'void' order by p.id`, lib, registration)
	if err != nil {
		return nil, fmt.Errorf("papers of registration %d: %w", registration, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Paper])
	if err != nil {
		return nil, fmt.Errorf("papers of registration %d: %w", registration, err)
	}
	return out, nil
}

const standColumns = `p.kind, g.number, g.state, coalesce(g.file_id, '') as file, g.sheet, coalesce(g.preview_id, '') as preview,
coalesce(g.how, '') as how, g.unsigned, g.reason, g.received_at, g.decided_at,
coalesce(g.decided_by, 0) as decided_by, o.created_at as ordered_at`

const ofRegistration = ` from paper_orders o
join papers p on p.library_id = o.library_id and p.order_id = o.id
join paper_pages g on g.library_id = p.library_id and g.paper_id = p.id
where o.library_id = $1 and o.registration_id = $2`

const (
	standPages = `select ` + standColumns + ofRegistration + ` and o.state <> 'void' order by p.id, g.number`
	// Whoever changes pages locks the order first, and then all its pages in one order.
	lockPages = `select o.id as order_id, o.state as order_state, p.id as paper_id, ` + standColumns + ofRegistration +
		` and o.state <> 'void' order by p.id, g.number for update of o, g`
)

// Stand gives every page of the registration's papers, in order; none before they are made.
func Stand(ctx context.Context, db contacts.DB, lib library.ID, registration int64) ([]PageStand, error) {
	rows, err := db.Query(ctx, standPages, lib, registration)
	if err != nil {
		return nil, fmt.Errorf("pages of registration %d: %w", registration, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[PageStand])
	if err != nil {
		return nil, fmt.Errorf("pages of registration %d: %w", registration, err)
	}
	return out, nil
}

// locked is a page in this transaction's hands.
type locked struct {
	OrderID    int64
	OrderState string
	PaperID    int64
	PageStand
}

// lock gives all pages of the registration; contacts.ErrNotFound when no papers are made for it, ErrState when they are closed.
func lock(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) ([]locked, error) {
	rows, err := tx.Query(ctx, lockPages, lib, registration)
	if err != nil {
		return nil, fmt.Errorf("pages of registration %d: %w", registration, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[locked])
	if err == nil && len(out) == 0 {
		err = contacts.ErrNotFound
	}
	if err == nil && out[0].OrderState != "made" {
		err = ErrState
	}
	if err != nil {
		return nil, fmt.Errorf("pages of registration %d: %w", registration, err)
	}
	return out, nil
}

// Count is how many pages papers have, and how many of them are still to come.
type Count struct{ Missing, All int }

// Missing counts the pages of the registrations, in one query; those whose papers are not made yet are left out.
func Missing(ctx context.Context, db contacts.DB, lib library.ID, registrations []int64) (map[int64]Count, error) {
	rows, err := db.Query(ctx, `select o.registration_id, count(*) filter (where g.state in ('wanted', 'returned')), count(*)
from paper_orders o join papers p on p.library_id = o.library_id and p.order_id = o.id
join paper_pages g on g.library_id = p.library_id and g.paper_id = p.id
where o.library_id = $1 and o.registration_id = any($2) and o.state <> 'void' group by 1`, lib, registrations)
	if err != nil {
		return nil, fmt.Errorf("count missing pages: %w", err)
	}
	out := map[int64]Count{}
	var id int64
	var n Count
	if _, err := pgx.ForEachRow(rows, []any{&id, &n.Missing, &n.All}, func() error { out[id] = n; return nil }); err != nil {
		return nil, fmt.Errorf("count missing pages: %w", err)
	}
	return out, nil
}
