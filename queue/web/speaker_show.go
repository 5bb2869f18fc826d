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
	out, _, err := v.speaker(bots.ConversationID(id))
	if err != nil {
		return err
	}
	if n, err := strconv.ParseInt(v.query("task"), 10, 64); err == nil {
		t, err := v.taskOf(queue.TaskID(n))
		if err != nil {
			return err
		}
		out.Task, out.MayAnswer = t.ID, v.holds(t)
	}
	return v.part("speaker", out)
}
