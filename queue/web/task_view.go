package web

import (
	"context"
	"strconv"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

// taskView is a task as the side of its page shows it.
type taskView struct {
	ID      queue.TaskID
	Kind    string
	State   string
	Reader  string
	Channel string
	Note    string
	Age     *moment
	Due     *moment
	Outcome string
	Holder  string
	Mine    bool
	Plain   bool // is closed by a button alone
	Takes   bool // theirs to take

	Department string // whose it is; empty: nobody's in particular
}

// task is the one in the address, if it is the role's to see.
func (v *visit) task() (queue.Task, error) {
	id, err := v.id()
	if err != nil {
		return queue.Task{}, err
	}
	return v.taskOf(queue.TaskID(id))
}

func (v *visit) taskOf(id queue.TaskID) (queue.Task, error) {
	t, err := v.Desk.Get(v.ctx(), v.lib.ID, id)
	if err != nil {
		return t, err
	}
	if !v.session.Staff.Scope().Sees(t) {
		return t, errForbidden
	}
	return t, nil
}

func (v *visit) taskView(t queue.Task, plain bool) (taskView, error) {
	out := taskView{
		ID: t.ID, Kind: v.kindName(t.Kind), State: t.State, Reader: v.readerOf(t), Channel: v.channelName(t.Channel), Note: t.Note,
		Age: v.ago(t.Created), Due: v.dueOf(t), Outcome: v.outcomeName(t.Outcome), Holder: t.HolderName, Mine: v.holds(t), Plain: plain,
		Takes: v.session.Staff.Scope().Takes(t),
	}
	if t.Kind == queue.KindChannel {
		out.Kind, out.Reader = out.Kind+": "+t.ReaderName, "" // it is no reader's
	}
	if t.Department == 0 {
		return out, nil
	}
	department, err := v.Desk.GetDepartment(v.ctx(), v.lib.ID, t.Department)
	out.Department = department.Title(v.lang, v.lib.RecordLang())
	return out, err
}

func (v *visit) holds(t queue.Task) bool { return t.State == queue.StateTaken && t.Holder == v.me() }

// awaited is the state of a registration in which a task of the kind can be decided; empty for other kinds.
func awaited(kind string) string {
	switch kind {
	case queue.KindRegistration:
		return "sent"
	case queue.KindCard, queue.KindLesson:
		return "accepted"
	}
	return ""
}

// plain reports whether nothing is left to decide, so that the task is closed by a button. One of an order ends with the order's next step alone, a question
// that was passed on with the answer that a librarian sends.
func (v *visit) plain(ctx context.Context, t queue.Task) (bool, error) {
	if (t.Order != 0 || passed(t) || t.Reply != "") && t.State != queue.StateDone {
		return false, nil
	}
	state := awaited(t.Kind)
	if state == "" || t.State == queue.StateDone {
		return true, nil
	}
	reg, err := v.Registration(ctx, v.lib.ID, t.Registration)
	return reg.State != state, err
}

func taskAddress(id queue.TaskID) string { return "/desk/tasks/" + strconv.FormatInt(int64(id), 10) }

func conversationAddress(id bots.ConversationID) string {
	return "/desk/conversations/" + strconv.FormatInt(int64(id), 10)
}

func (v *visit) dateOf(d library.Date) string {
	if d == (library.Date{}) {
		return ""
	}
	return v.Texts.Date(v.lang, d)
}

// readerOf is the reader of a task by name; empty where a department looks for a book or an answer and need not know for whom.
func (v *visit) readerOf(t queue.Task) string {
	if (t.Order != 0 || t.Kind == queue.KindQuestion) && !v.may(queue.PermAnswer) {
		return ""
	}
	return v.readerName(t.ReaderName)
}

// readerName is how a reader is called at the desk; a visitor of the web chat may have said no name.
func (v *visit) readerName(name string) string {
	if name == "" {
		return v.t("desk.nameless")
	}
	return name
}
