package runner

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/queue"
)

// renewed are the readers for whom a consent is given: those of an older one, or nobody who is known yet.
func (t *turn) renewed(ask flows.GiveConsent) []contacts.ReaderID {
	var out []contacts.ReaderID
	for _, p := range t.reader.People {
		if ask.Renew && p.ConsentOld {
			out = append(out, contacts.ReaderID(p.ID))
		}
	}
	if len(out) == 0 {
		return []contacts.ReaderID{0}
	}
	return out
}

// withdrawConsent takes back what the contact has agreed to, for all or for one of their readers: what is under way ends, with its papers and its work;
// whoever has a card is work for a person.
func (r *Runner) withdrawConsent(ctx context.Context, tx pgx.Tx, a asked[flows.WithdrawConsent]) (flows.Answer, error) {
	gone, err := contacts.WithdrawConsent(ctx, tx, a.libID, a.party.Contact, contacts.ReaderID(a.ask.Reader), a.now)
	if err != nil {
		return nil, err
	}
	if err := queue.ForgetNeeds(ctx, tx, a.libID, a.party.Contact, contacts.ReaderID(a.ask.Reader)); err != nil {
		return nil, err
	}
	out := flows.ConsentWithdrawn{Cards: len(gone.Cards)}
	for _, s := range gone.Stopped {
		if err := papers.Close(ctx, tx, a.libID, s.ID, a.now); err != nil {
			return nil, err
		}
		out.Stopped = append(out.Stopped, int64(s.ReaderID))
	}
	if err := a.endTasks(ctx, tx, gone.Stopped); err != nil {
		return nil, err
	}
	tasks := make([]queue.NewTask, len(gone.Cards))
	for i, holder := range gone.Cards {
		tasks[i] = a.task(queue.KindWithdrawal, queue.RoleRegistrar, "")
		tasks[i].ReaderName, tasks[i].Reader, out.Due = holder.Name, int64(holder.ID), tasks[i].Due
	}
	_, err = queue.Open(ctx, tx, tasks)
	return out, err
}

// endTasks ends the work on registrations that have come to nothing, in whichever conversation it is.
func (t *turn) endTasks(ctx context.Context, tx pgx.Tx, stopped []contacts.Stopped) error {
	of := map[bots.ConversationID][]int64{}
	for _, s := range stopped {
		conv := bots.ConversationID(s.AddressID)
		of[conv] = append(of[conv], s.ID)
	}
	var ids []queue.TaskID
	for conv, registrations := range of {
		tasks, err := queue.OfConversation(ctx, tx, t.libID, conv)
		if err != nil {
			return err
		}
		for _, task := range tasks {
			if slices.Contains(registrations, task.Registration) {
				ids = append(ids, task.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	return queue.Withdraw(ctx, tx, t.libID, ids, queue.OutcomeWithdrawn)
}
