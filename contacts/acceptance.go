package contacts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Acceptance is the acceptance of the library's rules in the conversation in which a registration was made. Its contact is the registration's.
type Acceptance struct {
	Version string
	Lang    library.Lang // of the text that was shown; empty when it was not noted
	Hash    string       // SHA-256 of that text, in hex; empty when it was not noted
	Text    string       // the text itself, where it is known
	Day     library.Date // in the library's zone
}

const acceptRules = `insert into rule_acceptances (library_id, registration_id, version, lang, text_hash, day) values ($1, $2, $3, $4, $5, $6)`

// accept notes the acceptance beside the registration, and keeps the text once.
func (a Acceptance) accept(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64) error {
	if a.Version == "" {
		return nil
	}
	batch := &pgx.Batch{}
	if a.Text != "" {
		batch.Queue(keepTexts, []int64{int64(lib)}, []string{a.Hash}, []string{a.Text})
	}
	batch.Queue(acceptRules, lib, registration, a.Version, a.Lang, a.Hash, a.Day.Time(time.UTC))
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("acceptance of the rules with registration %d: %w", registration, err)
	}
	return nil
}

// AcceptanceOf gives what was accepted with the registration, or ErrNotFound where the library asked for nothing.
func AcceptanceOf(ctx context.Context, db DB, lib library.ID, registration int64) (Acceptance, error) {
	var out Acceptance
	var day time.Time
	err := db.QueryRow(ctx, `select a.version, a.lang, a.text_hash, coalesce(t.text, ''), a.day from rule_acceptances a
left join consent_texts t on t.library_id = a.library_id and t.hash = a.text_hash where a.library_id = $1 and a.registration_id = $2`, lib, registration).
		Scan(&out.Version, &out.Lang, &out.Hash, &out.Text, &day)
	out.Day = library.DateOf(day)
	return out, notFound(err, "acceptance of the rules with registration", registration)
}
