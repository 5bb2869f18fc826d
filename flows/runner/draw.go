package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/queue"
)

// drawLease is how long one process may take to draw the papers of a registration before another tries, at first.
const drawLease = time.Minute

// drawNext draws what has waited longest and reports whether there was anything. What fails is tried again when its lease is over; what failed each time,
// or ended with the process, is work for a person.
func (r *Runner) drawNext(ctx context.Context) (bool, error) {
	job, found, err := papers.Claim(ctx, r.Pool, r.Now(), drawLease)
	if err != nil || !found {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, drawLease/2)
	defer cancel()
	if job.Try > papers.Tries {
		return true, pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
			return r.openStuck(ctx, tx, key{job.Library, bots.ConversationID(job.Conversation)})
		})
	}
	if job.Order.Library, err = r.Libraries.ByID(ctx, job.Library); err != nil {
		return true, err
	}
	drawn, err := r.Press.Draw(job.Order)
	if err != nil {
		return true, fmt.Errorf("papers of registration %d, try %d: %w", job.Registration, job.Try, err)
	}
	ids := make([]files.ID, len(drawn))
	for i, d := range drawn {
		name := r.Texts.Words(job.Order.Lang, library.Words{Key: "papers_print." + string(d.Kind)}) + ".pdf"
		kept, err := r.Store.Put(ctx, job.Library, bytes.NewReader(d.PDF), files.Meta{Name: name}, int64(len(d.PDF)))
		if err != nil {
			return true, fmt.Errorf("keep papers of registration %d: %w", job.Registration, err)
		}
		ids[i] = kept.ID
	}
	return true, pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error { return r.handOut(ctx, tx, job, drawn, ids) })
}

// handOut notes what was drawn and sends it. Papers that are wanted no more go nowhere; their files are removed as those that nothing shows.
func (r *Runner) handOut(ctx context.Context, tx pgx.Tx, job papers.Job, drawn []papers.Drawn, ids []files.ID) error {
	conv := bots.ConversationID(job.Conversation)
	if err := r.Hold(ctx, tx, job.Library, conv); err != nil {
		return err
	}
	err := papers.Made(ctx, tx, job, drawn, ids, r.Now())
	if errors.Is(err, papers.ErrState) {
		return nil
	}
	if err != nil {
		return err
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	news := queue.News{Kind: flows.NewsPapers, Fields: map[string]string{"name": job.Order.Name}, Files: names}
	return r.Tell(ctx, tx, job.Library, conv, news)
}
