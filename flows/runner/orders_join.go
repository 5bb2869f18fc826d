package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

const (
	joinLease  = 10 * time.Minute // for one process to join the pages of an order before another tries
	joinedMost = 400 << 20        // bytes of one PDF
)

// joinNext makes a PDF of the pages of the released order that has waited longest and reports whether there was anything. What fails is tried again when its lease is over; what cannot be joined
// goes back to the librarian.
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
	return true, r.orderTx(ctx, job.Order, func(tx pgx.Tx) error { return r.sendOrder(ctx, tx, lib, job.Order, made) })
}

// fault says in the library's language what stands in the way of a PDF: a page that cannot be joined, or that is larger than the channel takes, for which no
// further try helps; or that the program failed.
func (r *Runner) fault(lib library.Library, err error) (words string, hopeless bool) {
	say := func(key string) string { return r.Texts.Words(lib.RecordLang(), library.Words{Key: key}) }
	var page *fragments.PageError
	var size *fragments.SizeError
	switch {
	case errors.As(err, &page):
		return say("desk_order.fault_page") + " " + strconv.Itoa(page.Page+1), true
	case errors.As(err, &size):
		return say("desk_order.fault_size") + " " + strconv.Itoa(size.Page+1), true
	}
	return say("desk_order.fault"), false
}

// orderTx does the work in a transaction that holds the order's conversation. An order that has moved on meanwhile is left alone.
func (r *Runner) orderTx(ctx context.Context, o fragments.Order, do func(tx pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		if err := r.Hold(ctx, tx, o.Library, o.Conversation); err != nil {
			return err
		}
		return do(tx)
	})
	if errors.Is(err, fragments.ErrState) {
		return nil
	}
	return err
}

// joined makes the PDF and keeps it: in parts, where the whole is larger than the channel takes.
func (r *Runner) joined(ctx context.Context, lib library.Library, job fragments.Job) ([]files.ID, error) {
	front, err := r.front(ctx, lib, job.Order)
	if err != nil {
		return nil, err
	}
	pages := make([]fragments.Page, len(job.Parts))
	for i, p := range job.Parts {
		if pages[i], err = r.page(ctx, lib.ID, p); err != nil {
			return nil, err
		}
	}
	whole, sizes, err := r.join(ctx, lib.ID, front, pages)
	if err != nil {
		return nil, err
	}
	channel, err := r.channelOf(ctx, r.Pool, lib.ID, job.Order.Conversation)
	if err != nil {
		return nil, err
	}
	most := r.limits(channel).File
	if whole.Size <= most {
		return []files.ID{whole.ID}, nil
	}
	stretches, err := fragments.Split(sizes, most)
	if err != nil {
		return nil, err
	}
	var out []files.ID
	front.Parts = len(stretches)
	for i, s := range stretches {
		front.Part = i + 1
		part, _, err := r.join(ctx, lib.ID, front, pages[s.From:s.To])
		if err != nil {
			return nil, err
		}
		out = append(out, part.ID)
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

// sendOrder brings the PDF to the reader.
func (r *Runner) sendOrder(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, made []files.ID) error {
	if _, err := fragments.Made(ctx, tx, lib, o.ID, made, r.Now()); err != nil {
		return err
	}
	names := make([]string, len(made))
	for i, id := range made {
		names[i] = string(id)
	}
	return r.Tell(ctx, tx, o.Library, o.Conversation, queue.News{
		Kind: queue.NewsOrderSent, Reader: int64(o.Reader), Files: names,
		Fields: map[string]string{"order": o.Code(), "kind": o.Kind, "code": o.Code(), "title": o.Title, "pages": o.Pages},
	})
}
