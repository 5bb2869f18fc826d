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
	act   func(ctx context.Context, tx pgx.Tx, t queue.Task, kind string, number int) error
}

// decidePage carries the verdict out and shows the papers as they are by then, with what is to be looked at next.
func (v *visit) decidePage(d verdict) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	kind, number, err := v.pageOfForm()
	if err != nil {
		return err
	}
	if t.Kind != queue.KindRegistration {
		return errMissing
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error { return v.carryOut(ctx, tx, t, d, kind, number) })
	if errors.Is(err, ErrState) {
		err = v.doneAlready(err, t, d, kind, number)
	}
	switch {
	case errors.Is(err, ErrState):
		return v.pageProblem(v.t("desk_papers.problem_decided", "paper", v.paperName(kind), "number", number))
	case v.taskProblem(err) != "":
		return v.pageProblem(v.taskProblem(err))
	case err != nil:
		return err
	}
	out, err := v.papersOf(t)
	if err != nil {
		return err
	}
	out.goOn(pageID(kind, number))
	if v.fragment() {
		return v.part("papers", out)
	}
	return v.to(taskAddress(t.ID) + "#" + out.next())
}

func (v *visit) carryOut(ctx context.Context, tx pgx.Tx, t queue.Task, d verdict, kind string, number int) error {
	if err := v.hold(ctx, tx, t); err != nil {
		return err
	}
	if err := v.Desk.Holding(ctx, tx, v.lib.ID, t.ID, v.me()); err != nil {
		return err
	}
	if err := d.act(ctx, tx, t, kind, number); err != nil {
		return err
	}
	detail := map[string]any{"task": t.ID, "page": kind + " " + strconv.Itoa(number)}
	if d.cause != "" {
		detail["reason"] = d.cause
	}
	if err := v.audit(ctx, tx, v.object("registration", t.Registration), detail); err != nil {
		return err
	}
	return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicQueue, Library: v.lib.ID, ID: int64(t.ID)})
}

// doneAlready forgives the second press of a button: the same person has decided the page the same way. Otherwise the error stays.
func (v *visit) doneAlready(err error, t queue.Task, d verdict, kind string, number int) error {
	pages, failed := v.Papers(v.ctx(), v.lib.ID, t.Registration)
	if failed != nil {
		return failed
	}
	if slices.ContainsFunc(pages, func(p PaperPage) bool {
		return p.Kind == kind && p.Number == number && p.State == d.state && p.By == v.me()
	}) {
		return nil
	}
	return err
}

// pageOfForm is the page that the form is about.
func (v *visit) pageOfForm() (kind string, number int, err error) {
	kind = v.form("kind")
	number, err = strconv.Atoi(v.form("number"))
	if err != nil || number < 1 || v.paperName(kind) == "" {
		return "", 0, errForm
	}
	return kind, number, nil
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
