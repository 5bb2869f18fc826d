package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

// takeConversation makes one the speaker, unless somebody else became it since the page was made.
func takeConversation(v *visit) error {
	epoch, err := strconv.Atoi(v.form("epoch"))
	if err != nil {
		return errForm
	}
	return v.turnOver("speaking", func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) error {
		return v.Conversations.TakeOver(ctx, tx, v.lib.ID, conv, v.me(), epoch)
	})
}

// turnOver changes who speaks, or whether the sender is heard at all, and goes back to the page on which the button stood.
func (v *visit) turnOver(did string, act func(ctx context.Context, tx pgx.Tx, conv bots.ConversationID) error) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	conv := bots.ConversationID(id)
	task, err := v.taskOfForm()
	if err != nil {
		return err
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		if err := act(ctx, tx, conv); err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("conversation", id), nil)
	})
	problem := v.taskProblem(err)
	switch {
	case problem == "" && err != nil:
		return err
	case v.fragment(): // what is being written below stays
		return v.speakerPart(conv, task, problem)
	case problem != "":
		return v.talkAgain(conv, task, problem)
	}
	return v.to(addressOf(conv, task) + "?did=" + did)
}

func (v *visit) talkAgain(conv bots.ConversationID, task *queue.Task, problem string) error {
	v.problem = problem
	if task != nil {
		return v.showTask(*task, http.StatusConflict)
	}
	return v.showConversation(conv, http.StatusConflict)
}
