package web

import (
	"errors"
	"net/http"

	"librarian/queue"
)

// takeTask is where two people at the same moment find out who was first.
func takeTask(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	_, err = v.Desk.Take(v.ctx(), v.lib.ID, t.ID, v.me())
	if problem := v.taskProblem(err); problem != "" {
		return v.again(t.ID, problem)
	}
	if err != nil {
		return err
	}
	return v.to(taskAddress(t.ID))
}

// again shows the task as it is by now, with what was in the way.
func (v *visit) again(id queue.TaskID, problem string) error {
	t, err := v.taskOf(id)
	if err != nil {
		return err
	}
	v.problem = problem
	return v.showTask(t, http.StatusConflict)
}

// taskProblem says why an act on a task was too late or not theirs; empty when it is something else.
func (v *visit) taskProblem(err error) string {
	var taken *queue.TakenError
	switch {
	case errors.As(err, &taken):
		return v.t("desk.problem_taken", "name", taken.By)
	case errors.Is(err, queue.ErrTaken), errors.Is(err, queue.ErrNotHolder):
		return v.t("desk.problem_holder")
	case errors.Is(err, queue.ErrDone), errors.Is(err, ErrState):
		return v.t("desk.problem_done")
	case errors.Is(err, queue.ErrOtherSpeaks):
		return v.t("desk.problem_speaker")
	}
	return ""
}
