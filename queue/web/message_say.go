package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

// maxReply is in characters: the smallest that a channel takes in one message, about.
const maxReply = 4000

// sayMessage sends what a member of staff wrote; on a task's page it may close the task too.
func sayMessage(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	conv := bots.ConversationID(id)
	task, err := v.taskOfForm()
	if err != nil {
		return err
	}
	finish := answers(task) && v.form("finish") != ""
	problem := v.replyProblem(task)
	if problem == "" {
		err = v.say(conv, task, finish)
		if problem = v.taskProblem(err); problem == "" && err != nil {
			return err
		}
	}
	switch {
	case problem != "":
		return v.replyAgain(conv, task, problem)
	case finish:
		return v.to("/desk?did=answered")
	case v.fragment():
		v.w.Header().Set("HX-Trigger", "chatchange")
		return v.part("reply", replyView{ID: conv, Task: idOf(task), MayAnswer: true, Finishes: answers(task), Again: true})
	}
	return v.to(addressOf(conv, task))
}

// replyProblem is what stands in the way before anything is tried.
func (v *visit) replyProblem(task *queue.Task) string {
	text, cut := bots.Clean(strings.TrimSpace(v.form("text")))
	switch {
	case text == "":
		return v.t("desk.problem_empty")
	case cut || len([]rune(text)) > maxReply:
		return v.t("desk.problem_long")
	case task != nil && !v.holds(*task):
		return v.t("desk.problem_holder")
	}
	return ""
}

func (v *visit) say(conv bots.ConversationID, task *queue.Task, finish bool) error {
	text, _ := bots.Clean(strings.TrimSpace(v.form("text")))
	asks := task != nil && !answers(task)
	var header queue.Header
	if asks {
		var err error
		if header, err = v.Conversations.Header(v.ctx(), v.lib.ID, conv); err != nil {
			return err
		}
	}
	return v.write(func(ctx context.Context, tx pgx.Tx) error {
		if asks && header.Speaker == 0 {
			if err := v.stepIn(ctx, tx, conv, header.Epoch); err != nil {
				return err
			}
		}
		if err := v.Conversations.Say(ctx, tx, v.lib.ID, conv, v.me(), text, nil); err != nil {
			return err
		}
		if task != nil && task.Reply != "" {
			if err := queue.ReplySent(ctx, tx, v.lib.ID, task.ID); err != nil {
				return err
			}
		}
		if finish {
			if err := v.Desk.Finish(ctx, tx, v.lib.ID, task.ID, v.me(), outcomeAnswered); err != nil {
				return err
			}
		}
		return v.audit(ctx, tx, v.object("conversation", int64(conv)), nil)
	})
}

// stepIn keeps the bot from taking the answer to a question of staff for something else. It waits until the conversation is handed back.
func (v *visit) stepIn(ctx context.Context, tx pgx.Tx, conv bots.ConversationID, epoch int) error {
	if err := v.Conversations.TakeOver(ctx, tx, v.lib.ID, conv, v.me(), epoch); err != nil {
		return err
	}
	return queue.Audit(ctx, tx, queue.AuditEntry{
		Library: v.lib.ID, Staff: v.me(), Act: "conversation.taken", Object: v.object("conversation", int64(conv)),
	})
}

// answers reports whether a reply may be all that the task wants. One about a registration is decided otherwise.
func answers(task *queue.Task) bool { return task != nil && awaited(task.Kind) == "" }

// replyAgain keeps what was written.
func (v *visit) replyAgain(conv bots.ConversationID, task *queue.Task, problem string) error {
	if v.fragment() {
		return v.part("reply", replyView{
			ID: conv, Task: idOf(task), Text: v.form("text"), Problem: problem, MayAnswer: true, Finishes: answers(task), Again: true,
		})
	}
	v.problem = problem
	if task != nil {
		return v.showTask(*task, http.StatusConflict)
	}
	return v.showConversation(conv, http.StatusConflict)
}

// taskOfForm is the task on whose page the form stood, or nil.
func (v *visit) taskOfForm() (*queue.Task, error) {
	n, err := strconv.ParseInt(v.form("task"), 10, 64)
	if err != nil {
		return nil, nil //nolint:nilnil // a form on the conversation's own page has none
	}
	t, err := v.taskOf(queue.TaskID(n))
	return &t, err
}

func idOf(task *queue.Task) queue.TaskID {
	if task == nil {
		return 0
	}
	return task.ID
}

// addressOf is the page on which the form stood.
func addressOf(conv bots.ConversationID, task *queue.Task) string {
	if task == nil {
		return conversationAddress(conv)
	}
	return taskAddress(task.ID)
}
