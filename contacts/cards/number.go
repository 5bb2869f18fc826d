package cards

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// maxNumber is what the table and a bar code as wide as the card can hold.
const maxNumber = 32

// ErrNumberForm means that a number is not 1 to 32 of 0-9, A-Z, a-z and the hyphen.
var ErrNumberForm = errors.New("not the form of a card number")

// CheckNumber reports ErrNumberForm for what cannot be the number of a card.
func CheckNumber(number string) error {
	if len(number) == 0 || len(number) > maxNumber {
		return ErrNumberForm
	}
	for i := range len(number) {
		switch c := number[i]; {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '-':
		default:
			return ErrNumberForm
		}
	}
	return nil
}

// Series is how a library numbers its cards: the prefix, then a count with leading zeros.
type Series struct {
	Prefix string
	Width  int   // digits of the count, 1 to 12; a count that has more of them is not cut
	Next   int64 // the count from which a free number is looked for
}

// SetSeries begins the library's series or changes it. ErrNumberForm when its next number could not stand on a card.
func SetSeries(ctx context.Context, tx pgx.Tx, lib library.ID, s Series) error {
	if s.Width < 1 || s.Width > 12 || s.Next < 0 {
		return fmt.Errorf("series of library %d: %w", lib, ErrNumberForm)
	}
	if err := CheckNumber(fmt.Sprintf("%s%0*d", s.Prefix, s.Width, s.Next)); err != nil {
		return fmt.Errorf("series of library %d: %w", lib, err)
	}
	_, err := tx.Exec(ctx, `insert into number_series (library_id, prefix, width, next) values ($1, $2, $3, $4)
on conflict (library_id) do update set prefix = excluded.prefix, width = excluded.width, next = excluded.next`, lib, s.Prefix, s.Width, s.Next)
	if err != nil {
		return fmt.Errorf("series of library %d: %w", lib, err)
	}
	return nil
}

// firstFree walks over the numbers that are used already. A library that never set its series has the table's defaults.
const firstFree = `with recursive s as (
  select coalesce(prefix, '') as prefix, coalesce(width, 6) as width, coalesce(next, 1) as next
  from (select) one left join number_series on library_id = $1),
walk (n, number) as (
  select next, prefix || lpad(next::text, greatest(width, length(next::text)), '0') from s
  union all
  select n + 1, prefix || lpad((n + 1)::text, greatest(width, length((n + 1)::text)), '0') from walk, s
  where exists (select from cards c where c.library_id = $1 and c.number = walk.number))
select n, number from walk order by n desc limit 1`

// NextNumber proposes a number: the first one of the library's series that no card ever had. Nothing is reserved. A library without a series has
// no proposal.
func NextNumber(ctx context.Context, db contacts.DB, lib library.Library) (number string, series bool, err error) {
	if !lib.Settings.Registration.Series {
		return "", false, nil
	}
	_, number, err = free(ctx, db, lib.ID)
	return number, true, err
}

func free(ctx context.Context, db contacts.DB, lib library.ID) (n int64, number string, err error) {
	if err := db.QueryRow(ctx, firstFree, lib).Scan(&n, &number); err != nil {
		return 0, "", fmt.Errorf("next card number of library %d: %w", lib, err)
	}
	if err := CheckNumber(number); err != nil {
		return 0, "", fmt.Errorf("next card number of library %d: %w", lib, err)
	}
	return n, number, nil
}

// lockSeries makes those who issue cards of the library wait for each other until the transaction ends.
func lockSeries(ctx context.Context, tx pgx.Tx, lib library.ID) error {
	batch := &pgx.Batch{}
	batch.Queue(`insert into number_series (library_id) values ($1) on conflict do nothing`, lib)
	batch.Queue(`select from number_series where library_id = $1 for update`, lib)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("lock series of library %d: %w", lib, err)
	}
	return nil
}

// advance moves the series past what is used, or each search would walk over all that was ever issued.
func advance(ctx context.Context, tx pgx.Tx, lib library.ID) error {
	n, _, err := free(ctx, tx, lib)
	if errors.Is(err, ErrNumberForm) {
		return nil // the series has run out of length: the next card says so, this one is good
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update number_series set next = $2 where library_id = $1 and next <> $2`, lib, n); err != nil {
		return fmt.Errorf("advance series of library %d: %w", lib, err)
	}
	return nil
}
