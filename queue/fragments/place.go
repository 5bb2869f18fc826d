package fragments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/stock"
)

// openMost bounds the orders that one reader may have open: a queue of departments is not to be filled by one person.
const openMost = 20

// The errors of Place beside a *LimitError.
var (
	ErrAgain   = errors.New("the same pages are ordered already")
	ErrTooMany = errors.New("the reader has too many open orders")
)

// Wish is an order that is to be placed.
type Wish struct {
	Library      library.Library
	Kind         string
	Reader       contacts.ReaderID
	Conversation bots.ConversationID
	Channel      bots.Kind
	Edition      stock.EditionID // 0: described in words
	Title, Pages string
	Count        int
	Want         string
	Permit       bool // what the rules do not allow the department is asked for
	At           time.Time
}

const (
	countOpen = `select count(*), coalesce(bool_or(title = $3 and pages = $4 and kind = $5), false) from orders
where library_id = $1 and reader_id = $2 and state not in ('sent', 'refused', 'cancelled')`
	insertOrder = `insert into orders (library_id, kind, reader_id, conversation_id, channel, edition_id, title, pages, count, want, permit, due_at, created_at)
values ($1, $2, $3, $4, $5, nullif($6::bigint, 0), $7, $8, $9, $10, $11, $12, $13) returning id`
	insertPlaced = `insert into order_steps (library_id, order_id, at, act, was, became) values ($1, $2, $3, 'place', '', 'new')`
)

// Place keeps the order and gives it to the department that certainly holds the book; where none does, a librarian chooses. All that the reader has ordered
// of the same edition counts, through whatever channel: two orders at the same moment cannot both take what is left. ErrAgain, ErrTooMany, *LimitError.
func Place(ctx context.Context, tx pgx.Tx, w Wish) (Order, error) {
	lib := w.Library.ID
	if err := holdReader(ctx, tx, lib, w.Reader); err != nil {
		return Order{}, err
	}
	var open int
	var again bool
	if err := tx.QueryRow(ctx, countOpen, lib, w.Reader, w.Title, w.Pages, w.Kind).Scan(&open, &again); err != nil {
		return Order{}, fmt.Errorf("open orders of reader %d: %w", w.Reader, err)
	}
	switch {
	case again:
		return Order{}, ErrAgain
	case open >= openMost:
		return Order{}, ErrTooMany
	}
	copies, err := w.judge(ctx, tx)
	if err != nil {
		return Order{}, err
	}
	proposals, err := queue.Route(ctx, tx, lib, copies)
	if err != nil {
		return Order{}, err
	}
	holder, err := w.holder(ctx, tx, proposals)
	if err != nil {
		return Order{}, err
	}
	id, err := w.keep(ctx, tx, holder)
	if err != nil {
		return Order{}, err
	}
	if holder != 0 {
		return Route(ctx, tx, w.Library, id, ByProgram(), holder, w.At)
	}
	o, err := ByID(ctx, tx, lib, id)
	if err != nil {
		return o, err
	}
	return o, hand(ctx, tx, w.Library, o, ByProgram(), "", w.At)
}

// holder is the department that certainly has the book, or where nobody knows the only one that serves such orders; 0 where a person has to choose.
func (w Wish) holder(ctx context.Context, tx pgx.Tx, proposals []queue.Proposal) (int64, error) {
	switch {
	case len(proposals) == 1 && proposals[0].Certain:
		return proposals[0].Department, nil
	case len(proposals) > 0:
		return 0, nil
	}
	serving, err := queue.DepartmentsFor(ctx, tx, w.Library.ID, queue.Purpose(w.Kind))
	if err != nil || len(serving) != 1 {
		return 0, err
	}
	return serving[0].ID, nil
}

// keep writes the order down, promised by the hours of the department that has the book, or the library's.
func (w Wish) keep(ctx context.Context, tx pgx.Tx, holder int64) (id ID, err error) {
	hours, err := hoursOf(ctx, tx, w.Library, holder)
	if err != nil {
		return 0, err
	}
	lib, due := w.Library.ID, w.Library.DueBy(hours, w.At, w.Library.Settings.Work(w.Kind))
	err = tx.QueryRow(ctx, insertOrder, lib, w.Kind, w.Reader, w.Conversation, w.Channel, w.Edition, w.Title, w.Pages, w.Count, w.Want,
		w.Permit, due, w.At).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("place an order of reader %d: %w", w.Reader, err)
	}
	if _, err := tx.Exec(ctx, insertPlaced, lib, id, w.At); err != nil {
		return 0, fmt.Errorf("note the order %d: %w", id, err)
	}
	return id, nil
}

// judge holds the wish to the rules of copying, and gives the copies of the book.
func (w Wish) judge(ctx context.Context, tx pgx.Tx) ([][2]string, error) {
	if w.Edition == 0 {
		return nil, nil
	}
	book, err := stock.GetIn(ctx, tx, w.Library.ID, w.Edition)
	if err != nil {
		return nil, err
	}
	o := Order{Kind: w.Kind, Reader: w.Reader, Edition: w.Edition}
	if err := meter(ctx, tx, w.Library, o, book, w.Count, w.Permit); err != nil {
		return nil, err
	}
	return shelved(book), nil
}
