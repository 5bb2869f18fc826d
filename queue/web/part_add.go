package web

import (
	"context"
	"errors"
	"io"
	"mime/multipart"

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
	problem, came := "", false
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
		wrong, err := v.addPart(o, part)
		if err != nil {
			return err
		}
		if wrong != "" {
			problem = wrong
		}
	}
	if !came {
		problem = v.t("desk_order.problem_nothing")
	}
	if problem != "" {
		return v.orderAgain(problem)
	}
	if v.fragment() {
		return v.orderPart("")
	}
	return v.to(orderAddress(o.ID))
}

// addPart keeps one file and says what is wrong with it.
func (v *visit) addPart(o fragments.Order, part *multipart.Part) (problem string, err error) {
	file, finding, err := v.Keep(v.ctx(), v.lib.ID, part.FileName(), part, maxFile)
	if errors.Is(err, files.ErrTooLarge) {
		return v.t("desk_order.problem_large", "name", part.FileName()), nil
	}
	if err != nil {
		return "", err
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		brought := fragments.Brought{File: file, Finding: finding, Source: fragments.FromDesk, Staff: v.me(), At: v.at}
		if _, err := fragments.Bring(ctx, tx, v.lib.ID, o.ID, brought); err != nil {
			return err
		}
		return v.partChanged(ctx, tx, o)
	})
	if errors.Is(err, fragments.ErrNoPages) {
		return v.t("desk_order.problem_file", "name", part.FileName()), nil
	}
	if problem := v.orderProblem(err); problem != "" {
		return problem, nil
	}
	return "", err
}

// partChanged notes the act and lets the pages of colleagues know.
func (v *visit) partChanged(ctx context.Context, tx pgx.Tx, o fragments.Order) error {
	if err := v.audit(ctx, tx, v.object("order", int64(o.ID)), nil); err != nil {
		return err
	}
	return queue.OrderChanged(ctx, tx, v.lib.ID, int64(o.ID))
}
