package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// addStaff answers with the page itself, not a redirect: the password is nowhere else.
func addStaff(v *visit) error {
	wanted := v.newStaff()
	if wanted.Role == queue.RoleOperator {
		return errForbidden
	}
	var added queue.Staff
	var password string
	err := v.write(func(ctx context.Context, tx pgx.Tx) (err error) {
		added, password, err = v.Desk.AddStaff(ctx, tx, v.session.Staff, wanted)
		return err
	})
	switch {
	case errors.Is(err, queue.ErrLoginTaken):
		v.problem = v.t("desk.login_taken")
		return v.listStaff(staffPage{Open: true, New: wanted}, http.StatusConflict)
	case errors.Is(err, queue.ErrInvalid):
		v.problem = v.t("desk.staff_invalid")
		return v.listStaff(staffPage{Open: true, New: wanted}, http.StatusUnprocessableEntity)
	case err != nil:
		return err
	}
	return v.listStaff(staffPage{Fresh: &freshAccess{added.Name, added.Login, password}}, http.StatusOK)
}
