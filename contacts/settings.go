package contacts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// What may stand in the way of a change of settings, beside what their own checks find.
var (
	ErrSettingsChanged = errors.New("the settings were changed meanwhile")
	ErrTextVersion     = errors.New("give it another version, so that it is known who agreed to which")
	ErrVersionUsed     = errors.New("the version stood for another text before")
)

// Revision is who changes which settings.
type Revision struct {
	Library library.ID
	Base    int   // the version that they looked at; 0: whichever is in force
	By      int64 // of staff; 0: from the command line
}

// ReviseSettings changes the settings and counts their version up, which it gives. The change is applied to those in force; its error is given back. Texts that
// are new with it are kept for good. ErrSettingsChanged when another version than Base is in force; of a text that is new under its old version ErrTextVersion,
// under one that stood for another ErrVersionUsed. Until the transaction ends others wait.
func ReviseSettings(ctx context.Context, tx pgx.Tx, r Revision, change func(*library.Settings) error) (int, error) {
	var document []byte
	var version int
	err := tx.QueryRow(ctx, `select settings, version from libraries where id = $1 for no key update`, r.Library).Scan(&document, &version)
	if err := notFound(err, "settings of library", int64(r.Library)); err != nil {
		return 0, err
	}
	if r.Base != 0 && r.Base != version {
		return 0, fmt.Errorf("settings of library %d: %w", r.Library, ErrSettingsChanged)
	}
	var before, after library.Settings // read twice: they share nothing that a change could touch
	if err := errors.Join(json.Unmarshal(document, &before), json.Unmarshal(document, &after)); err != nil {
		return 0, fmt.Errorf("settings of library %d: %w", r.Library, err)
	}
	if err := change(&after); err != nil {
		return 0, err
	}
	if err := after.Check(); err != nil {
		return 0, fmt.Errorf("settings of library %d: %w", r.Library, err)
	}
	if err := keepVersions(ctx, tx, r, version+1, before.Registration, after.Registration); err != nil {
		return 0, err
	}
	if document, err = json.Marshal(after); err != nil {
		return 0, fmt.Errorf("settings of library %d: %w", r.Library, err)
	}
	if _, err := tx.Exec(ctx, `update libraries set settings = $2, version = version + 1 where id = $1`, r.Library, document); err != nil {
		return 0, fmt.Errorf("settings of library %d: %w", r.Library, err)
	}
	return version + 1, nil
}

// ChangeSettings replaces the library's settings from the command line, as ReviseSettings does.
func ChangeSettings(ctx context.Context, tx pgx.Tx, id library.ID, settings library.Settings) error {
	_, err := ReviseSettings(ctx, tx, Revision{Library: id}, func(s *library.Settings) error {
		*s = settings
		return nil
	})
	return err
}

// Current gives the library with the settings that are in force at this moment, past what Libraries remembers.
func Current(ctx context.Context, db DB, id library.ID) (library.Library, error) {
	rows, err := db.Query(ctx, `select id, slug, zone, settings, version from libraries where id = $1`, id)
	if err != nil {
		return library.Library{}, fmt.Errorf("library %d: %w", id, err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[libraryRow])
	if err := notFound(err, "library", int64(id)); err != nil {
		return library.Library{}, err
	}
	return row.library()
}
