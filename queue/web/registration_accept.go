package web

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// acceptRegistration hands the reader on to the registrar.
func acceptRegistration(v *visit) error {
	return v.decide(decision{queue.KindRegistration, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		if err := v.Accept(ctx, tx, v.lib.ID, t.Registration, v.me()); err != nil {
			return queue.News{}, err
		}
		_, err := queue.Open(ctx, tx, []queue.NewTask{{
			Library: v.lib.ID, Kind: queue.KindCard, Role: queue.RoleRegistrar, Conversation: t.Conversation, Reader: t.Reader,
			Registration: t.Registration, ReaderName: t.ReaderName, Channel: t.Channel, Created: v.at, Due: v.promised(queue.KindCard),
		}})
		return queue.News{Kind: queue.NewsAccepted}, err
	}, outcomeAccepted, "accepted"})
}

// unpromised is the working time for a kind of task of which the library promises nothing: about one day.
const unpromised = 8 * time.Hour

func (v *visit) promised(kind string) time.Time {
	work := time.Duration(v.lib.Settings.Promise[kind].Minutes) * time.Minute
	if work <= 0 {
		work = unpromised
	}
	return v.lib.Due(v.at, work)
}
