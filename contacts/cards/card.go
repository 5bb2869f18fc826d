// Package cards gives readers their cards: the number, which is never used twice, the password, and the picture they show.
package cards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// What a card may be.
const (
	Valid   = "valid"
	Missing = "lost"
	Closed  = "closed"
)

// ErrNotValid means that the card is lost or closed already.
var ErrNotValid = errors.New("the card is not valid")

// Card is a card that was issued.
type Card struct {
	Number       string
	ReaderID     contacts.ReaderID
	State        string
	PasswordHash string
	Picture      string // file; empty before it is drawn
	IssuedAt     time.Time
	IssuedBy     int64  // 0: nobody in particular
	Replaces     string // number of the lost card; empty for a first one
	Elsewhere    bool   // the reader had it before they came to us: it may have no password here
}

const cardColumns = `number, reader_id, state, coalesce(password_hash, '') as password_hash, coalesce(picture, '') as picture, issued_at,
coalesce(issued_by, 0) as issued_by, coalesce(replaces, '') as replaces, elsewhere`

// ByNumber gives the card in whatever state, or contacts.ErrNotFound.
func ByNumber(ctx context.Context, db contacts.DB, lib library.ID, number string) (Card, error) {
	rows, err := db.Query(ctx, `select `+cardColumns+` from cards where library_id = $1 and number = $2`, lib, number)
	if err != nil {
		return Card{}, fmt.Errorf("card of library %d: %w", lib, err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Card])
	if errors.Is(err, pgx.ErrNoRows) {
		err = contacts.ErrNotFound
	}
	if err != nil {
		return Card{}, fmt.Errorf("card of library %d: %w", lib, err)
	}
	return c, nil
}

// Lost takes the card from its reader; the number stays used for ever. ErrNotValid when it is lost or closed already, contacts.ErrNotFound.
func Lost(ctx context.Context, tx pgx.Tx, lib library.ID, number string) error {
	reader, err := change(ctx, tx, lib, number, `update cards set state = 'lost' where library_id = $1 and number = $2 and state = 'valid' returning reader_id`)
	if err != nil {
		return fmt.Errorf("lose card: %w", err)
	}
	return contacts.SetCard(ctx, tx, lib, reader, "", "")
}

// SetPicture keeps the file of the valid card's picture, with the card and beside the reader. ErrNotValid, contacts.ErrNotFound.
func SetPicture(ctx context.Context, tx pgx.Tx, lib library.ID, number, file string) error {
	reader, err := change(ctx, tx, lib, number,
		`update cards set picture = $3 where library_id = $1 and number = $2 and state = 'valid' returning reader_id`, file)
	if err != nil {
		return fmt.Errorf("set picture: %w", err)
	}
	return contacts.SetCard(ctx, tx, lib, reader, number, file)
}

// SetPassword replaces the password of a valid card by its hash: a forgotten one cannot be shown again. ErrNotValid, contacts.ErrNotFound.
func SetPassword(ctx context.Context, tx pgx.Tx, lib library.ID, number, hash string) error {
	if _, err := parseHash(hash); err != nil {
		return fmt.Errorf("set password: card of library %d: %w", lib, err)
	}
	_, err := change(ctx, tx, lib, number,
		`update cards set password_hash = $3 where library_id = $1 and number = $2 and state = 'valid' returning reader_id`, hash)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

// change runs an update of one valid card and gives the reader who has it.
func change(ctx context.Context, tx pgx.Tx, lib library.ID, number, sql string, args ...any) (contacts.ReaderID, error) {
	var reader contacts.ReaderID
	err := tx.QueryRow(ctx, sql, append([]any{lib, number}, args...)...).Scan(&reader)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err := ByNumber(ctx, tx, lib, number); err != nil {
			return 0, err
		}
		err = ErrNotValid
	}
	if err != nil {
		return 0, fmt.Errorf("card of library %d: %w", lib, err)
	}
	return reader, nil
}
