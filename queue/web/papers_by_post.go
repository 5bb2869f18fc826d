package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// receivePapersByPost notes that the missing pages have come on paper, and tells the reader. They are then looked at like others, in a task.
func receivePapersByPost(v *visit) error {
	reg, err := v.registration()
	if err != nil {
		return err
	}
	if !reg.Papers {
		return errMissing
	}
	wanted, err := v.checkingTask(reg)
	if err != nil {
		return err
	}
	var task queue.TaskID
	err = v.write(func(ctx context.Context, tx pgx.Tx) (err error) {
		if reg.Conversation != 0 {
			if err := v.Hold(ctx, tx, v.lib.ID, reg.Conversation); err != nil {
				return err
			}
		}
		if err := v.ByPost(ctx, tx, v.lib.ID, reg.ID, v.me()); err != nil {
			return err
		}
		if task, err = openOnce(ctx, tx, wanted); err != nil {
			return err
		}
		if reg.Conversation != 0 {
			news := queue.News{Kind: queue.NewsPapersArrived, Reader: reg.Reader}
			if err := v.Conversations.Tell(ctx, tx, v.lib.ID, reg.Conversation, news); err != nil {
				return err
			}
		}
		return v.audit(ctx, tx, v.object("registration", reg.ID), map[string]any{"task": task})
	})
	if problem := v.taskProblem(err); problem != "" {
		v.problem = problem
		return v.showRegistration(reg.ID, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return v.to(taskAddress(task) + "?did=by-post")
}

// checkingTask is a new task in which the papers are looked at.
func (v *visit) checkingTask(reg Registration) (queue.NewTask, error) {
	task := queue.NewTask{
		Library: v.lib.ID, Kind: queue.KindRegistration, Role: queue.RoleLibrarian, Conversation: reg.Conversation, Reader: reg.Reader,
		Registration: reg.ID, ReaderName: reg.Name, Created: v.at,
	}.Promised(v.lib, v.lib.Settings.Hours)
	if reg.Conversation == 0 {
		return task, nil
	}
	header, err := v.Conversations.Header(v.ctx(), v.lib.ID, reg.Conversation)
	task.Channel = header.Channel
	return task, err
}

// openOnce gives the task of the same registration that is open already, or opens this one.
func openOnce(ctx context.Context, tx pgx.Tx, task queue.NewTask) (queue.TaskID, error) {
	if task.Conversation != 0 {
		open, err := queue.OfConversation(ctx, tx, task.Library, task.Conversation)
		if err != nil {
			return 0, err
		}
		for _, t := range open {
			if t.Kind == task.Kind && t.Registration == task.Registration {
				return t.ID, nil
			}
		}
	}
	ids, err := queue.Open(ctx, tx, []queue.NewTask{task})
	if err != nil {
		return 0, fmt.Errorf("task for the papers of registration %d: %w", task.Registration, err)
	}
	return ids[0], nil
}
