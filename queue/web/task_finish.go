package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// finishTask closes what needs no decision, or none any more.
func finishTask(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	plain, err := v.plain(v.ctx(), t)
	if err != nil {
		return err
	}
	if !plain {
		return v.again(t.ID, v.t("desk.problem_undecided"))
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		return v.Desk.Finish(ctx, tx, v.lib.ID, t.ID, v.me(), outcomeDone)
	})
	if problem := v.taskProblem(err); problem != "" {
		return v.again(t.ID, problem)
	}
	if err != nil {
		return err
	}
	return v.to("/desk?did=done")
}

// decision is an act that closes a task: what it changes, how the task ends, what the reader is told.
type decision struct {
	kind    string
	act     func(ctx context.Context, tx pgx.Tx, t queue.Task) (queue.News, error)
	outcome string
	did     string
}

// decide carries the decision out in one transaction. The conversation is locked first, as turns do.
func (v *visit) decide(d decision) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	if t.Kind != d.kind {
		return errMissing
	}
	did := d.did
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		if err := v.letGo(ctx, tx, t); err != nil {
			return err
		}
		if err := v.hold(ctx, tx, t); err != nil {
			return err
		}
		if err := v.Desk.Finish(ctx, tx, v.lib.ID, t.ID, v.me(), d.outcome); err != nil {
			return err
		}
		news, err := d.act(ctx, tx, t)
		if err != nil {
			return err
		}
		if news.Kind == queue.NewsLesson { // accepted, but not handed on yet
			did = "accepted-lesson"
		}
		if err := v.tell(ctx, tx, t, news); err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("registration", t.Registration), map[string]any{"task": t.ID})
	})
	if problem := v.taskProblem(err); problem != "" {
		return v.again(t.ID, problem)
	}
	if err != nil {
		return err
	}
	return v.to("/desk?did=" + did)
}

// letGo lets the bot speak again when the task for which it stepped aside is done, unless the visitor has more to talk about with the reader.
func (v *visit) letGo(ctx context.Context, tx pgx.Tx, t queue.Task) error {
	if t.Conversation == 0 {
		return nil
	}
	more, err := queue.HoldsMore(ctx, tx, v.lib.ID, t.Conversation, v.me(), t.ID)
	if err != nil || more {
		return err
	}
	return v.Conversations.LetGo(ctx, tx, v.lib.ID, t.Conversation, v.me())
}

func (v *visit) hold(ctx context.Context, tx pgx.Tx, t queue.Task) error {
	if t.Conversation == 0 { // entered by staff for somebody who does not write to us
		return nil
	}
	return v.Hold(ctx, tx, v.lib.ID, t.Conversation)
}

func (v *visit) tell(ctx context.Context, tx pgx.Tx, t queue.Task, news queue.News) error {
	if t.Conversation == 0 {
		return nil
	}
	news.Reader = t.Reader
	return v.Conversations.Tell(ctx, tx, v.lib.ID, t.Conversation, news)
}
