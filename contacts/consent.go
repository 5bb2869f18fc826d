package contacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// Agreement is one agreement to the text on personal data.
type Agreement struct {
	Library library.ID
	Contact ID
	Address AddressID // the conversation in which it was given; 0: in none
	Reader  ReaderID  // for whom, if they are known; 0: not yet
	Version string
	Lang    library.Lang
	Text    string // as it was shown
	At      time.Time
}

const giveConsents = `with given as (
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bigint[])
    with ordinality as g (lib, contact, address, hash, version, lang, at, reader, n)),
kept as (
  insert into consents (library_id, contact_id, address_id, text_hash, version, lang, given_at, reader_id)
  select lib, contact, nullif(address, 0), hash, version, lang, at, nullif(reader, 0) from given order by n returning id)
select id from kept order by id`

// keepTexts keeps each text that was shown once, under its hash.
const keepTexts = `insert into consent_texts (library_id, hash, text)
select l, h, t from unnest($1::bigint[], $2::text[], $3::text[]) as w (l, h, t)
where not exists (select from consent_texts c where c.library_id = w.l and c.hash = w.h)
order by l, h on conflict do nothing`

// Agree records the agreements, two statements however many they are, and gives their ids in order. The text itself is kept once.
func Agree(ctx context.Context, tx pgx.Tx, given []Agreement) ([]int64, error) {
	n := len(given)
	libs, contactIDs, addresses, readers := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	hashes, versions, langs, at := make([]string, n), make([]string, n), make([]string, n), make([]time.Time, n)
	var shown shownTexts
	for i, g := range given {
		libs[i], contactIDs[i], addresses[i], hashes[i] = int64(g.Library), int64(g.Contact), int64(g.Address), shown.hash(g)
		versions[i], langs[i], at[i], readers[i] = g.Version, string(g.Lang), g.At, int64(g.Reader)
	}
	batch := &pgx.Batch{}
	batch.Queue(keepTexts, shown.libs, shown.hashes, shown.texts)
	var ids []int64
	batch.Queue(giveConsents, libs, contactIDs, addresses, hashes, versions, langs, at, readers).Query(func(rows pgx.Rows) (err error) {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("record %d consents: %w", n, err)
	}
	return ids, nil
}

// shownTexts are the texts of agreements, each once for a library: many agree to the same, and it is long.
type shownTexts struct {
	libs          []int64
	hashes, texts []string
}

// hash takes the agreement's text in, and gives its SHA-256 in hex.
func (s *shownTexts) hash(g Agreement) string {
	for i, text := range s.texts {
		if text == g.Text && s.libs[i] == int64(g.Library) {
			return s.hashes[i]
		}
	}
	sum := sha256.Sum256([]byte(g.Text))
	s.libs, s.hashes, s.texts = append(s.libs, int64(g.Library)), append(s.hashes, hex.EncodeToString(sum[:])), append(s.texts, g.Text)
	return s.hashes[len(s.hashes)-1]
}

// Consented is an agreement as staff see it.
type Consented struct {
	Version string
	Lang    library.Lang
	Text    string
	Hash    string
	At      time.Time
}

// ConsentByID gives the agreement with the text agreed to, or ErrNotFound.
func ConsentByID(ctx context.Context, db DB, lib library.ID, id int64) (Consented, error) {
	rows, err := db.Query(ctx, `select c.version, c.lang, t.text, t.hash, c.given_at as at from consents c
join consent_texts t on t.library_id = c.library_id and t.hash = c.text_hash where c.library_id = $1 and c.id = $2`, lib, id)
	if err != nil {
		return Consented{}, fmt.Errorf("consent %d: %w", id, err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Consented])
	return c, notFound(err, "consent", id)
}

// notFound turns an empty result into ErrNotFound and names what was looked for.
func notFound(err error, what string, id int64) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%s %d: %w", what, id, ErrNotFound)
	}
	return fmt.Errorf("%s %d: %w", what, id, err)
}
