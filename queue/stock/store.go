package stock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts/library"
)

const storeLock = 1907 // class of the advisory locks by which imports into one library take turns

// outcome is what became of a batch.
type outcome struct {
	added, changed, unchanged int
	refused                   []Record
	left                      map[string]string // inventory numbers that changed records gave up, and their sources
}

// batch is a number of records on their way into the catalogue, in one transaction.
type batch struct {
	tx      pgx.Tx
	lib     library.ID
	records []Record          // each checked, no two with one source
	fresh   []int             // which of them differ from the catalogue
	given   map[string]string // inventory numbers that were given up before in this import, by whom
	outcome
}

// store takes the records into the catalogue: new ones are added, known ones changed where they differ. Nothing is ever removed.
func store(ctx context.Context, pool *pgxpool.Pool, lib library.ID, records []Record, given map[string]string) (outcome, error) {
	b := &batch{lib: lib, records: records, given: given}
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		b.tx = tx
		return b.store(ctx)
	})
	if err != nil {
		return outcome{}, fmt.Errorf("store %d records of library %d: %w", len(records), lib, err)
	}
	return b.outcome, nil
}

func (b *batch) store(ctx context.Context) error {
	if _, err := b.tx.Exec(ctx, `select pg_advisory_xact_lock($1::int, $2::int)`, storeLock, b.lib); err != nil {
		return err
	}
	if err := b.stage(ctx); err != nil {
		return err
	}
	if err := b.withoutForeign(ctx); err != nil {
		return err
	}
	var left []int64
	if err := b.tx.QueryRow(ctx, `select coalesce(array_agg(distinct e.title_id), '{}') from staged s join editions e on e.library_id = $1 and e.source = s.source`, b.lib).Scan(&left); err != nil {
		return fmt.Errorf("read the titles of changed records: %w", err)
	}
	if _, err := b.tx.Exec(ctx, insertTitles, b.lib); err != nil {
		return fmt.Errorf("store titles: %w", err)
	}
	if err := b.tx.QueryRow(ctx, insertEditions, b.lib).Scan(&b.added, &b.changed); err != nil {
		return fmt.Errorf("store editions: %w", err)
	}
	if b.changed > 0 {
		if _, err := b.tx.Exec(ctx, numberCopies, b.lib); err != nil {
			return fmt.Errorf("number copies: %w", err)
		}
	}
	if _, err := b.tx.Exec(ctx, insertCopies, b.lib); err != nil {
		return fmt.Errorf("store copies: %w", err)
	}
	if _, err := b.tx.Exec(ctx, insertWords, b.lib); err != nil {
		return fmt.Errorf("store words: %w", err)
	}
	if err := b.giveUp(ctx); err != nil {
		return err
	}
	_, err := b.tx.Exec(ctx, `delete from titles t where library_id = $1 and id = any($2) and not exists (select from editions e where e.library_id = $1 and e.title_id = t.id)`, b.lib, left)
	return err
}

const createStaged = `create temp table staged (n int, source text, digest bytea, work bytea, title text, title_key text, author text, kind text, lang text, public_domain boolean,
  age_mark int, tags text[], place text, publisher text, year int, pages int, isbn text, isbn_key text, volume text, link text, description text,
  title_words text, author_words text, other_words text) on commit drop;
create temp table staged_copies (source text, n int, key text, siglum text, fund text, inventory text, state text) on commit drop`

// stage lays what differs from the catalogue into two tables of this transaction.
func (b *batch) stage(ctx context.Context) error {
	digests := make([][]byte, len(b.records))
	sources := make([]string, len(b.records))
	for i := range b.records {
		sum, err := b.records[i].digest()
		if err != nil {
			return err
		}
		digests[i], sources[i] = sum, b.records[i].Source
	}
	rows, err := b.tx.Query(ctx, `select n::int - 1 from unnest($2::text[], $3::bytea[]) with ordinality as s (source, digest, n)
		where not exists (select from editions e where e.library_id = $1 and e.source = s.source and e.digest = s.digest)`, b.lib, sources, digests)
	if err != nil {
		return fmt.Errorf("look for what is known: %w", err)
	}
	if b.fresh, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
		return fmt.Errorf("look for what is known: %w", err)
	}
	b.unchanged = len(b.records) - len(b.fresh)
	slices.Sort(b.fresh)
	var editions, copies [][]any
	for _, i := range b.fresh {
		r := &b.records[i]
		editions = append(editions, append([]any{i, r.Source, digests[i], r.workKey()}, r.row()...))
		copies = append(copies, r.copyRows()...)
	}
	if _, err := b.tx.Exec(ctx, createStaged); err != nil {
		return fmt.Errorf("make room: %w", err)
	}
	return errors.Join(b.copyTo(ctx, "staged", editions), b.copyTo(ctx, "staged_copies", copies))
}

func (b *batch) copyTo(ctx context.Context, table string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	var columns []string
	if err := b.tx.QueryRow(ctx, `select array_agg(attname::text order by attnum) from pg_attribute where attrelid = $1::regclass and attnum > 0`, table).Scan(&columns); err != nil {
		return fmt.Errorf("columns of %s: %w", table, err)
	}
	if _, err := b.tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("copy to %s: %w", table, err)
	}
	return nil
}

// row is the rest of a row of staged.
func (r *Record) row() []any {
	unknown := func(n int) *int32 {
		if n == 0 {
			return nil
		}
		m := int32(n)
		return &m
	}
	title, author := fold(r.Title), fold(r.Author)
	other := fold(strings.Join(append([]string{r.Place, r.Publisher, r.Volume, yearText(r.Year)}, r.Tags...), " "))
	isbns := append(isbnKeys(r.ISBN), "")
	other = append(other, fold(strings.Join(isbns[1:], " "))...) // the first has a column of its own
	return []any{
		r.Title, titleKey(title), r.Author, r.Kind, r.Lang, r.PublicDomain, int32(r.AgeMark), r.Tags, r.Place, r.Publisher, unknown(r.Year), unknown(r.Pages),
		r.ISBN, isbns[0], r.Volume, r.Link, r.Description, strings.Join(title, " "), strings.Join(author, " "), strings.Join(other, " "),
	}
}

func yearText(year int) string {
	if year == 0 {
		return ""
	}
	return strconv.Itoa(year)
}

// copyRows are rows of staged_copies.
func (r *Record) copyRows() [][]any {
	var rows [][]any
	for i, c := range r.Copies {
		rows = append(rows, []any{r.Source, int32(i), r.copyKey(i), c.Siglum, c.Fund, c.Inventory, c.State})
	}
	return rows
}

// copyKeys are what the copies are known by.
func (r *Record) copyKeys() []string {
	keys := make([]string, len(r.Copies))
	for i := range r.Copies {
		keys[i] = r.copyKey(i)
	}
	return keys
}

// copyKey is what the i-th copy is known by.
func (r *Record) copyKey(i int) string {
	if key := titleKey(fold(r.Copies[i].Inventory)); key != "" {
		return key
	}
	return r.Source + "#" + strconv.Itoa(i)
}
