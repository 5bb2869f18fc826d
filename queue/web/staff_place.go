package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// placeStaff gives a member of staff a department; what they hold of another is open to its people again.
func placeStaff(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	department, err := strconv.ParseInt(v.form("department"), 10, 64)
	if err != nil {
		return errForm
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error {
		return v.Desk.PlaceStaff(ctx, tx, v.session.Staff, queue.StaffID(id), department)
	})
	if errors.Is(err, queue.ErrInvalid) {
		v.problem = v.t("desk_departments.problem_place")
		return v.listStaff(staffPage{}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return v.to("/desk/staff?did=saved")
}
