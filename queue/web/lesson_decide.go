package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// lessonDecision is an act on a newcomer: what it changes, how the department's task ends, what the reader is told.
type lessonDecision struct {
	act     func(ctx context.Context, tx pgx.Tx, registration int64) error
	news    string
	outcome string
	did     string
	card    bool // the registrar may go on
	detail  map[string]any
}

// decideLesson carries the decision out in one transaction. The conversation is locked first, as turns do.
func (v *visit) decideLesson(d lessonDecision) error {
	reg, err := v.registration()
	if err != nil {
		return err
	}
	card, err := v.cardTask(reg)
	if err != nil {
		return err
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		if err := v.letGoOfLesson(ctx, tx, reg); err != nil {
			return err
		}
		if reg.Conversation != 0 {
			if err := v.Hold(ctx, tx, v.lib.ID, reg.Conversation); err != nil {
				return err
			}
		}
		if err := d.act(ctx, tx, reg.ID); err != nil {
			return err
		}
		done, err := v.endLessonTasks(ctx, tx, reg.ID, d.outcome)
		if err != nil {
			return err
		}
		if d.card {
			if _, err := queue.Open(ctx, tx, []queue.NewTask{card}); err != nil {
				return err
			}
		}
		if reg.Conversation != 0 {
			if err := v.Conversations.Tell(ctx, tx, v.lib.ID, reg.Conversation, queue.News{Kind: d.news, Reader: reg.Reader}); err != nil {
				return err
			}
		}
		detail := map[string]any{"tasks": done}
		maps.Copy(detail, d.detail)
		return v.audit(ctx, tx, v.object("registration", reg.ID), detail)
	})
	if problem := v.taskProblem(err); problem != "" {
		v.problem = problem
		return v.showLessons(http.StatusConflict)
	}
	if errors.Is(err, queue.ErrNotAllowed) {
		v.problem = v.t("desk_departments.problem_lesson")
		return v.showLessons(http.StatusForbidden)
	}
	if err != nil {
		return err
	}
	return v.to("/desk/lessons?did=" + d.did)
}

// letGoOfLesson lets the bot speak again, if it was the department's task for which it stepped aside.
func (v *visit) letGoOfLesson(ctx context.Context, tx pgx.Tx, reg Registration) error {
	task := queue.Task{Conversation: reg.Conversation}
	open, err := queue.OfRegistration(ctx, tx, v.lib.ID, reg.ID, queue.KindLesson)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		task.ID = open[0]
	}
	return v.letGo(ctx, tx, task)
}

// endLessonTasks finishes the department's work on the newcomer, if there is any. What a colleague has taken stays theirs: a *queue.TakenError.
func (v *visit) endLessonTasks(ctx context.Context, tx pgx.Tx, registration int64, outcome string) ([]queue.TaskID, error) {
	open, err := queue.OfRegistration(ctx, tx, v.lib.ID, registration, queue.KindLesson)
	if err != nil {
		return nil, err
	}
	for _, id := range open {
		if _, err := v.Desk.TakeWithin(ctx, tx, v.lib.ID, id, v.me()); err != nil {
			return nil, err
		}
		if err := v.Desk.Finish(ctx, tx, v.lib.ID, id, v.me(), outcome); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// cardTask is the registrar's work on an accepted registration.
func (v *visit) cardTask(reg Registration) (queue.NewTask, error) {
	task := queue.NewTask{
		Library: v.lib.ID, Kind: queue.KindCard, Role: queue.RoleRegistrar, Conversation: reg.Conversation, Reader: reg.Reader, Registration: reg.ID,
		ReaderName: reg.Name, Created: v.at,
	}.Promised(v.lib, v.lib.Settings.Hours)
	if reg.Conversation == 0 {
		return task, nil
	}
	header, err := v.Conversations.Header(v.ctx(), v.lib.ID, reg.Conversation)
	if err != nil {
		return task, fmt.Errorf("task for the card of registration %d: %w", reg.ID, err)
	}
	task.Channel = header.Channel
	return task, nil
}
