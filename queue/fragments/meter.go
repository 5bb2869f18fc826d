package fragments

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue/stock"
)

// LimitError says that an order is for more of a work than the rules of copying allow its reader.
type LimitError struct {
	UpTo  int  // pages that are left
	Limit int  // pages that are allowed in all; 0: nobody knows how many the work has
	Used  int  // pages, or articles, that were ordered before
	May   bool // the department may permit more
}

// Error says no more than that.
func (*LimitError) Error() string { return "more than is allowed of this work" }

// Whoever orders, or sends, holds the reader: two orders at the same moment cannot both take what is left.
const (
	lockReader = `select pg_advisory_xact_lock(hashint8($1)::bigint << 32 | hashint8($2)::bigint & 4294967295)`
	usedBefore = `select coalesce(sum(count), 0), count(*) filter (where kind = 'article') from orders
where library_id = $1 and reader_id = $2 and edition_id = $3 and id <> $4 and state not in ('refused', 'cancelled')`
)

// OfIssue reports whether the edition is an issue of a periodical, or an article in one: articles are counted there, and numbers of pages go on through the
// year.
func OfIssue(e stock.Edition) bool { return e.Kind == stock.Periodical || e.Kind == stock.Article }

func holdReader(ctx context.Context, tx pgx.Tx, lib library.ID, reader contacts.ReaderID) error {
	if _, err := tx.Exec(ctx, lockReader, lib, reader); err != nil {
		return fmt.Errorf("hold reader %d: %w", reader, err)
	}
	return nil
}

// meter holds an order of so many pages to the rules: all that the reader has ordered of the same edition counts, through whatever channel. It is a
// *LimitError; permit is the department's word that more may be copied. The order itself, if it is kept already, does not count as one before.
func meter(ctx context.Context, tx pgx.Tx, lib library.Library, o Order, book stock.Edition, pages int, permit bool) error {
	var used, articles int
	if err := tx.QueryRow(ctx, usedBefore, lib.ID, o.Reader, o.Edition, o.ID).Scan(&used, &articles); err != nil {
		return fmt.Errorf("what reader %d had of edition %d: %w", o.Reader, o.Edition, err)
	}
	kind := o.Kind
	if !OfIssue(book) { // whatever the reader calls the pages of a book
		kind = Fragment
	}
	rules := lib.Settings.Policy.Limits(library.Request(kind))
	refused := &LimitError{Used: used, Limit: book.Pages * rules.Share() / 100, May: !rules.Final}
	verdict := rules.Allow(book.Pages, used, max(pages, 1), book.PublicDomain)
	if kind == Article {
		verdict = rules.AllowArticle(book.Pages, used, articles, max(pages, 1), book.PublicDomain)
		if used == 0 || articles > 0 { // it is not the share that stands in the way
			refused.Limit = 0
		}
	}
	if verdict.Outcome == library.Allowed || permit && !rules.Final {
		return nil
	}
	refused.UpTo = verdict.Pages
	return refused
}
