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

// Look is a page with the photo that a member of staff saw when they decided: if a newer one came meanwhile, they have not seen it.
type Look struct {
	Registration int64
	Page         Page
	File         files.ID
	Sheet        int
	Staff        int64
	At           time.Time
}

const decidePage = `update paper_pages set state = $4, reason = $5, decided_at = $6, decided_by = $7 where library_id = $1 and paper_id = $2 and number = $3`

// errNoReason is for a page that is returned without a word.
var errNoReason = errors.New("a page is returned with a reason")

// AcceptPage accepts the page. ErrState when it shows another photo by now, when somebody decided before, or when the registration is over;
// contacts.ErrNotFound when the papers have no such page.
func AcceptPage(ctx context.Context, tx pgx.Tx, lib library.ID, l Look) error {
	return decide(ctx, tx, lib, l, Accepted, "")
}

// ReturnPage returns the page with the reason that the reader is told. ErrState and contacts.ErrNotFound as AcceptPage.
func ReturnPage(ctx context.Context, tx pgx.Tx, lib library.ID, l Look, reason string) error {
	if reason == "" {
		return fmt.Errorf("registration %d: %w", l.Registration, errNoReason)
	}
	return decide(ctx, tx, lib, l, Returned, reason)
}

func decide(ctx context.Context, tx pgx.Tx, lib library.ID, l Look, to State, reason string) error {
	what := fmt.Sprintf("decide %s %d of registration %d", l.Page.Kind, l.Page.Number, l.Registration)
	pages, err := lock(ctx, tx, lib, l.Registration)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	i := place(pages, l.Page)
	if i < 0 {
		return fmt.Errorf("%s: %w", what, contacts.ErrNotFound)
	}
	p := pages[i]
	if p.State != Received || p.File != l.File || p.Sheet != l.Sheet {
		return fmt.Errorf("%s, which is %s: %w", what, p.State, ErrState)
	}
	if _, err := tx.Exec(ctx, decidePage, lib, p.PaperID, p.Number, to, reason, l.At, l.Staff); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

const reopenPage = `update paper_pages set state = 'received', reason = '', decided_at = null, decided_by = null where library_id = $1 and paper_id = $2 and number = $3`

// ReopenPage takes the decision about the page back: it is to be looked at again. ErrState when nothing is decided about that photo, or when the registration
// is over; contacts.ErrNotFound when the papers have no such page.
func ReopenPage(ctx context.Context, tx pgx.Tx, lib library.ID, l Look) error {
	what := fmt.Sprintf("reopen %s %d of registration %d", l.Page.Kind, l.Page.Number, l.Registration)
	pages, err := lock(ctx, tx, lib, l.Registration)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	i := place(pages, l.Page)
	if i < 0 {
		return fmt.Errorf("%s: %w", what, contacts.ErrNotFound)
	}
	p := pages[i]
	if p.State != Accepted && p.State != Returned || p.File != l.File || p.Sheet != l.Sheet {
		return fmt.Errorf("%s, which is %s: %w", what, p.State, ErrState)
	}
	if _, err := tx.Exec(ctx, reopenPage, lib, p.PaperID, p.Number); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

const acceptPost = `update paper_pages set state = 'accepted', file_id = null, sheet = 0, preview_id = null, how = 'post', unsigned = false, reason = '',
  received_at = $4, decided_at = $4, decided_by = $5
where library_id = $1 and paper_id = $2 and number = $3`

// AcceptByPost accepts all pages that are still missing: they lie on paper before the member of staff. It gives them; ErrState when none is
// missing or the registration is over, contacts.ErrNotFound when no papers are made for it.
func AcceptByPost(ctx context.Context, tx pgx.Tx, lib library.ID, registration, staff int64, at time.Time) ([]Page, error) {
	pages, err := lock(ctx, tx, lib, registration)
	if err != nil {
		return nil, err
	}
	var taken []Page
	batch := &pgx.Batch{}
	for _, p := range pages {
		if p.State == Wanted || p.State == Returned {
			batch.Queue(acceptPost, lib, p.PaperID, p.Number, at, staff)
			taken = append(taken, p.Page)
		}
	}
	if len(taken) == 0 {
		return nil, fmt.Errorf("accept by post for registration %d: %w", registration, ErrState)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("accept by post for registration %d: %w", registration, err)
	}
	return taken, nil
}

// SendBack gives the pages that are to be asked for again, each with its reason, and holds all pages until the transaction ends, so that no decision comes
// between. ErrState when none was returned or the registration is over; contacts.ErrNotFound when no papers are made for it.
func SendBack(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) ([]PageStand, error) {
	pages, err := lock(ctx, tx, lib, registration)
	if err != nil {
		return nil, err
	}
	var out []PageStand
	for _, p := range pages {
		if p.State == Returned {
			out = append(out, p.PageStand)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("send back papers of registration %d: %w", registration, ErrState)
	}
	return out, nil
}
