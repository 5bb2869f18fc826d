package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

// decideNeed takes the group off the list, with a word on what was decided.
func decideNeed(v *visit) error {
	note, cut := bots.Clean(strings.Join(strings.Fields(v.form("note")), " "))
	if cut {
		note = "" // as if there were none
	}
	return v.changeNeed("/desk/needs?did=need-decided", nil, func(ctx context.Context, tx pgx.Tx, id queue.NeedID) error {
		return queue.DecideNeed(ctx, tx, v.lib.ID, id, v.needVersion(), v.me(), note, v.at)
	})
}

// needVersion is that of the group as the visitor saw it.
func (v *visit) needVersion() int {
	n, err := strconv.Atoi(v.form("version"))
	if err != nil {
		return 0 // of none: it has changed
	}
	return n
}

// changeNeed carries out an act on the group in the address, with a detail for the audit log, and leads on.
func (v *visit) changeNeed(then string, detail map[string]any, act func(ctx context.Context, tx pgx.Tx, id queue.NeedID) error) error {
	id, err := v.needID()
	if err != nil {
		return err
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		if err := act(ctx, tx, id); err != nil {
			return err
		}
		return v.audit(ctx, tx, v.object("need", int64(id)), detail)
	})
	switch {
	case errors.Is(err, queue.ErrChanged):
		v.problem = v.t("desk_need.problem_changed")
		return v.needAgain(id, http.StatusConflict)
	case errors.Is(err, queue.ErrInvalid):
		v.problem = v.t("desk_need.problem_note", "most", queue.NeedNoteMost)
		return v.needAgain(id, http.StatusUnprocessableEntity)
	case err != nil:
		return err
	}
	return v.to(then)
}

// needAgain shows the group as it is by now.
func (v *visit) needAgain(id queue.NeedID, status int) error {
	group, err := v.Desk.NeedGroup(v.ctx(), v.lib.ID, id)
	if err != nil {
		return err
	}
	return v.showNeed(group, status)
}
