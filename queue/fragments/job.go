package fragments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// Tries is how often the pages of an order are joined before a person has to look.
const Tries = 3

const (
	claimJob = `update orders set job_at = $2, tries = tries + 1
where (library_id, id) in (select library_id, id from orders where state = 'making' and job_at <= $1 order by job_at limit 1 for update skip locked)
returning library_id, id, tries`
	setResult = `update orders set file_ids = $3, sent_at = $4 where library_id = $1 and id = $2`
)

// Job is a released order whose pages are to be joined.
type Job struct {
	Order Order
	Parts []Part // those that are not dropped
	Try   int
}

// Claim takes the order that has waited longest, for so long as the lease; false when none waits.
func Claim(ctx context.Context, db contacts.DB, now time.Time, lease time.Duration) (Job, bool, error) {
	var j Job
	var lib library.ID
	var id ID
	err := db.QueryRow(ctx, claimJob, now, now.Add(lease)).Scan(&lib, &id, &j.Try)
	if errors.Is(err, pgx.ErrNoRows) {
		return j, false, nil
	}
	if err != nil {
		return j, false, fmt.Errorf("claim an order to be joined: %w", err)
	}
	if j.Order, err = ByID(ctx, db, lib, id); err != nil {
		return j, false, err
	}
	all, err := Parts(ctx, db, lib, id)
	if err != nil {
		return j, false, err
	}
	for _, p := range all {
		if !p.Dropped {
			j.Parts = append(j.Parts, p)
		}
	}
	return j, true, nil
}

// Made notes the PDF of a released order, which is sent by now. ErrState when somebody was faster. The caller holds the conversation.
func Made(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, made []files.ID, now time.Time) (Order, error) {
	if err := files.Link(ctx, tx, lib.ID, made...); err != nil {
		return Order{}, err
	}
	if _, err := lock(ctx, tx, lib.ID, id); err != nil {
		return Order{}, err
	}
	if _, err := tx.Exec(ctx, setResult, lib.ID, id, made, now); err != nil {
		return Order{}, fmt.Errorf("keep the PDF of order %d: %w", id, err)
	}
	return step(ctx, tx, lib, id, ByProgram(), now, change{act: ActMade})
}

// Failed gives an order whose pages cannot be joined back to the librarian; the words say which page is to blame.
func Failed(ctx context.Context, tx pgx.Tx, lib library.Library, id ID, words string, now time.Time) (Order, error) {
	o, err := step(ctx, tx, lib, id, ByProgram(), now, change{act: ActFail})
	if err != nil {
		return o, err
	}
	return o, queue.NoteOfOrder(ctx, tx, lib.ID, int64(id), words)
}
