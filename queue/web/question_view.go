package web

import (
	"cmp"
	"slices"
	"strconv"

	"librarian/contacts/library"
	"librarian/queue"
)

// passView is how the question of a reader stands between librarians and departments (F7).
type passView struct {
	Task      queue.TaskID
	RepliedBy string     // whose answer waits to be sent; empty: nobody's
	Reply     string     // that answer
	Passes    []choiceOf // departments to which the visitor may pass it on
	Recalls   bool       // they may take it back
	Replies   bool       // it is theirs to answer, as one of the department
	Trusted   bool       // their answer goes to the reader at once
	Text      string     // what stays in the form when an act could not be done
	Words     string
}

// passed reports whether a department has the question.
func passed(t queue.Task) bool {
	return t.Kind == queue.KindQuestion && t.Role == queue.RoleDepartment && t.Department != 0
}

func (v *visit) question(t queue.Task) (*passView, error) {
	out := &passView{Task: t.ID, Text: v.form("text"), Words: v.form("words")}
	if t.State == queue.StateDone {
		return out, nil
	}
	all, err := v.Desk.ListDepartments(v.ctx(), v.lib.ID)
	if err != nil {
		return nil, err
	}
	free := t.State == queue.StateOpen || v.holds(t)
	out.Recalls = passed(t) && t.State == queue.StateOpen && v.may(queue.PermAnswer)
	out.Replies = passed(t) && v.holds(t)
	out.Reply = t.Reply
	record := v.lib.RecordLang()
	for _, d := range all {
		switch d.ID {
		case t.RepliedBy:
			out.RepliedBy = d.Title(v.lang, record)
		case t.Department:
			out.Trusted = d.Trusted
		}
	}
	if passed(t) || !free || !v.may(queue.PermAnswer) {
		return out, nil
	}
	out.Passes, err = v.passes(all, record)
	return out, err
}

// passes are the departments that questions can be passed on to, where somebody works at the desk: those whose work it is first.
func (v *visit) passes(all []queue.Department, record library.Lang) (out []choiceOf, err error) {
	staffed, err := v.Desk.Staffed(v.ctx(), v.lib.ID)
	if err != nil {
		return nil, err
	}
	lookUp := func(d queue.Department) int {
		if slices.ContainsFunc(queue.QuestionPurposes(), func(p queue.Purpose) bool { return slices.Contains(d.Purposes, p) }) {
			return 0
		}
		return 1
	}
	on := slices.DeleteFunc(slices.Clone(all), func(d queue.Department) bool { return d.State != "on" || !slices.Contains(staffed, d.ID) })
	slices.SortStableFunc(on, func(a, b queue.Department) int { return cmp.Compare(lookUp(a), lookUp(b)) })
	for _, d := range on {
		label := d.Title(v.lang, record)
		if lookUp(d) == 0 {
			label += " (" + v.purposeNames(d.Purposes) + ")"
		}
		id := strconv.FormatInt(d.ID, 10)
		out = append(out, choiceOf{Value: id, Label: label, Chosen: v.form("department") == id})
	}
	return out, nil
}
