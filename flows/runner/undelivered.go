package runner

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// HandOn is what becomes of messages that did not reach their address: a person's answer goes to the e-mail that the reader has proven, or to WhatsApp
// at their proven number; everything else that matters to a reader becomes a task. Who has shut the library out is told of tasks there no more. It fits bots.Failed.
func (r *Runner) HandOn(ctx context.Context, tx pgx.Tx, failures []bots.Failure) error {
	told := map[int64]bool{} // sendings of which a task tells by now
	for _, f := range failures {
		if err := r.handOn(ctx, tx, f, failures, told); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) handOn(ctx context.Context, tx pgx.Tx, f bots.Failure, same []bots.Failure, told map[int64]bool) error {
	if f.Blocked {
		if err := contacts.Gone(ctx, tx, f.Library, contacts.AddressID(f.Conversation), true, r.Now()); err != nil {
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
	sent, err := r.sendCopy(ctx, tx, lib, f)
	if err != nil || sent {
		return err
	}
	if f.Problem == "unseen" {
		return nil // it still lies in the web chat for them
	}
	if f.Body.Send != 0 {
		known, err := toldBefore(ctx, tx, f, same, told)
		if err != nil || known {
			return err
		}
		told[f.Body.Send] = true
	}
	return r.openUndelivered(ctx, tx, lib, f)
}

// sendCopy lets the message take another way, once, and reports whether there is one. A password never takes another.
func (r *Runner) sendCopy(ctx context.Context, tx pgx.Tx, lib library.Library, f bots.Failure) (sent bool, err error) {
	if f.Secret != "" || f.Body.Again {
		return false, nil
	}
	if sent, err = r.copyByMail(ctx, tx, lib, f); err != nil || sent {
		return sent, err
	}
	return r.copyByPhone(ctx, tx, lib, f)
}

// toldBefore reports whether a task tells of another part of the same sending: one is enough. Besides has locked the order, so that no part is handed on
// meanwhile.
func toldBefore(ctx context.Context, tx pgx.Tx, f bots.Failure, same []bots.Failure, told map[int64]bool) (bool, error) {
	if told[f.Body.Send] {
		return true, nil
	}
	var seqs []int
	for _, one := range same {
		if one.Library == f.Library && one.Conversation == f.Conversation {
			seqs = append(seqs, one.Seq)
		}
	}
	return bots.FailedBefore(ctx, tx, f, seqs)
}

func (r *Runner) openUndelivered(ctx context.Context, tx pgx.Tx, lib library.Library, f bots.Failure) error {
	h, err := r.Header(ctx, f.Library, f.Conversation)
	if err != nil {
		return err
	}
	now := r.Now()
	_, err = queue.Open(ctx, tx, []queue.NewTask{{
		Library: f.Library, Kind: queue.KindUndelivered, Role: queue.RoleLibrarian, Conversation: f.Conversation, ReaderName: h.Name, Channel: h.Channel,
		Note: f.Body.Text, Created: now, Due: lib.Due(now, lib.Settings.Work(queue.KindUndelivered)),
	}})
	return err
}
