package papers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// Tries is how often an order is given to be drawn, in four hours or so. Once more it is given for a person to be told; then it stays wanted, and nothing
// happens to it until it is wanted anew.
const Tries = 12

const (
	voidOrders = `update paper_orders set state = 'void', content = null, ended_at = coalesce(ended_at, $3)
where library_id = $1 and registration_id = $2 and state <> 'void'`
	wantOrder = `insert into paper_orders (library_id, registration_id, conversation_id, token, state, content, due_at, created_at)
values ($1, $2, $3, $4, 'wanted', $5, $6, $6) on conflict (library_id, registration_id) where state <> 'void' do nothing`
)

// Want notes that the papers are to be drawn for the registration, and sent in the conversation. Its earlier papers are void from now on, whatever came of
// them. The order gets a token if it has none.
func Want(ctx context.Context, tx pgx.Tx, lib library.ID, registration, conversation int64, o Order, at time.Time) error {
	if o.Token == "" {
		o.Token = NewToken()
	}
	if err := o.check(); err != nil {
		return fmt.Errorf("want papers of registration %d: %w", registration, err)
	}
	for {
		if _, err := tx.Exec(ctx, voidOrders, lib, registration, at); err != nil {
			return fmt.Errorf("void papers of registration %d: %w", registration, err)
		}
		tag, err := tx.Exec(ctx, wantOrder, lib, registration, conversation, o.Token, o, at)
		if err != nil {
			return fmt.Errorf("want papers of registration %d: %w", registration, err)
		}
		if tag.RowsAffected() == 1 {
			return nil
		}
		// Another transaction has just wanted papers too: the next round makes those void.
	}
}

// Job is an order that is to be drawn by whoever claimed it.
type Job struct {
	Library      library.ID
	ID           int64
	Registration int64
	Conversation int64
	Order        Order // without its Library
	Try          int   // from 1; above Tries there is nothing left but to tell a person
}

const claimOrder = `with w as (
  select library_id, id from paper_orders where state = 'wanted' and due_at <= $1 and tries <= $3 order by due_at limit 1 for update skip locked)
update paper_orders o set due_at = $1 + $2::interval * (1 << least(tries, 5)), tries = tries + 1 from w where o.library_id = w.library_id and o.id = w.id
returning o.library_id as library, o.id, o.registration_id as registration, o.conversation_id as conversation, o.content as "order", o.tries as try`

// Claim gives the order that has waited longest, or false when none does. It is claimed again when the lease is over and it was not made; each lease is twice
// as long as the one before, up to 32 times.
func Claim(ctx context.Context, db contacts.DB, now time.Time, lease time.Duration) (Job, bool, error) {
	rows, err := db.Query(ctx, claimOrder, now, lease, Tries)
	if err != nil {
		return Job{}, false, fmt.Errorf("claim papers: %w", err)
	}
	job, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Job])
	if errors.Is(err, pgx.ErrNoRows) {
		return Job{}, false, nil
	}
	if err != nil {
		return Job{}, false, fmt.Errorf("claim papers: %w", err)
	}
	return job, true, nil
}

const (
	madeOrder = `update paper_orders set state = 'made', content = null, made_at = $3 where library_id = $1 and id = $2 and state = 'wanted'`
	addPaper  = `with p as (
  insert into papers (library_id, order_id, kind, lang, version, text_hash, file_id) values ($1, $2, $3, $4, $5, $6, $7) returning library_id, id)
insert into paper_pages (library_id, paper_id, number) select p.library_id, p.id, n from p, generate_series(1, $8::int) n`
)

// Made keeps what was drawn for the job, with the file of each paper in the same order, and waits for its pages. The files are linked. ErrState when others
// made it first or it is not wanted any more: then nothing is to be sent.
func Made(ctx context.Context, tx pgx.Tx, job Job, drawn []Drawn, ids []files.ID, at time.Time) error {
	if len(drawn) == 0 || len(drawn) != len(ids) {
		return fmt.Errorf("papers %d: %d files for %d papers", job.ID, len(ids), len(drawn))
	}
	tag, err := tx.Exec(ctx, madeOrder, job.Library, job.ID, at)
	if err != nil {
		return fmt.Errorf("papers %d: %w", job.ID, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("papers %d: %w", job.ID, ErrState)
	}
	batch := &pgx.Batch{}
	for i, d := range drawn {
		batch.Queue(addPaper, job.Library, job.ID, d.Kind, d.Lang, d.Version, d.TextHash, ids[i], d.Pages)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("papers %d: %w", job.ID, err)
	}
	return files.Link(ctx, tx, job.Library, ids...)
}
