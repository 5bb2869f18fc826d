package stock

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

const (
	queryMost = 1000 // bytes of a query that are looked at
	wordsMost = 10   // words of it
	foundMost = 100  // editions
)

// Search gives the editions whose title, author and imprint have all the words, in any order, case and form, at most limit (and never more than a hundred).
// An ISBN or an ISSN, alone or among other words, or an inventory number finds its edition. If nothing has all the words, each may differ by one slip (a letter
// wrong, missing, too many, two that changed places), of three or more words one may be strange, and of two one may be a name that the record has as an
// initial. First come those that have all words in the title, then in title and author, of each the newest first (of twenty thousand, where more have the
// words). A query without a word finds nothing. One or two round trips.
func (s *Stock) Search(ctx context.Context, lib library.ID, query string, limit int) ([]Edition, error) {
	return search(ctx, s.pool, lib, query, limit, nil)
}

// SearchIn is Search within a transaction, of titles of these kinds alone; with none, of all.
func SearchIn(ctx context.Context, tx pgx.Tx, lib library.ID, query string, limit int, kinds ...string) ([]Edition, error) {
	return search(ctx, tx, lib, query, limit, kinds)
}

// question is a query as the database is asked it.
type question struct {
	config string     // how its words become lexemes: catalogue, or simple where they are lexemes already
	words  [][]string // that a record has to have, with what each may stand for
	loose  []string   // what may stand for each of the words that a record lacks, if it lacks but one
	whole  string     // all words, which may be a whole title or an inventory number
	isbn   string     // the ISBN in the query
	kinds  []string   // of title; nil: all
}

// $1 library, $2 configuration, $3 what is looked for, $4 the same in the title, $5 in title and author, $6 ISBN, $7 whole title or number, $8 limit,
// $9 what is looked for if nothing of that is found, $10 the kinds of title, null for all.
const selectFound = `with asked as (select to_tsquery($2::regconfig, $3) as q, to_tsquery($2::regconfig, $4) as in_title, to_tsquery($2::regconfig, $5) as in_both,
  to_tsquery($2::regconfig, $9) as loose),
exact as (
  select e.id, e.year, 0 as rank from editions e where e.library_id = $1 and e.isbn_key = $6 and $6 <> ''
  union all select e.id, e.year, 0 from editions e where e.library_id = $1 and e.words @@ to_tsquery('simple', nullif($6, ''))
  union all select e.id, e.year, 0 from copies c join editions e on e.library_id = $1 and e.id = c.edition_id where c.library_id = $1 and c.key = $7
  union all select e.id, e.year, 1 from titles t join editions e on e.library_id = $1 and e.title_id = t.id where t.library_id = $1 and t.title_key = $7
  union all (select e.id, e.year, case when e.words @@ in_title then 2 when e.words @@ in_both then 3 else 4 end
    from asked, editions e where e.library_id = $1 and e.words @@ q limit 20000)),
found as (
  select * from exact
  union all (select e.id, e.year, 5 from asked, editions e where e.library_id = $1 and e.words @@ loose and not exists (select from exact) limit 20000)),
best as (select id, min(rank) as rank, coalesce(max(year), 0) as year from found
  where $10::text[] is null or exists (select from editions e join titles t on t.library_id = $1 and t.id = e.title_id where e.library_id = $1 and e.id = found.id and t.kind = any($10))
  group by id order by 2, 3 desc, 1 limit $8)
select ` + shown + `
from best join editions e on e.library_id = $1 and e.id = best.id join titles t on t.library_id = $1 and t.id = e.title_id
order by best.rank, best.year desc, e.id`

// What each word, or what is left of it without its ending, may stand for, itself first; asked for only where the words themselves find nothing.
const selectNear = `with forms as (
  select w.n, f.form from unnest($2::text[]) with ordinality as w (word, n)
  cross join lateral (select w.word as form union select unnest(tsvector_to_array(to_tsvector('catalogue', w.word)))) f
  where not exists (select from editions e where e.library_id = $1 and e.words @@ to_tsquery('catalogue', $3))),
all_forms as (
  select n, form as lexeme, false as other from forms
  union all select f.n, v.lexeme, true from forms f join vocabulary v on v.library_id = $1 and v.slips && slips(f.form) where length(f.form) >= 3)
select n::int, lexeme from all_forms group by n, lexeme order by bool_and(other), n, lexeme limit 500`

// near is a lexeme that the n-th word may stand for, counted from one.
type near struct {
	N      int
	Lexeme string
}

func search(ctx context.Context, db database, lib library.ID, query string, limit int, kinds []string) ([]Edition, error) {
	q := ask(query)
	q.kinds = kinds
	limit = min(limit, foundMost)
	if q.whole == "" || limit < 1 {
		return nil, nil
	}
	var found []Edition
	var others []near
	batch := &pgx.Batch{}
	q.queue(batch, lib, limit, &found)
	if len(q.words) > 0 {
		batch.Queue(selectNear, lib, q.typed(), q.text("")).Query(func(rows pgx.Rows) (err error) {
			others, err = pgx.CollectRows(rows, pgx.RowToStructByName[near])
			return err
		})
	}
	if err := db.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("search the catalogue of library %d: %w", lib, err)
	}
	if len(found) > 0 || len(others) == 0 {
		return found, nil
	}
	batch = &pgx.Batch{}
	q.with(others).queue(batch, lib, limit, &found)
	if err := db.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("search the catalogue of library %d for words like these: %w", lib, err)
	}
	return found, nil
}

// ask reads a query.
func ask(query string) question {
	query = query[:min(len(query), queryMost)]
	q := question{config: "catalogue", isbn: isbnFirst(query)}
	words := fold(query)
	q.whole = titleKey(words)
	for _, w := range words {
		known := slices.ContainsFunc(q.words, func(have []string) bool { return have[0] == w })
		if !stop(w) && !known && len(q.words) < wordsMost {
			q.words = append(q.words, []string{w})
		}
	}
	return q
}

// typed are the words as they were written.
func (q question) typed() []string {
	out := make([]string, len(q.words))
	for i, w := range q.words {
		out[i] = w[0]
	}
	return out
}

// with is the question with what its words may stand for.
func (q question) with(others []near) question {
	q.config = "simple"
	switch len(q.words) {
	case 1:
	case 2: // a catalogue that has initials alone is asked for the whole name
		for _, w := range q.typed() {
			q.loose = append(q.loose, " & "+cut(w, 1)+":B")
		}
	default:
		q.loose = make([]string, len(q.words))
	}
	q.words = make([][]string, len(q.words))
	for _, o := range others {
		q.words[o.N-1] = append(q.words[o.N-1], o.Lexeme)
	}
	return q
}

// queue adds the question to the batch; what it finds goes to found.
func (q question) queue(batch *pgx.Batch, lib library.ID, limit int, found *[]Edition) {
	var loose []string
	for i, instead := range q.loose {
		loose = append(loose, question{words: slices.Delete(slices.Clone(q.words), i, i+1)}.text("")+instead)
	}
	batch.Queue(selectFound, lib, q.config, q.text(""), q.text(":A"), q.text(":AB"), q.isbn, q.whole, limit, strings.Join(loose, " | "), q.kinds).Query(func(rows pgx.Rows) (err error) {
		*found, err = pgx.CollectRows(rows, pgx.RowToStructByName[Edition])
		return err
	})
}

// text is a tsquery: all words, each in one of its forms, in the parts of a record that the weights name. The words are letters and digits alone.
func (q question) text(weights string) string {
	all := make([]string, len(q.words))
	for i, forms := range q.words {
		all[i] = "(" + strings.Join(forms, weights+" | ") + weights + ")"
	}
	return strings.Join(all, " & ")
}

// titleKey is what titles.title_key has for the words.
func titleKey(words []string) string { return cut(strings.Join(words, " "), 200) }
