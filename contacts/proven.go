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
