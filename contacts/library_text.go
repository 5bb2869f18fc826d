package contacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// TextKind is what a text of the library's own is for.
type TextKind string

// The texts that are kept in all their versions.
const (
	TextConsent TextKind = "consent"
	TextRules   TextKind = "rules"
	TextPapers  TextKind = "papers"
)

// LibraryText is a text in one language, as it was in force.
type LibraryText struct {
	Settings int    // version of the settings with which it came into force
	Part     string // of the papers: which sentence
	Lang     library.Lang
	Version  string
	Text     string
	Hash     string // SHA-256, hex
	By       int64  // of staff; 0: from the command line
	Since    time.Time
}

// parts are all texts of one kind, by sentence and language.
type parts map[string]map[library.Lang]string

func (p parts) equal(other parts) bool {
	return maps.EqualFunc(p, other, func(a, b map[library.Lang]string) bool { return maps.Equal(a, b) })
}

// textsOf are the versions and texts of the kinds, none of them empty.
func textsOf(r library.Registration, kind TextKind) (version string, texts parts) {
	all := map[string]map[library.Lang]string{}
	switch kind {
	case TextConsent:
		version, all[""] = r.Consent.Version, r.Consent.Text
	case TextRules:
		version, all[""] = r.Rules.Version, r.Rules.Text
	case TextPapers:
		version, all = r.Wording.Version, r.Wording.Text
	}
	texts = parts{}
	for part, said := range all {
		said = maps.Clone(said)
		maps.DeleteFunc(said, func(_ library.Lang, text string) bool { return text == "" })
		if len(said) > 0 {
			texts[part] = said
		}
	}
	return version, texts
}

const (
	selectVersionText = `select part, lang, text from library_texts where library_id = $1 and kind = $2 and version = $3 and settings = (
  select max(settings) from library_texts where library_id = $1 and kind = $2 and version = $3)`
	insertText = `insert into library_texts (library_id, settings, kind, part, lang, version, text, hash, staff_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9::bigint, 0))`
)

// keepVersions keeps what is new among the texts, and holds that a version is one text for good.
func keepVersions(ctx context.Context, tx pgx.Tx, r Revision, settings int, before, after library.Registration) error {
	for _, kind := range []TextKind{TextConsent, TextRules, TextPapers} {
		was, old := textsOf(before, kind)
		version, texts := textsOf(after, kind)
		if len(texts) == 0 || was == version && texts.equal(old) {
			continue
		}
		if was == version && settings > 1 {
			return fmt.Errorf("library %d: the text of the %s has changed: %w", r.Library, kind, ErrTextVersion)
		}
		if err := versionFree(ctx, tx, r.Library, kind, version, texts); err != nil {
			return err
		}
		if err := keepText(ctx, tx, r, settings, kind, version, texts); err != nil {
			return err
		}
	}
	return nil
}

// versionFree refuses a version under which something else was said.
func versionFree(ctx context.Context, tx pgx.Tx, lib library.ID, kind TextKind, version string, texts parts) error {
	rows, err := tx.Query(ctx, selectVersionText, lib, kind, version)
	if err != nil {
		return fmt.Errorf("%s of library %d: %w", kind, lib, err)
	}
	said := parts{}
	var part, text string
	var lang library.Lang
	_, err = pgx.ForEachRow(rows, []any{&part, &lang, &text}, func() error {
		if said[part] == nil {
			said[part] = map[library.Lang]string{}
		}
		said[part][lang] = text
		return nil
	})
	if err == nil && len(said) > 0 && !said.equal(texts) {
		err = ErrVersionUsed
	}
	if err == nil && kind == TextConsent {
		err = agreedToOther(ctx, tx, lib, version, texts)
	}
	if err != nil {
		return fmt.Errorf("%s of library %d: %w", kind, lib, err)
	}
	return nil
}

// agreedToOther is ErrVersionUsed when somebody has agreed to another text under this version, such as one from before texts were kept.
func agreedToOther(ctx context.Context, tx pgx.Tx, lib library.ID, version string, texts parts) error {
	var hashes []string
	for _, text := range texts[""] {
		sum := sha256.Sum256([]byte(text))
		hashes = append(hashes, hex.EncodeToString(sum[:]))
	}
	var other bool
	err := tx.QueryRow(ctx, `select exists (select from consents where library_id = $1 and version = $2 and text_hash <> all($3))`, lib, version, hashes).Scan(&other)
	if err == nil && other {
		err = ErrVersionUsed
	}
	return err
}

func keepText(ctx context.Context, tx pgx.Tx, r Revision, settings int, kind TextKind, version string, texts parts) error {
	batch := &pgx.Batch{}
	for _, part := range slices.Sorted(maps.Keys(texts)) {
		for lang, text := range texts[part] {
			sum := sha256.Sum256([]byte(text))
			batch.Queue(insertText, r.Library, settings, kind, part, lang, version, text, hex.EncodeToString(sum[:]), r.By)
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("%s of library %d: %w", kind, r.Library, err)
	}
	return nil
}

// TextHistory gives the texts of the kind in all their versions, those that came into force last first.
func TextHistory(ctx context.Context, db DB, lib library.ID, kind TextKind) ([]LibraryText, error) {
	rows, err := db.Query(ctx, `select settings, part, lang, version, text, hash, coalesce(staff_id, 0) as by, since from library_texts
where library_id = $1 and kind = $2 order by settings desc, part, lang`, lib, kind)
	if err != nil {
		return nil, fmt.Errorf("texts of library %d: %w", lib, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[LibraryText])
	if err != nil {
		return nil, fmt.Errorf("texts of library %d: %w", lib, err)
	}
	return out, nil
}
