package stock

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"librarian/contacts/library"
)

// Refusal says why one record of a file was not taken. It bears no text of the record.
type Refusal struct {
	Number int // of the record in its file, or of the line, from one
	Err    error
}

// Error is one line.
func (r *Refusal) Error() string { return fmt.Sprintf("record %d: %v", r.Number, r.Err) }

// Unwrap gives the reason.
func (r *Refusal) Unwrap() error { return r.Err }

// Summary is what became of the records of a file.
type Summary struct{ Added, Changed, Unchanged, Refused int }

const (
	batchRecords = 1000
	batchCopies  = 10_000
)

// Import takes records into the catalogue, a thousand at a time, each thousand in a transaction of its own: what is new is added, what differs is changed,
// nothing is removed, so the same again changes nothing. A record that cannot be taken is told to refused and left out. A further record of a source
// gives its copies to the first if it follows it, or comes within the same thousand. An error of records that is no *Refusal ends the import; what was stored
// before it stays.
func (s *Stock) Import(ctx context.Context, lib library.ID, records iter.Seq2[Record, error], refused func(*Refusal)) (Summary, error) {
	i := importing{Stock: s, ctx: ctx, lib: lib, refused: refused, place: map[string]int{}, given: map[string]string{}}
	for r, err := range records {
		var bad *Refusal
		if err == nil {
			err = i.take(r)
		}
		if errors.As(err, &bad) {
			i.refuse(bad)
			continue
		}
		if err != nil {
			i.deny()
			return i.Summary, fmt.Errorf("import into library %d: %w", lib, err)
		}
	}
	err := i.flush()
	if err == nil {
		err = i.again()
	}
	i.deny()
	if err == nil {
		err = i.settle()
	}
	if err != nil {
		return i.Summary, fmt.Errorf("import into library %d: %w", lib, err)
	}
	return i.Summary, nil
}

// settle lets searches be as quick at once as the database would make them some time later.
func (i *importing) settle() error {
	if i.Added+i.Changed == 0 {
		return nil
	}
	_, err := i.pool.Exec(i.ctx, `select gin_clean_pending_list('editions_by_words'), gin_clean_pending_list('vocabulary_slips')`)
	if err == nil {
		_, err = i.pool.Exec(i.ctx, `analyze titles, editions, copies, vocabulary`)
	}
	if err != nil {
		return fmt.Errorf("settle the indexes: %w", err)
	}
	return nil
}

// importing is an import on its way.
type importing struct {
	*Stock
	Summary
	ctx     context.Context
	lib     library.ID
	refused func(*Refusal)
	waiting []Record
	place   map[string]int    // of a source among those that wait
	copies  int               // of those that wait
	claim   []Record          // they claim inventory numbers that others have so far
	given   map[string]string // inventory numbers that a record of this file had and does not claim, and its source
}

func (i *importing) refuse(r *Refusal) {
	i.Refused++
	i.refused(r)
}

// take adds the record to those that wait. A full thousand is stored only when a record of another source comes: the next row may be one more copy of the last.
func (i *importing) take(r Record) error {
	if err := r.check(); err != nil {
		return &Refusal{Number: r.Number, Err: err}
	}
	at, again := i.place[r.Source]
	if again {
		return i.join(&i.waiting[at], r)
	}
	if len(i.waiting) >= batchRecords || i.copies >= batchCopies {
		if err := i.flush(); err != nil {
			return err
		}
	}
	i.place[r.Source] = len(i.waiting)
	i.waiting = append(i.waiting, r)
	i.copies += len(r.Copies)
	return nil
}

// join gives the copies of a further record to the first of its source, which stays as it is if they cannot be its.
func (i *importing) join(first *Record, r Record) error {
	if first.unnamed && !slices.Equal(fold(first.Title), fold(r.Title)) {
		return &Refusal{Number: r.Number, Err: errTwoTitles}
	}
	both := *first
	both.Copies = slices.Concat(first.Copies, r.Copies)
	if err := both.check(); err != nil {
		return &Refusal{Number: r.Number, Err: err}
	}
	i.copies += len(both.Copies) - len(first.Copies)
	*first = both
	return nil
}

// flush stores those that wait.
func (i *importing) flush() error {
	if len(i.waiting) == 0 {
		return nil
	}
	done, err := store(i.ctx, i.pool, i.lib, i.waiting, i.given)
	if err != nil {
		return err
	}
	i.Added += done.added
	i.Changed += done.changed
	i.Unchanged += done.unchanged
	maps.Copy(i.given, done.left)
	for _, r := range done.refused {
		if len(i.claim) < batchRecords {
			i.claim = append(i.claim, r)
			continue
		}
		i.refuse(&Refusal{Number: r.Number, Err: errInventory})
	}
	i.waiting, i.copies = i.waiting[:0], 0
	clear(i.place)
	return nil
}

// again stores those whose inventory numbers were others': a record far behind in the file may have given them up. Rows of one record are one again.
func (i *importing) again() error {
	claim := i.claim
	if i.claim = nil; len(claim) == 0 {
		return nil
	}
	for _, r := range claim {
		var bad *Refusal
		if err := i.take(r); errors.As(err, &bad) {
			i.refuse(bad)
		} else if err != nil {
			return err
		}
	}
	return i.flush()
}

// deny tells those that claim numbers of others to the end.
func (i *importing) deny() {
	for _, r := range i.claim {
		i.refuse(&Refusal{Number: r.Number, Err: errInventory})
	}
	i.claim = nil
}
