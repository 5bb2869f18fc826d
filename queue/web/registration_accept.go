package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/queue"
)

// acceptRegistration hands the reader on to the registrar, once every page of the papers is accepted; a newcomer, first, to the lesson for new readers.
func acceptRegistration(v *visit) error {
	open, err := v.pagesOpen()
	if err != nil {
		return err
	}
	if open != nil {
		return v.again(open.ID, v.t("desk_papers.problem_pages"))
	}
	return v.decide(decision{queue.KindRegistration, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		if err := v.Accept(ctx, tx, v.lib.ID, t.Registration, v.me()); err != nil {
			return queue.News{}, err
		}
		if held, err := contacts.HoldCard(ctx, tx, v.lib, t.Registration, v.at); err != nil || held {
			return queue.News{Kind: queue.NewsLesson}, err
		}
		card := queue.NewTask{
			Library: v.lib.ID, Kind: queue.KindCard, Role: queue.RoleRegistrar, Conversation: t.Conversation, Reader: t.Reader,
			Registration: t.Registration, ReaderName: t.ReaderName, Channel: t.Channel, Created: v.at,
		}
		_, err := queue.Open(ctx, tx, []queue.NewTask{card.Promised(v.lib, v.lib.Settings.Hours)})
		return queue.News{Kind: queue.NewsAccepted}, err
	}, outcomeAccepted, "accepted"})
}

// pagesOpen is the task if it is that of a registration with a page that is not accepted, or nil. Accept looks again in the transaction.
func (v *visit) pagesOpen() (*queue.Task, error) {
	t, err := v.task()
	if err != nil || t.Kind != queue.KindRegistration {
		return nil, err
	}
	reg, err := v.Registration(v.ctx(), v.lib.ID, t.Registration)
	if err != nil || !reg.Papers || reg.State != awaited(t.Kind) {
		return nil, err
	}
	pages, err := v.Papers(v.ctx(), v.lib.ID, reg.ID)
	if err != nil || count(pages).complete() {
		return nil, err
	}
	return &t, nil
}
