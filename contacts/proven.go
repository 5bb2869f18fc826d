package contacts

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Chat is an address with its channel.
type Chat struct {
	Address AddressID
	Channel int64
}

// ChatsByPhone gives the addresses of those who act for a reader by whom the number is proven, the newest first; neither blocked ones nor those whose
// owner has shut the door. The number is in E.164, as registrations have it.
func ChatsByPhone(ctx context.Context, db DB, lib library.ID, phone string) ([]Chat, error) {
	rows, err := db.Query(ctx, `select distinct a.id as address, a.channel_id as channel from readers r
join contact_readers cr on cr.library_id = r.library_id and cr.reader_id = r.id
join addresses a on a.library_id = cr.library_id and a.contact_id = cr.contact_id and a.blocked_at is null and a.gone_at is null
where r.library_id = $1 and r.phone = $2 and r.phone_proven and r.erased_at is null order by address desc`, lib, phone)
	if err != nil {
		return nil, fmt.Errorf("chats of a phone number: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Chat])
	if err != nil {
		return nil, fmt.Errorf("chats of a phone number: %w", err)
	}
	return out, nil
}

// ProvenPhone gives the one proven number, in E.164, among the readers for whom the contact of the address acts, themselves included. It reports false where
// there is none, or more than one.
func ProvenPhone(ctx context.Context, db DB, lib library.ID, id AddressID) (string, bool, error) {
	rows, err := db.Query(ctx, `select distinct r.phone from addresses a
join contact_readers cr on cr.library_id = a.library_id and cr.contact_id = a.contact_id
join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.phone_proven and r.phone <> '' and r.erased_at is null
where a.library_id = $1 and a.id = $2 limit 2`, lib, id)
	if err != nil {
		return "", false, fmt.Errorf("phone beside address %d: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", false, fmt.Errorf("phone beside address %d: %w", id, err)
	}
	if len(found) != 1 {
		return "", false, nil
	}
	return found[0], true, nil
}

// ByProvenEmail gives the contacts who act for a reader by whom the e-mail is proven, in order.
func ByProvenEmail(ctx context.Context, db DB, lib library.ID, email string) ([]ID, error) {
	rows, err := db.Query(ctx, `select distinct cr.contact_id from readers r
join contact_readers cr on cr.library_id = r.library_id and cr.reader_id = r.id
where r.library_id = $1 and lower(r.email) = lower($2) and r.email_proven and r.erased_at is null order by cr.contact_id`, lib, email)
	if err != nil {
		return nil, fmt.Errorf("contacts of an e-mail: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[ID])
	if err != nil {
		return nil, fmt.Errorf("contacts of an e-mail: %w", err)
	}
	return out, nil
}
