package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

const (
	joinLease  = 10 * time.Minute // for one process to join the pages of an order before another tries
	joinedMost = 400 << 20        // bytes of one PDF
)

// Why a finished order can go nowhere, though its pages are good.
var (
	errNoWay = errors.New("it was to go by letter alone, and no letter can be sent")
	errParts = errors.New("it would be more parts than a reader is sent, and no link can be given")
)

// joinNext makes a PDF of the pages of the released order that has waited longest and reports whether there was anything. What fails is tried again when its
// lease is over; what cannot be joined goes back to the librarian.
func (r *Runner) joinNext(ctx context.Context) (bool, error) {
	job, found, err := fragments.Claim(ctx, r.Pool, r.Now(), joinLease)
	if err != nil || !found {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, joinLease/2)
	defer cancel()
	lib, err := r.Libraries.ByID(ctx, job.Order.Library)
	if err != nil {
		return true, err
	}
	made, err := r.joined(ctx, lib, job)
	if fault, hopeless := r.fault(lib, err); hopeless || err != nil && job.Try >= fragments.Tries {
		err = errors.Join(err, r.orderTx(ctx, job.Order, func(tx pgx.Tx) error {
			_, err := fragments.Failed(ctx, tx, lib, job.Order.ID, fault, r.Now())
			return err
		}))
	}
	if err != nil {
		return true, fmt.Errorf("order %d, try %d: %w", job.Order.ID, job.Try, err)
	}
	return true, r.orderTx(ctx, job.Order, func(tx pgx.Tx) error { return r.sendOrder(ctx, tx, lib, job.Order, made) }, made.conversations()...)
}

// fault says in the library's language what stands in the way of a PDF: a page that cannot be joined, what is larger than the channel takes, or that no letter
// can be sent, for which no further try helps; or that the program failed.
func (r *Runner) fault(lib library.Library, err error) (words string, hopeless bool) {
	say := func(key string) string { return r.Texts.Words(lib.RecordLang(), library.Words{Key: key}) }
	var page *fragments.PageError
	var size *fragments.SizeError
	switch {
	case errors.As(err, &page):
		return say("desk_order.fault_page") + " " + strconv.Itoa(page.Page+1), true
	case errors.As(err, &size):
		return say("desk_order.fault_size") + " " + strconv.Itoa(size.Page+1), true
	case errors.Is(err, errParts):
		return say("desk_send.fault_parts"), true
	case errors.Is(err, errNoWay):
		return say("desk_send.fault_no_mail"), true
	}
	return say("desk_order.fault"), false
}

// orderTx does the work in a transaction that holds the order's conversation, and these. An order that has moved on meanwhile is left alone.
func (r *Runner) orderTx(ctx context.Context, o fragments.Order, do func(tx pgx.Tx) error, also ...bots.ConversationID) error {
	err := pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockSome, o.Library, append(also, o.Conversation)); err != nil {
			return fmt.Errorf("lock the conversations of order %d: %w", o.ID, err)
		}
		return do(tx)
	})
	if errors.Is(err, fragments.ErrState) {
		return nil
	}
	return err
}

// joined makes the PDF and keeps it, and what of it goes each way.
func (r *Runner) joined(ctx context.Context, lib library.Library, job fragments.Job) (made product, err error) {
	front, err := r.front(ctx, lib, job.Order)
	if err != nil {
		return made, err
	}
	pages := make([]fragments.Page, len(job.Parts))
	for i, p := range job.Parts {
		if pages[i], err = r.page(ctx, lib.ID, p); err != nil {
			return made, err
		}
	}
	whole, sizes, err := r.join(ctx, lib.ID, front, pages)
	if err != nil {
		return made, err
	}
	made.whole = whole.ID
	cut := cutter{runner: r, lib: lib.ID, front: front, pages: pages, whole: whole, sizes: sizes, done: map[int64]fragments.Send{}}
	made.parcels, err = r.parcels(ctx, lib, job.Order, &cut)
	return made, err
}

// parcels are what goes each way. What one way cannot take is noted with it, for the order's page to show; where none is left nothing is sent.
func (r *Runner) parcels(ctx context.Context, lib library.Library, o fragments.Order, cut *cutter) (out []parcel, err error) {
	sends, err := fragments.Owed(ctx, r.Pool, lib.ID, o.ID)
	if err != nil {
		return nil, err
	}
	unfit := errNoWay
	for _, s := range sends {
		p, err := r.parcel(ctx, lib, o, s, cut)
		var size *fragments.SizeError
		if errors.As(err, &size) || errors.Is(err, errParts) {
			unfit, p.Problem, err = err, fragments.TooLarge, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if !slices.ContainsFunc(out, func(p parcel) bool { return p.Problem == "" }) {
		return nil, unfit
	}
	return out, nil
}

// join makes one document and keeps it while it is made.
func (r *Runner) join(ctx context.Context, lib library.ID, front fragments.Front, pages []fragments.Page) (kept files.File, sizes fragments.Sizes, err error) {
	name := r.Texts.Words(front.Lang, library.Words{Key: "fragment_print.file"}) + " " + front.Code
	if front.Part > 0 {
		name += " " + strconv.Itoa(front.Part)
	}
	out, in := io.Pipe()
	var joining errgroup.Group
	joining.Go(func() (err error) {
		sizes, err = r.Joiner.Join(ctx, front, pages, in)
		return errors.Join(err, in.CloseWithError(err)) // the store keeps nothing of what did not end well
	})
	kept, err = r.Store.Put(ctx, lib, out, files.Meta{Name: name + ".pdf"}, joinedMost)
	_ = out.CloseWithError(err) // whoever writes still is told
	if failed := joining.Wait(); failed != nil {
		return kept, sizes, failed
	}
	if err != nil {
		return kept, sizes, fmt.Errorf("keep the PDF: %w", err)
	}
	return kept, sizes, nil
}

func (r *Runner) page(ctx context.Context, lib library.ID, p fragments.Part) (fragments.Page, error) {
	f, err := r.Store.Find(ctx, lib, p.File)
	if err != nil {
		return fragments.Page{}, err
	}
	return fragments.Page{
		File: string(p.File), Media: f.MediaType, Number: p.Sheet, Turn: p.Turn,
		Open: func(ctx context.Context) (io.ReadCloser, error) {
			body, _, err := r.Store.Open(ctx, lib, p.File)
			return body, err
		},
	}, nil
}

// front is what the first page says, in the reader's language.
func (r *Runner) front(ctx context.Context, lib library.Library, o fragments.Order) (fragments.Front, error) {
	lang, err := r.Lang(ctx, lib.ID, o.Conversation)
	if err != nil {
		return fragments.Front{}, err
	}
	reader, err := contacts.ReaderByID(ctx, r.Pool, lib.ID, o.Reader)
	if err != nil {
		return fragments.Front{}, err
	}
	out := fragments.Front{
		Lang: lang, Library: lib.Title(lang), Source: o.Title, Pages: o.Pages, Code: o.Code(), Reader: reader.Name, Date: r.Now().In(lib.Zone),
		Terms: []string{r.Texts.Words(lang, library.Words{Key: "fragment_print.personal"}), r.Texts.Words(lang, library.Words{Key: "fragment_print.cite"})},
	}
	if o.Edition != 0 {
		book, err := stock.New(r.Pool).Get(ctx, lib.ID, o.Edition)
		if err != nil && !errors.Is(err, stock.ErrNotFound) {
			return out, err
		}
		if err == nil {
			out.Source = book.Description
		}
	}
	return out, nil
}
