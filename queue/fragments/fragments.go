// Package fragments is what readers order of books in closed stacks: pages and articles, how far each order has come, what departments bring back,
// the one PDF that is made of it, and by which ways it goes.
package fragments

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/stock"
)

// ID names one order.
type ID int64

// The kinds of order.
const (
	Fragment = "fragment" // pages of a book
	Article  = "article"  // of a periodical
)

// What callers branch on.
var (
	ErrNotFound = queue.ErrNotFound
	ErrState    = errors.New("the order is not in a state for that")

	ErrDepartment = errors.New("no department to which orders can go")
	ErrElsewhere  = errors.New("another department has the order")
	ErrHandedOver = errors.New("the department has handed the order over")
	ErrWentOut    = errors.New("the step went out: somebody was told, or has begun")
)

// Order is what a reader asked for, and how it stands.
type Order struct {
	ID           ID
	Library      library.ID
	Kind         string
	State        State
	Reader       contacts.ReaderID
	Conversation bots.ConversationID
	Channel      bots.Kind
	Edition      stock.EditionID // 0: described in words
	Title        string
	Pages        string // numbers, or words for a chapter
	Count        int    // of pages; 0: not known
	Want         string // photo, scan
	Permit       bool   // more than the rules allow: the department decides
	Department   int64  // 0: none has been chosen yet
	Question     string // of staff, while the reader's answer is waited for
	AskedAt      *time.Time
	Again        string // for what the department is asked once more
	Reason       string // of a refusal: a code
	Words        string // of a refusal
	Due          time.Time
	Created      time.Time
	Sent         *time.Time
	Hoped        *time.Time // by when it is hoped for since its promise was not kept
	Arranged     bool       // a person has put the pages in order
	Files        []files.ID // the PDF that was sent last: one, of older orders in as many parts as the channel demanded
	Mark         string     // with the number the code on its slip
}

// Code is how people name the order.
func (o Order) Code() string { return strconv.FormatInt(int64(o.ID), 10) }

// Open reports whether the order can still be cancelled.
func (o Order) Open() bool { return o.State == New || o.State == Asked || o.State == Came }

const orderColumns = `o.id, o.library_id as library, o.kind, o.state, o.reader_id as reader, o.channel,
o.conversation_id as conversation, coalesce(o.edition_id, 0) as edition, o.title, o.pages, o.count, o.want, o.permit,
coalesce(o.department_id, 0) as department, o.question, o.asked_at, o.again, o.reason, o.words, o.due_at as due, o.created_at as created, o.sent_at as sent, o.hoped_at as hoped,
o.arranged, o.file_ids as files, o.mark`

const (
	orderByID  = `select ` + orderColumns + ` from orders o where o.library_id = $1 and o.id = $2`
	lockOrder  = orderByID + ` for no key update`
	ofReaders  = `select ` + orderColumns + ` from orders o where o.library_id = $1 and o.reader_id = any($2) order by o.id desc limit $3`
	wanting    = `select ` + orderColumns + ` from orders o where o.library_id = $1 and o.state in ('new', 'asked', 'came') order by o.created_at desc, o.id desc limit $2`
	openOrders = `select ` + orderColumns + ` from orders o where o.library_id = $1 and o.state not in ('sent', 'refused', 'cancelled')
and (o.due_at, o.id) > ($2, $3) and ($4::bigint = 0 or o.department_id = $4) order by o.due_at, o.id limit $5`
)

// ByID gives the order, or ErrNotFound.
func ByID(ctx context.Context, db contacts.DB, lib library.ID, id ID) (Order, error) {
	o, err := one(ctx, db, orderByID, lib, id)
	if err != nil {
		return o, fmt.Errorf("order %d: %w", id, err)
	}
	return o, nil
}

// OfReaders gives the readers' latest orders, newest first, at most limit.
func OfReaders(ctx context.Context, db contacts.DB, lib library.ID, readers []contacts.ReaderID, limit int) ([]Order, error) {
	return list(ctx, db, fmt.Sprintf("orders of %d readers", len(readers)), ofReaders, lib, readers, limit)
}

func list(ctx context.Context, db contacts.DB, what, sql string, args ...any) ([]Order, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	orders, err := pgx.CollectRows(rows, pgx.RowToStructByName[Order])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return orders, nil
}

// Open gives the library's orders that are not over after the cursor, those due first at the top: of one department, or with 0 of all.
func Open(ctx context.Context, db contacts.DB, lib library.ID, department int64, after queue.Cursor, limit int) ([]Order, error) {
	return list(ctx, db, fmt.Sprintf("open orders of library %d", lib), openOrders, lib, after.At, after.ID, department, limit)
}

// Wanting gives the library's orders to which pages can be brought, the newest first, at most limit.
func Wanting(ctx context.Context, db contacts.DB, lib library.ID, limit int) ([]Order, error) {
	return list(ctx, db, fmt.Sprintf("orders of library %d that want pages", lib), wanting, lib, limit)
}

// one reads a single order; none is ErrNotFound.
func one(ctx context.Context, db contacts.DB, sql string, args ...any) (Order, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return Order{}, err
	}
	o, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Order])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return o, err
}

// Known is what a conversation knows of orders without asking: whether there are any, and about which one staff wait for an answer.
type Known struct {
	Any     bool
	Awaited ID      // the latest; 0: none
	Slips   []int64 // orders that were asked for here, of a department, and are open
}

const knownInHand = `select w.lib, w.id,
  exists (select from served_in_hand(array[w.lib], array[w.id]) s join orders o on o.library_id = s.lib and o.reader_id = s.reader),
  coalesce((select max(o.id) from orders o where o.library_id = w.lib and o.conversation_id = w.id and o.question <> ''), 0),
  array(select distinct s.order_id from order_slips s join orders o on o.library_id = s.library_id and o.id = s.order_id
    where s.library_id = w.lib and s.conversation_id = w.id and o.state in ('asked', 'came') order by 1)
from in_hand(null, null) as w`

// QueueKnown adds the reading of what the conversations that the transaction has claimed know of orders to the batch, one query however many they are.
func QueueKnown(batch *pgx.Batch, into map[queue.Talk]Known) {
	batch.Queue(knownInHand).Query(func(rows pgx.Rows) error {
		var at queue.Talk
		var k Known
		_, err := pgx.ForEachRow(rows, []any{&at.Library, &at.Conversation, &k.Any, &k.Awaited, &k.Slips}, func() error { into[at] = k; k.Slips = nil; return nil })
		return err
	})
}
