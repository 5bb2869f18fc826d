package fragments_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue/fragments"
	"librarian/queue/stock"
)

// TestMeter: no row of orders, whatever they are called and through whatever channel, of cancellations, refusals and chapters gets more of a book than the
// rules allow (F5), nor more of an issue than one article or the share.
func TestMeter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	issue := h.editionOf(stock.Periodical, "Полярная звезда", 100, false)
	h.lib.Settings.Policy = library.ExamplePolicy()
	rapid.Check(t, func(t *rapid.T) {
		h.reader = h.newReader()
		var open []fragments.Order
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"order", "order", "chapter", "cancel", "refuse"}).Draw(t, "what") {
			case "order":
				n := rapid.IntRange(1, 60).Draw(t, "pages")
				if o, ok := h.within(t, h.drawn(t, issue, fmt.Sprintf("%d: %d", i, n), n)); ok {
					open = append(open, o)
				}
			case "chapter":
				if o, ok := h.within(t, h.drawn(t, issue, fmt.Sprintf("глава %d", i), 0)); ok {
					h.chapter(t, o, rapid.IntRange(1, 60).Draw(t, "came"))
				}
			case "cancel", "refuse":
				if len(open) == 0 {
					continue
				}
				k := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
					return fragments.Cancel(ctx, tx, h.lib, open[k].ID, fragments.ByReader(), noon)
				})
				open = append(open[:k], open[k+1:]...)
			}
			if had := h.had(h.book); had.pages > 30 {
				t.Fatalf("the reader has %d pages of a hundred", had.pages)
			}
			if had := h.had(issue); had.articles > 1 || had.pages > 30 && had.orders > had.articles {
				t.Fatalf("the reader has %+v of an issue of a hundred pages", had)
			}
		}
	})
}

// drawn is a wish of any kind, through any channel, for the book or for the issue.
func (h *house) drawn(t *rapid.T, issue stock.EditionID, pages string, count int) fragments.Wish {
	w := h.wish(rapid.SampledFrom([]stock.EditionID{h.book, issue}).Draw(t, "edition"), pages, count)
	w.Kind = rapid.SampledFrom([]string{fragments.Fragment, fragments.Article}).Draw(t, "kind")
	w.Channel = rapid.SampledFrom([]bots.Kind{bots.WebChat, bots.Telegram, bots.Email}).Draw(t, "channel")
	return w
}

// hold is what a reader has of a work: orders whose length is known, and the articles among them.
type hold struct{ pages, orders, articles int }

func (h *house) had(of stock.EditionID) (out hold) {
	h.Helper()
	h.scan(&out.pages, measured("coalesce(sum(count), 0)"), h.reader, of)
	h.scan(&out.orders, measured("count(*)"), h.reader, of)
	h.scan(&out.articles, measured("count(*) filter (where kind = 'article')"), h.reader, of)
	return out
}

func measured(what string) string {
	return `select ` + what + ` from orders where reader_id = $1 and edition_id = $2 and count > 0 and state not in ('refused', 'cancelled')`
}

// within places the order, or sees that it was refused for its length, with a true word of what is left.
func (h *house) within(t *rapid.T, w fragments.Wish) (fragments.Order, bool) {
	o, err := h.place(w)
	var limit *fragments.LimitError
	if err == nil {
		return o, true
	}
	if !errors.As(err, &limit) {
		t.Fatal(err)
	}
	if w.Edition == h.book && (limit.Limit != 30 || limit.UpTo != 30-limit.Used) || w.Count > 0 && w.Count <= limit.UpTo {
		t.Fatalf("%d pages refused: %+v", w.Count, limit)
	}
	return o, false
}

// chapter lets so many pages come, and the librarian release what may go out.
func (h *house) chapter(t *rapid.T, o fragments.Order, pages int) {
	if _, err := h.bring(o, "scan.pdf", files.PDF, pages); err != nil {
		t.Fatal(err)
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, h.lib, o.ID, h.keeper, noon)
	})
	err := h.try(func(ctx context.Context, tx pgx.Tx) error {
		_, err := fragments.Release(ctx, tx, h.lib, o.ID, h.librarian, false, noon)
		return err
	})
	if limit := (*fragments.LimitError)(nil); err != nil && !errors.As(err, &limit) {
		t.Fatal(err)
	}
}

// TestMeterAtOnce: of those who order at the same moment, none takes what another has taken.
func TestMeterAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const at = 12
	var start, all sync.WaitGroup
	start.Add(1)
	for i := range at {
		all.Go(func() {
			start.Wait()
			_, err := h.place(h.wish(h.book, fmt.Sprintf("%d–%d", i, i+9), 10))
			if limit := (*fragments.LimitError)(nil); err != nil && !errors.As(err, &limit) {
				t.Error(err)
			}
		})
	}
	start.Done()
	all.Wait()
	var had int
	h.scan(&had, `select coalesce(sum(count), 0) from orders where reader_id = $1`, h.reader)
	if had != 30 {
		t.Errorf("%d pages were ordered, want 30", had)
	}
}

func TestMeterKnowsBetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.place(h.wish(h.free, "1–90", 90)); err != nil {
		t.Errorf("a book in the public domain: %v", err)
	}
	w := h.wish(h.book, "1–50", 50)
	var limit *fragments.LimitError
	if _, err := h.place(w); !errors.As(err, &limit) || limit.UpTo != 30 || !limit.May {
		t.Errorf("half of a book: %v", err)
	}
	w.Permit = true
	if o, err := h.place(w); err != nil || !o.Permit {
		t.Errorf("with permission: %+v, %v", o, err)
	}
	w = h.wish(h.book, "1–100", 100)
	w.Kind, w.Reader = fragments.Article, h.newReader()
	if _, err := h.place(w); !errors.As(err, &limit) || limit.UpTo != 30 || limit.Limit != 30 {
		t.Errorf("a whole book as an article: %v", err)
	}
	w.Edition = h.editionOf(stock.Periodical, "Полярная звезда", 100, false)
	if _, err := h.place(w); err != nil {
		t.Errorf("an article that is a whole issue: %v", err)
	}
	other := h.wish(h.book, "1–10", 10)
	other.Reader = h.newReader()
	if _, err := h.place(other); err != nil {
		t.Errorf("another reader: %v", err)
	}
}

// TestWhatComesIsMeasured: more pages than were ordered are held to the rules before they go out, and count from then on; so is what follows a complaint.
func TestWhatComesIsMeasured(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o, err := h.place(h.wish(h.book, "5", 1))
	if err != nil {
		t.Fatal(err)
	}
	release := func(permit bool) error {
		return h.try(func(ctx context.Context, tx pgx.Tx) error {
			_, err := fragments.Release(ctx, tx, h.lib, o.ID, h.librarian, permit, noon)
			return err
		})
	}
	come := func(name string, pages int) {
		t.Helper()
		if _, err := h.bring(o, name, files.PDF, pages); err != nil {
			t.Fatal(err)
		}
	}
	come("scan.pdf", 20)
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.HandOver(ctx, tx, h.lib, o.ID, h.keeper, noon)
	})
	if err := release(false); err != nil {
		t.Fatal(err)
	}
	h.made(o)
	var limit *fragments.LimitError
	if _, err := h.place(h.wish(h.book, "30–50", 21)); !errors.As(err, &limit) || limit.UpTo != 10 {
		t.Errorf("twenty pages went out, and 21 more of thirty: %v", err)
	}
	h.act(func(ctx context.Context, tx pgx.Tx) (fragments.Order, error) {
		return fragments.Complain(ctx, tx, h.lib, o.ID, fragments.ByReader(), "плохо видно", noon)
	})
	come("more.pdf", 40)
	if err := release(false); !errors.As(err, &limit) {
		t.Errorf("sixty pages of a book of a hundred: %v", err)
	}
	if err := release(true); err != nil {
		t.Errorf("permitted: %v", err)
	}
}
