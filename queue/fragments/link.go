package fragments

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// Link leads whoever has its address to a finished order that no channel takes.
type Link struct {
	Library library.ID
	Order   ID
	Reader  contacts.ReaderID
	Lang    library.Lang // of the page
	Until   time.Time
	Views   int // downloads in all
	Used    int // whole ones, and those under way
	Begun   int
	Title   string
	Pages   string
	Count   int
	File    files.ID // empty: the pages are not kept any more, or were never to be had
}

// ErrNoView means that the link is over: too old, used up, or its order is no more.
var ErrNoView = errors.New("the link is over")

// brokenOff is how many downloads may be begun for each that may be finished: enough for a bad line, too few to read a copy again and again up to its last
// byte.
const brokenOff = 4

// What no longer is the reader's to have is not to be had by a link either.
const linkedFile = `case when o.state in ('refused', 'cancelled') or o.wiped then '' else coalesce(o.file_ids[1], '') end`

const (
	endLinks   = `update order_links set until_at = $4 where library_id = $1 and order_id = $2 and conversation_id is not distinct from nullif($3::bigint, 0) and until_at > $4`
	insertLink = `insert into order_links (hash, library_id, order_id, conversation_id, lang, made_at, until_at, views) values ($1, $2, $3, nullif($4::bigint, 0), $5, $6, $7, $8)`
	linkByHash = `select l.library_id as library, l.order_id as "order", o.reader_id as reader, l.lang, l.until_at as until, l.views, l.used, l.begun, o.title, o.pages, o.count,
  ` + linkedFile + ` as file
from order_links l join orders o on o.library_id = l.library_id and o.id = l.order_id where l.hash = $1`
	takeView = `update order_links l set used = used + 1, begun = begun + 1 from orders o
where l.hash = $1 and l.until_at > $2 and l.used < l.views and l.begun < l.views * $3 and o.library_id = l.library_id and o.id = l.order_id and ` + linkedFile + ` <> ''`
	returnView = `update order_links set used = used - 1 where hash = $1 and used > 0`
)

// NewLink makes a link in the conversation, 0 for a letter, in its language. It works for as long as the library's policy says and the pages are kept; an
// earlier one in the same conversation ends. The token is known to nobody else from here on.
func NewLink(ctx context.Context, tx pgx.Tx, lib library.Library, o Order, conv bots.ConversationID, lang library.Lang, now time.Time) (token string, l Link, err error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", l, fmt.Errorf("link to order %d: %w", o.ID, err)
	}
	token = hex.EncodeToString(raw)
	l = Link{Library: lib.ID, Order: o.ID, Reader: o.Reader, Lang: lang, Until: now.AddDate(0, 0, lib.Settings.Policy.Link.Term()), Views: lib.Settings.Policy.Link.Most()}
	if o.Sent != nil {
		if kept := o.Sent.AddDate(0, 0, lib.Settings.Retention.OfOrders()); kept.Before(l.Until) {
			l.Until = kept
		}
	}
	if _, err := tx.Exec(ctx, endLinks, lib.ID, o.ID, conv, now); err != nil {
		return "", l, fmt.Errorf("end links to order %d: %w", o.ID, err)
	}
	if _, err := tx.Exec(ctx, insertLink, hashOf(token), lib.ID, o.ID, conv, lang, now, l.Until, l.Views); err != nil {
		return "", l, fmt.Errorf("link to order %d: %w", o.ID, err)
	}
	return token, l, nil
}

// Days are how many it still works, begun ones too.
func (l Link) Days(now time.Time) int {
	return int((l.Until.Sub(now) + 24*time.Hour - 1) / (24 * time.Hour))
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// LinkBy gives the link with the token, or ErrNotFound.
func LinkBy(ctx context.Context, db contacts.DB, token string) (Link, error) {
	rows, err := db.Query(ctx, linkByHash, hashOf(token))
	if err != nil {
		return Link{}, fmt.Errorf("link: %w", err)
	}
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Link])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("link: %w", err)
	}
	return l, nil
}

// Left is how often it can still be downloaded at the moment: 0 when it is over.
func (l Link) Left(now time.Time) int {
	if l.File == "" || !now.Before(l.Until) || l.Begun >= l.Views*brokenOff {
		return 0
	}
	return l.Views - l.Used
}

// TakeView counts a download before it begins, so that of many at once no more begin than are allowed; ErrNoView when none is left.
func TakeView(ctx context.Context, db contacts.DB, token string, now time.Time) error {
	tag, err := db.Exec(ctx, takeView, hashOf(token), now, brokenOff)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNoView
	}
	if err != nil {
		return fmt.Errorf("take a view of a link: %w", err)
	}
	return nil
}

// ReturnView gives a download back that broke off.
func ReturnView(ctx context.Context, db contacts.DB, token string) error {
	if _, err := db.Exec(ctx, returnView, hashOf(token)); err != nil {
		return fmt.Errorf("return a view of a link: %w", err)
	}
	return nil
}

const fetchedStep = `insert into order_steps (library_id, order_id, at, act, was, became) select library_id, id, $3, $4, state, state from orders where library_id = $1 and id = $2`

// Fetched notes among the steps of the order that it was downloaded by a link.
func Fetched(ctx context.Context, db contacts.DB, l Link, now time.Time) error {
	if _, err := db.Exec(ctx, fetchedStep, l.Library, l.Order, now, ActFetch); err != nil {
		return fmt.Errorf("note that order %d was downloaded: %w", l.Order, err)
	}
	return nil
}
