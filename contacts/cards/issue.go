package cards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/ledger"
	"librarian/contacts/library"
)

// What may stand in the way of a card.
var (
	ErrNumberTaken = errors.New("the card number was used before")
	ErrHasCard     = errors.New("the reader has a valid card")
)

// New is a card to be issued.
type New struct {
	Reader       contacts.ReaderID
	Number       string // empty: taken from the library's series
	PasswordHash string // of HashPassword
	Picture      string // file; may be empty, and set later by SetPicture
	Channel      string // kind of channel in which the card was asked for, for the counts; may be empty
	By           int64  // the registrar; 0: nobody in particular
	Elsewhere    bool   // it is valid already, issued before the reader came to us: its number is given, and it may have no password here
	At           time.Time
}

// Issue gives the reader a card, which replaces the one they lost last, and counts it; it gives the number. ErrNumberForm, also where there is no
// number and no series; ErrNumberTaken, for lost cards too; ErrHasCard; contacts.ErrNotFound. The transaction is of use after all of these.
// Where there is a series, cards of the library are issued one after the other. A card from Elsewhere is kept and not counted as issued, nor its reader as new.
func Issue(ctx context.Context, tx pgx.Tx, lib library.Library, card New) (string, error) {
	series := lib.Settings.Registration.Series
	what := fmt.Sprintf("issue card for reader %d", card.Reader)
	if card.Number != "" || !series || card.Elsewhere {
		if err := CheckNumber(card.Number); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
	}
	if !card.Elsewhere || card.PasswordHash != "" {
		if _, err := parseHash(card.PasswordHash); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
	}
	reader, err := contacts.ReaderByID(ctx, tx, lib.ID, card.Reader)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if series {
		if err := lockSeries(ctx, tx, lib.ID); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
	}
	number, err := place(ctx, tx, lib.ID, card)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if series {
		if err := advance(ctx, tx, lib.ID); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := contacts.SetCard(ctx, tx, lib.ID, card.Reader, number, card.Picture); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if err := ledger.Add(ctx, tx, facts(lib, card, reader, number)...); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return number, nil
}

const insertCard = `insert into cards (library_id, number, reader_id, password_hash, picture, issued_at, issued_by, replaces, elsewhere)
values ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6, nullif($7::bigint, 0), nullif($8, ''), $9) on conflict do nothing`

// place writes the card under its number, or under the first free one of the series.
func place(ctx context.Context, tx pgx.Tx, lib library.ID, card New) (string, error) {
	for {
		lost, err := lastLost(ctx, tx, lib, card.Reader)
		if err != nil {
			return "", err
		}
		number, err := unused(ctx, tx, lib, card.Number)
		if err != nil {
			return "", err
		}
		tag, err := tx.Exec(ctx, insertCard, lib, number, card.Reader, card.PasswordHash, card.Picture, card.At, card.By, lost, card.Elsewhere)
		if err != nil {
			return "", err
		}
		if tag.RowsAffected() == 1 {
			return number, nil
		}
		// Another transaction has just taken the number or given this reader a card: the next round sees which.
	}
}

// unused gives the number if no card ever had it, or ErrNumberTaken; for an empty one, the first free number of the series.
func unused(ctx context.Context, tx pgx.Tx, lib library.ID, number string) (string, error) {
	if number == "" {
		_, number, err := free(ctx, tx, lib)
		return number, err
	}
	_, err := ByNumber(ctx, tx, lib, number)
	switch {
	case err == nil:
		return "", ErrNumberTaken
	case errors.Is(err, contacts.ErrNotFound):
		return number, nil
	}
	return "", err
}

// lastLost gives the number of the reader's lost card that no other replaces yet, or ErrHasCard. It waits for whoever is just changing the
// reader's cards.
func lastLost(ctx context.Context, tx pgx.Tx, lib library.ID, reader contacts.ReaderID) (string, error) {
	rows, err := tx.Query(ctx, `select `+cardColumns+` from cards where library_id = $1 and reader_id = $2 order by issued_at for update`, lib, reader)
	if err != nil {
		return "", fmt.Errorf("cards of reader %d: %w", reader, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Card])
	if err != nil {
		return "", fmt.Errorf("cards of reader %d: %w", reader, err)
	}
	replaced := map[string]bool{}
	for _, c := range all {
		if c.State == Valid {
			return "", ErrHasCard
		}
		replaced[c.Replaces] = true
	}
	var last string
	for _, c := range all {
		if c.State == Missing && !replaced[c.Number] {
			last = c.Number
		}
	}
	return last, nil
}

// facts count the card, and the reader with their first one. Who had a card before is no new reader, not even when that card is lost and replaced.
func facts(lib library.Library, card New, reader contacts.Reader, number string) []ledger.Fact {
	fact := ledger.Fact{
		Library: lib.ID, At: card.At, Day: lib.Today(card.At), Kind: ledger.CardMade, Once: "card " + number,
		Channel: card.Channel, Reader: int64(card.Reader), Staff: card.By,
	}
	if reader.Born != nil {
		age := library.Age(library.DateOf(*reader.Born), fact.Day)
		fact.Age = &age
	}
	joined := fact
	joined.Kind, joined.Once = ledger.Joined, fmt.Sprintf("joined %d", card.Reader)
	if card.Elsewhere {
		joined.Kind = ledger.Known
		return []ledger.Fact{joined}
	}
	return []ledger.Fact{joined, fact}
}
