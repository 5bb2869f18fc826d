package web

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// endBinding ends the notices in a conversation.
func endBinding(v *visit) error {
	err := v.write(func(ctx context.Context, tx pgx.Tx) error { return v.Desk.Unbind(ctx, tx, v.session.Staff) })
	if err != nil {
		return err
	}
	return v.to("/desk/account?did=saved")
}
