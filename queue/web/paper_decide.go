package web

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

// verdict is an act on one page of the papers, which leaves the task open.
type verdict struct {
	state string // of the page afterwards
	cause string // for the audit log: a ready reason or that it was another, never words
	act   func(ctx context.Context, tx pgx.Tx, t queue.Task, seen PageSeen) error
}

// decidePage carries the verdict out and shows the papers as they are by then, with what is to be looked at next.
func (v *visit) decidePage(d verdict) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	seen, err := v.pageOfForm()
	if err != nil {
		return err
	}
	if t.Kind != queue.KindRegistration {
		return errMissing
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error { return v.carryOut(ctx, tx, t, d, seen) })
	problem := ""
	if errors.Is(err, ErrState) {
		problem, err = v.tooLate(t, d, seen)
	} else if problem = v.taskProblem(err); problem != "" {
		err = nil
	}
	if err != nil {
		return err
	}
	if problem != "" {
		return v.pageProblem(problem)
	}
	out, err := v.papersOf(t)
	if err != nil {
		return err
	}
	if d.state == pageReceived {
		out.lookAt(pageID(seen.Kind, seen.Number))
	} else {
		out.goOn(pageID(seen.Kind, seen.Number))
	}
	if v.fragment() {
		return v.part("papers", out)
	}
	return v.to(taskAddress(t.ID) + "#" + out.next())
}

func (v *visit) carryOut(ctx context.Context, tx pgx.Tx, t queue.Task, d verdict, seen PageSeen) error {
	if err := v.hold(ctx, tx, t); err != nil {
		return err
	}
	if err := v.Desk.Holding(ctx, tx, v.lib.ID, t.ID, v.me()); err != nil {
		return err
	}
	if err := d.act(ctx, tx, t, seen); err != nil {
		return err
	}
	detail := map[string]any{"task": t.ID, "page": seen.Kind + " " + strconv.Itoa(seen.Number)}
	if d.cause != "" {
		detail["reason"] = d.cause
	}
	if err := v.audit(ctx, tx, v.object("registration", t.Registration), detail); err != nil {
		return err
	}
	return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicQueue, Library: v.lib.ID, ID: int64(t.ID)})
}

// tooLate says what came before the act. The second press of a button is forgiven: the same person has decided the page the same way.
func (v *visit) tooLate(t queue.Task, d verdict, seen PageSeen) (string, error) {
	pages, err := v.Papers(v.ctx(), v.lib.ID, t.Registration)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(pages, func(p PaperPage) bool { return p.Kind == seen.Kind && p.Number == seen.Number })
	switch {
	case i < 0:
		return "", errMissing
	case pages[i].State == d.state && (pages[i].By == v.me() || d.state == pageReceived) && pages[i].File == seen.File && pages[i].Sheet == seen.Sheet:
		return "", nil
	case pages[i].State == pageReceived:
		return v.t("desk_papers.problem_newer", "paper", v.paperName(seen.Kind), "number", seen.Number), nil
	}
	return v.t("desk_papers.problem_decided", "paper", v.paperName(seen.Kind), "number", seen.Number), nil
}

// pageOfForm is the page that the form is about, as it was seen.
func (v *visit) pageOfForm() (PageSeen, error) {
	number, err1 := strconv.Atoi(v.form("number"))
	sheet, err2 := strconv.Atoi(v.form("sheet"))
	seen := PageSeen{v.form("kind"), number, v.form("file"), sheet}
	if err1 != nil || err2 != nil || number < 1 || sheet < 0 || v.paperName(seen.Kind) == "" {
		return PageSeen{}, errForm
	}
	return seen, nil
}

// pageProblem shows the papers as they are by now, with what was in the way.
func (v *visit) pageProblem(problem string) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	if !v.fragment() {
		return v.again(t.ID, problem)
	}
	out, err := v.papersOf(t)
	if err != nil {
		return err
	}
	out.Problem = problem
	return v.part("papers", out)
}
