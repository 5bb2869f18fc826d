package web

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/queue"
	"librarian/queue/fragments"
)

// What one upload may carry: photos of a fragment, or the scan of it.
const (
	maxUpload = 300 << 20 // bytes of all files
	maxFile   = 100 << 20 // bytes of one
)

// addParts takes the photos and scans of an order, one after the other as they come: what has come stays when the line breaks, or when another is no page.
func addParts(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	body, err := v.r.MultipartReader()
	if err != nil {
		return errors.Join(errForm, err)
	}
	b, came := &bringing{visit: v, page: o.ID, order: o.ID, delivery: "desk " + rand.Text()}, false
	for {
		part, err := body.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(errForm, err)
		}
		if part.FileName() == "" {
			continue
		}
		came = true
		if err := b.addPart(part); err != nil {
			return err
		}
	}
	if !came {
		b.problem = v.t("desk_order.problem_nothing")
	}
	notes := b.notes()
	switch {
	case b.problem != "" && len(notes) == 0:
		return v.orderAgain(b.problem)
	case v.fragment():
		return v.orderPart(b.problem, notes...)
	case len(notes) > 0:
		v.problem = b.problem
		return v.showOrder(o, http.StatusOK, notes...)
	}
	return v.to(orderAddress(o.ID))
}

// addPart keeps one file, or notes what is wrong with it.
func (b *bringing) addPart(part *multipart.Part) error {
	file, finding, err := b.Keep(b.ctx(), b.lib.ID, part.FileName(), part, maxFile)
	if errors.Is(err, files.ErrTooLarge) {
		b.problem = b.t("desk_order.problem_large", "name", part.FileName())
		return nil
	}
	if err != nil {
		return err
	}
	return b.take(file, finding)
}

// partChanged notes the act and lets the pages of colleagues know.
func (v *visit) partChanged(ctx context.Context, tx pgx.Tx, o fragments.Order) error {
	if err := v.audit(ctx, tx, v.object("order", int64(o.ID)), nil); err != nil {
		return err
	}
	return queue.OrderChanged(ctx, tx, v.lib.ID, int64(o.ID))
}
