package web

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

// replyQuestion brings the department's answer to the librarians; to the reader at once where the library trusts the department, and no colleague speaks with
// them.
func replyQuestion(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	if problem := v.replyProblem(&t); problem != "" {
		return v.again(t.ID, problem)
	}
	text, _ := bots.Clean(strings.TrimSpace(v.form("text")))
	dep, err := v.Desk.GetDepartment(v.ctx(), v.lib.ID, t.Department)
	if err != nil {
		return err
	}
	return v.moveQuestion(t, func(ctx context.Context, tx pgx.Tx) (did string, err error) {
		if dep.Trusted && passed(t) {
			err := v.Conversations.Say(ctx, tx, v.lib.ID, t.Conversation, v.me(), text, nil)
			if err == nil {
				return "answered", v.Desk.Finish(ctx, tx, v.lib.ID, t.ID, v.me(), outcomeAnswered)
			}
			if !errors.Is(err, queue.ErrOtherSpeaks) {
				return "", err
			}
		}
		return "replied", v.Desk.ReplyQuestion(ctx, tx, v.lib.ID, t.ID, v.me(), text)
	})
}

// giveBackQuestion says that the department cannot answer, and why.
func giveBackQuestion(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	words := v.form("words")
	if problem := v.wordsProblem(words, true); problem != "" {
		return v.again(t.ID, problem)
	}
	return v.moveQuestion(t, func(ctx context.Context, tx pgx.Tx) (did string, err error) {
		return "question-back", v.Desk.ReturnQuestion(ctx, tx, v.lib.ID, t.ID, v.me(), words)
	})
}
