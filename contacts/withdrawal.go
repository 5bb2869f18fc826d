package contacts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Withdrawn is what a withdrawn consent has put an end to, and what a person has to see to.
type Withdrawn struct {
	Consents int
	Stopped  []Stopped
	Cards    []CardHolder
}

// Stopped is a registration that was under way.
type Stopped struct {
	ID        int64
	ReaderID  ReaderID
	AddressID AddressID
}

// CardHolder is a reader with a card, whose data the library has in other places too.
type CardHolder struct {
	ID   ReaderID
	Name string
}

const (
	withdrawConsents = `update consents set withdrawn_at = $3 where library_id = $1 and contact_id = $2 and withdrawn_at is null
  and ($4::bigint = 0 or reader_id = $4) returning coalesce(reader_id, 0)`
	// Their term begins as if they had been decided.
	stopRegistrations = `update registrations set state = 'withdrawn', decided_at = $3
where library_id = $1 and contact_id = $2 and state in ('papers', 'sent', 'accepted')
  and ($4::bigint = 0 or reader_id = $4) returning id, reader_id, address_id`
	freeSeats   = `update newcomers set state = 'ended' where library_id = $1 and registration_id = any($2) and state in ('needed', 'booked', 'missed')`
	cardHolders = `select id, name from readers where library_id = $1 and id = any($2) and card is not null and erased_at is null order by id`
)

// WithdrawConsent takes back the consents that the contact has given, and ends the registrations that are under way: for one reader alone, or all of them
// where reader is 0. To do it twice changes nothing.
func WithdrawConsent(ctx context.Context, tx pgx.Tx, lib library.ID, contact ID, reader ReaderID, at time.Time) (out Withdrawn, err error) {
	fail := func(err error) (Withdrawn, error) {
		return out, fmt.Errorf("withdraw consent of contact %d: %w", contact, err)
	}
	// A registration that is sent this very moment waits here, or is waited for.
	if _, err := tx.Exec(ctx, `select from contacts where library_id = $1 and id = $2 for no key update`, lib, contact); err != nil {
		return fail(err)
	}
	rows, err := tx.Query(ctx, withdrawConsents, lib, contact, at, reader)
	if err != nil {
		return fail(err)
	}
	readers, err := pgx.CollectRows(rows, pgx.RowTo[ReaderID])
	if err != nil {
		return fail(err)
	}
	out.Consents = len(readers)
	if rows, err = tx.Query(ctx, stopRegistrations, lib, contact, at, reader); err != nil {
		return fail(err)
	}
	if out.Stopped, err = pgx.CollectRows(rows, pgx.RowToStructByName[Stopped]); err != nil {
		return fail(err)
	}
	stopped := make([]int64, len(out.Stopped))
	for i, s := range out.Stopped {
		stopped[i] = s.ID
	}
	if _, err := tx.Exec(ctx, freeSeats, lib, stopped); err != nil {
		return fail(err)
	}
	if rows, err = tx.Query(ctx, cardHolders, lib, readers); err != nil {
		return fail(err)
	}
	if out.Cards, err = pgx.CollectRows(rows, pgx.RowToStructByName[CardHolder]); err != nil {
		return fail(err)
	}
	return out, nil
}
