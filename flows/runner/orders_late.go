package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// lateMost bounds of how many late orders one sweep tells.
const lateMost = 50

// tellLate tells readers of promises that were not kept, each once, while their library is open: nobody is woken at night by what can only be sorry. What fails
// is tried again by the next sweep, and holds up nobody.
func (r *Runner) tellLate(ctx context.Context) error {
	all, err := r.Libraries.All(ctx)
	if err != nil {
		return err
	}
	now, open := r.Now(), map[library.ID]library.Library{}
	var ids []library.ID
	for _, lib := range all {
		if opens, ever := lib.Opens(now); !ever || !opens.After(now) {
			open[lib.ID], ids = lib, append(ids, lib.ID)
		}
	}
	slices.Sort(ids)
	late, err := fragments.Late(ctx, r.Pool, ids, now, lateMost)
	if err != nil {
		return err
	}
	var failed []error
	for _, o := range late {
		failed = append(failed, r.orderTx(ctx, o, func(tx pgx.Tx) error { return r.tellLateOrder(ctx, tx, open[o.Library], o) }))
	}
	return errors.Join(failed...)
}

func (r *Runner) tellLateOrder(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order) error {
	hoped, err := fragments.ToldLate(ctx, tx, lib, o, r.Now())
	if err != nil {
		return err
	}
	err = r.Tell(ctx, tx, lib.ID, o.Conversation, queue.News{Kind: queue.NewsOrderLate, Reader: int64(o.Reader), Fields: map[string]string{
		"order": o.Code(), "kind": o.Kind, "code": o.Code(), "title": o.Title, "pages": o.Pages, "due": hoped.Format(time.RFC3339),
	}})
	if err != nil {
		return fmt.Errorf("tell that order %d is late: %w", o.ID, err)
	}
	return nil
}
