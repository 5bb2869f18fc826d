package runner

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/queue"
	"librarian/queue/fragments"
)

// HandOn is what becomes of messages that did not reach their address: a person's answer goes to the e-mail that the reader has proven, everything
// else that matters to a reader becomes a task. Who has shut the library out is told of tasks there no more. It fits bots.Failed.
func (r *Runner) HandOn(ctx context.Context, tx pgx.Tx, failures []bots.Failure) error {
	for _, f := range failures {
		if err := r.handOn(ctx, tx, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) handOn(ctx context.Context, tx pgx.Tx, f bots.Failure) error {
	now := r.Now()
	if f.Blocked {
		if err := contacts.Gone(ctx, tx, f.Library, contacts.AddressID(f.Conversation), true, now); err != nil {
			return err
		}
	}
	if f.Kind == bots.OutDesk && f.Blocked {
		return queue.UnbindConversation(ctx, tx, f.Library, f.Conversation)
	}
	if f.Kind != bots.OutStaff && f.Kind != bots.OutNotice {
		return nil
	}
	lib, err := r.Libraries.ByID(ctx, f.Library)
	if err != nil {
		return err
	}
	if f.Body.Send != 0 { // the reader has the pages another way, or soon will
		besides, err := fragments.Besides(ctx, tx, f.Library, f.Body.Send)
		if err != nil || besides {
			return err
		}
	}
	if f.Secret == "" { // a password never takes another way
		sent, err := r.copyByMail(ctx, tx, lib, f)
		if err != nil || sent {
			return err
		}
	}
	if f.Problem == "unseen" {
		return nil // it still lies in the web chat for them
	}
	h, err := r.Header(ctx, f.Library, f.Conversation)
	if err != nil {
		return err
	}
	_, err = queue.Open(ctx, tx, []queue.NewTask{{
		Library: f.Library, Kind: queue.KindUndelivered, Role: queue.RoleLibrarian, Conversation: f.Conversation, ReaderName: h.Name, Channel: h.Channel,
		Note: f.Body.Text, Created: now, Due: lib.Due(now, lib.Settings.Work(queue.KindUndelivered)),
	}})
	return err
}
