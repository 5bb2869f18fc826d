package web

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

func refuseRegistration(v *visit) error {
	return v.refuse(v.Refuse, queue.NewsRefused, outcomeRefused, "refused")
}

// refusal is one of the ways to say no to what a reader sent.
type refusal func(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, reason string) error

// maxReason is in characters: it has to fit one message of any channel.
const maxReason = 1000

// refuse needs a reason: the reader is told it as it is written.
func (v *visit) refuse(with refusal, kind, outcome, did string) error {
	reason, cut := bots.Clean(strings.TrimSpace(v.form("reason")))
	if reason == "" || cut || len([]rune(reason)) > maxReason {
		t, err := v.task()
		if err != nil {
			return err
		}
		return v.again(t.ID, v.t("desk.problem_reason"))
	}
	return v.decide(decision{queue.KindRegistration, func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error) {
		err := with(ctx, tx, v.lib.ID, t.Registration, v.me(), reason)
		return queue.News{Kind: kind, Fields: map[string]string{"reason": reason}}, err
	}, outcome, did})
}
