package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/queue"
)

// switchStaffOff ends the person's sessions and frees their tasks; what they did stays.
func switchStaffOff(v *visit) error { return v.switchStaff(v.Desk.SwitchOff) }

func (v *visit) switchStaff(to func(ctx context.Context, tx pgx.Tx, by queue.Staff, id queue.StaffID) error) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error { return to(ctx, tx, v.session.Staff, queue.StaffID(id)) })
	if err != nil {
		return err
	}
	return v.to("/desk/staff?did=switched")
}
