package contacts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Place is where somebody is written to.
type Place struct {
	Address  AddressID
	Channel  int64
	External string // the address within the channel
	Name     string // of the contact, as they call themselves
	Since    time.Time
}

const (
	placeColumns = `select a.id as address, a.channel_id as channel, a.external, c.name, a.created_at as since
from addresses a join contacts c on c.library_id = a.library_id and c.id = a.contact_id`
	placesOfReader = placeColumns + ` join contact_readers cr on cr.library_id = a.library_id and cr.contact_id = a.contact_id
join readers r on r.library_id = cr.library_id and r.id = cr.reader_id and r.erased_at is null
where a.library_id = $1 and r.id = $2 and a.blocked_at is null and a.gone_at is null order by a.id desc`
	places = placeColumns + ` where a.library_id = $1 and a.id = any($2)`
	served = `select exists (select from readers where library_id = $1 and id = $2 and erased_at is null)`
)

// PlacesOfReader gives the addresses of those who act for the reader, the newest first; neither blocked ones nor those whose owner has shut the door.
func PlacesOfReader(ctx context.Context, db DB, lib library.ID, id ReaderID) ([]Place, error) {
	return listPlaces(ctx, db, fmt.Sprintf("addresses for reader %d", id), placesOfReader, lib, id)
}

// Places gives what is known of the addresses.
func Places(ctx context.Context, db DB, lib library.ID, ids []AddressID) ([]Place, error) {
	return listPlaces(ctx, db, fmt.Sprintf("%d addresses", len(ids)), places, lib, ids)
}

func listPlaces(ctx context.Context, db DB, what, sql string, args ...any) ([]Place, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Place])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

// Served reports whether the library still serves the reader: not after an erasure.
func Served(ctx context.Context, db DB, lib library.ID, id ReaderID) (is bool, err error) {
	if err = db.QueryRow(ctx, served, lib, id).Scan(&is); err != nil {
		return false, fmt.Errorf("reader %d: %w", id, err)
	}
	return is, nil
}
