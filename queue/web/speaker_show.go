package web

import (
	"strconv"

	"librarian/bots"
	"librarian/queue"
)

func showSpeaker(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	var task *queue.Task
	if n, err := strconv.ParseInt(v.query("task"), 10, 64); err == nil {
		t, err := v.taskOf(queue.TaskID(n))
		if err != nil {
			return err
		}
		task = &t
	}
	return v.speakerPart(bots.ConversationID(id), task, "")
}

// speakerPart shows who speaks, as it stands on the task's page or, without one, on the conversation's own, and why that could not be changed.
func (v *visit) speakerPart(id bots.ConversationID, task *queue.Task, problem string) error {
	out, _, err := v.speaker(id)
	if err != nil {
		return err
	}
	if task != nil {
		out.Task, out.MayAnswer = task.ID, v.holds(*task)
	}
	out.Problem = problem
	return v.part("speaker", out)
}
