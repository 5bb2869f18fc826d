package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/queue"
)

// joinContact makes the contact of the conversation and another one person.
func joinContact(v *visit) error {
	with, err := strconv.ParseInt(v.form("contact"), 10, 64)
	if err != nil {
		return errForm
	}
	return v.rejoin("joined", func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) (map[string]any, error) {
		id, err := v.Conversations.Join(ctx, tx, v.lib.ID, conv, contacts.ID(with), v.me())
		return map[string]any{"merge": id, "contact": with}, err
	})
}

// rejoin changes who is one person with the contact of the conversation, and goes back to its page.
func (v *visit) rejoin(did string, act func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) (map[string]any, error)) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	conv := bots.ConversationID(id)
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		detail, err := act(ctx, tx, conv)
		if err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("conversation", id), detail)
	})
	if problem := v.joinProblem(err); problem != "" {
		v.problem = problem
		return v.showConversation(conv, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return v.to(conversationAddress(conv) + "?did=" + did)
}

// joinProblem says what is in the way of a merge or its undo; empty when it is something else.
func (v *visit) joinProblem(err error) string {
	switch {
	case errors.Is(err, queue.ErrOtherSpeaks):
		return v.t("desk.problem_speaker")
	case errors.Is(err, queue.ErrSpoken):
		return v.t("desk_join.problem_spoken")
	case errors.Is(err, contacts.ErrTwoPeople):
		return v.t("desk_join.two_readers")
	case errors.Is(err, contacts.ErrMergedOver):
		return v.t("desk_join.problem_over")
	case errors.Is(err, contacts.ErrMerged), errors.Is(err, contacts.ErrUndone), errors.Is(err, contacts.ErrItself):
		return v.t("desk.problem_done")
	}
	return ""
}
