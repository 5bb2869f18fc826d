package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/queue"
)

// What is owed: files that are still to be fetched, or all that no turn has seen either.
var (
	fetching = []string{"waiting"}
	unseen   = []string{"waiting", "ready"}
)

// owed counts the reader's files in the conversation that are in one of the states.
func owed(ctx context.Context, db contacts.DB, k key, states []string) (n int, err error) {
	err = db.QueryRow(ctx, `select coalesce(sum(json_array_length(body -> 'files')), 0) from events
where library_id = $1 and conversation_id = $2 and state in ('waiting', 'ready') and state = any($3) and kind = 'message'`, k.lib, k.id, states).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("files owed in conversation %d: %w", k.id, err)
	}
	return n, nil
}

// heldMost bounds one look for papers that were held back.
const heldMost = 100

// releaseHeld gives papers to staff that were complete before the last file had come, when that has come or was given up: whatever the reader does meanwhile.
func (r *Runner) releaseHeld(ctx context.Context) error {
	held, err := papers.AllHeld(ctx, r.Pool, heldMost)
	if err != nil {
		return err
	}
	for _, h := range held {
		err = errors.Join(err, pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error { return r.release(ctx, tx, h) }))
	}
	return err
}

func (r *Runner) release(ctx context.Context, tx pgx.Tx, h papers.Held) error {
	reg, err := contacts.RegistrationByID(ctx, tx, h.Library, h.Registration)
	if err != nil {
		return err
	}
	conv := bots.ConversationID(reg.AddressID)
	if err := r.Hold(ctx, tx, h.Library, conv); err != nil {
		return err
	}
	left, err := owed(ctx, tx, key{h.Library, conv}, unseen)
	if err != nil || left > 0 {
		return err
	}
	if err := papers.LetGo(ctx, tx, h.Library, h.Registration); err != nil {
		return err
	}
	stand, err := papers.Stand(ctx, tx, h.Library, h.Registration)
	if err != nil || !papers.Complete(stand) {
		return err
	}
	_, err = r.papersCame(ctx, tx, h.Library, h.Registration)
	if errors.Is(err, contacts.ErrState) { // given meanwhile, or over
		return nil
	}
	if err != nil {
		return err
	}
	return r.Tell(ctx, tx, h.Library, conv, queue.News{Kind: flows.NewsArrived, Reader: int64(reg.ReaderID)})
}
