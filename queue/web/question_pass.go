package web

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// passQuestion gives the question to a department, and tells the reader who looks the answer up.
func passQuestion(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	department, err := strconv.ParseInt(v.form("department"), 10, 64)
	if err != nil {
		return v.again(t.ID, v.t("desk_order.problem_department"))
	}
	words := v.form("words")
	if problem := v.wordsProblem(words, false); problem != "" {
		return v.again(t.ID, problem)
	}
	return v.moveQuestion(t, func(ctx context.Context, tx pgx.Tx) (did string, err error) {
		due, err := v.Desk.PassQuestion(ctx, tx, v.lib, t.ID, v.me(), department, words)
		if err != nil {
			return "", err
		}
		return "passed", v.tellPassed(ctx, tx, t, department, due)
	})
}

func (v *visit) tellPassed(ctx context.Context, tx pgx.Tx, t queue.Task, department int64, due time.Time) error {
	dep, err := queue.DepartmentByID(ctx, tx, v.lib.ID, department)
	if err != nil {
		return err
	}
	header, err := v.Conversations.Header(ctx, v.lib.ID, t.Conversation)
	if err != nil {
		return err
	}
	return v.tell(ctx, tx, t, queue.News{Kind: queue.NewsQuestionPassed, Fields: map[string]string{
		"department": dep.Title(header.Lang, v.lib.RecordLang()), "due": due.Format(time.RFC3339),
	}})
}

// recallQuestion takes back what nobody in the department has begun.
func recallQuestion(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		return v.Desk.RecallQuestion(ctx, tx, v.lib.ID, t.ID, v.me())
	})
	if problem := v.questionProblem(err); problem != "" {
		return v.again(t.ID, problem)
	}
	if err != nil {
		return err
	}
	return v.to(taskAddress(t.ID) + "?did=recalled")
}

// moveQuestion carries out what brings the question to others. The bot speaks again meanwhile. The conversation is locked first, as turns do.
func (v *visit) moveQuestion(t queue.Task, act func(ctx context.Context, tx pgx.Tx) (did string, err error)) error {
	var did string
	err := v.insist(func(ctx context.Context, tx pgx.Tx) error {
		if err := v.letGo(ctx, tx, t); err != nil {
			return err
		}
		if err := v.hold(ctx, tx, t); err != nil {
			return err
		}
		var err error
		did, err = act(ctx, tx)
		return err
	})
	if problem := v.questionProblem(err); problem != "" {
		return v.again(t.ID, problem)
	}
	if err != nil {
		return err
	}
	return v.to("/desk?did=" + did)
}

func (v *visit) questionProblem(err error) string {
	if errors.Is(err, queue.ErrInvalid) {
		return v.t("desk_question.problem_state")
	}
	return v.taskProblem(err)
}
