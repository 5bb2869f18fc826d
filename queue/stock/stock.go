// Package stock is the catalogue: works, their editions and copies, taken over from the library's own system and found by a few words.
package stock

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/contacts/library"
)

// EditionID names one edition of a title.
type EditionID int64

// The kinds of title.
const (
	Book       = "book"
	Article    = "article"
	Periodical = "periodical"
	Map        = "map"
	Music      = "music"
	Other      = "other"
)

// How a copy is.
const (
	In         = "in"
	Lost       = "lost"
	WrittenOff = "written_off"
)

// Edition is one edition of a title, or one issue of a periodical.
type Edition struct {
	ID           EditionID
	Library      library.ID
	Title        string
	Author       string // as in the heading, such as Толстой, Лев Николаевич; empty: none
	Kind         string
	Place        string
	Publisher    string
	Volume       string // volume, or the periodical's issue
	ISBN         string // or ISSN, as printed
	Description  string // bibliographic, in one line; never empty
	Year         int    // 0: unknown
	Pages        int    // 0: unknown
	PublicDomain bool
	AgeMark      int    // the age from which it may be lent: 0, 6, 12, 16, 18
	Link         string // where it can be read
	Tags         []string
	Copies       []Copy // in the order in which they came into the catalogue, the lost ones too
}

// Copy is one copy on a shelf.
type Copy struct {
	ID        int64
	Siglum    string // such as КХ
	Fund      string // such as краеведение
	Inventory string // empty: the library did not number it
	State     string // In, Lost, WrittenOff
}

// ErrNotFound means that this library has no such edition.
var ErrNotFound = errors.New("not in the catalogue")

// database is a pool or a transaction.
type database interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Stock reads the catalogue outside a transaction.
type Stock struct{ pool *pgxpool.Pool }

// New makes the reader of catalogues.
func New(pool *pgxpool.Pool) *Stock { return &Stock{pool: pool} }

// Get gives the edition with its copies, or ErrNotFound.
func (s *Stock) Get(ctx context.Context, lib library.ID, id EditionID) (Edition, error) {
	return get(ctx, s.pool, lib, id)
}

// GetIn is Get within a transaction.
func GetIn(ctx context.Context, tx pgx.Tx, lib library.ID, id EditionID) (Edition, error) {
	return get(ctx, tx, lib, id)
}

// shown are the columns of an Edition, of editions e and titles t.
const shown = `e.id, e.library_id as library, t.title, t.author, t.kind, e.place, e.publisher, e.volume, e.isbn, e.description,
  coalesce(e.year, 0) as year, coalesce(e.pages, 0) as pages, t.public_domain, t.age_mark, e.link, t.tags,
  coalesce((select jsonb_agg(jsonb_build_object('ID', c.id, 'Siglum', c.siglum, 'Fund', c.fund, 'Inventory', c.inventory, 'State', c.state) order by c.id)
    from copies c where c.library_id = e.library_id and c.edition_id = e.id), '[]') as copies`

const selectEdition = `select ` + shown + `
from editions e join titles t on t.library_id = e.library_id and t.id = e.title_id where e.library_id = $1 and e.id = $2`

func get(ctx context.Context, db database, lib library.ID, id EditionID) (Edition, error) {
	rows, err := db.Query(ctx, selectEdition, lib, id)
	if err != nil {
		return Edition{}, fmt.Errorf("read edition %d: %w", id, err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Edition])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Edition{}, fmt.Errorf("read edition %d: %w", id, err)
	}
	return e, nil
}
