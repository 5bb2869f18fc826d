package web

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// resetStaff gives lost access back: a new one-time password, and the second factor set up anew.
func resetStaff(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	member, err := v.Desk.GetStaff(v.ctx(), v.session.Staff, queue.StaffID(id))
	if err != nil {
		return err
	}
	var password string
	err = v.write(func(ctx context.Context, tx pgx.Tx) (err error) {
		password, err = v.Desk.ResetAccess(ctx, tx, v.session.Staff, member.ID)
		return err
	})
	if err != nil {
		return err
	}
	return v.listStaff(staffPage{Fresh: &freshAccess{member.Name, member.Login, password}}, http.StatusOK)
}
